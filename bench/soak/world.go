package main

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/transport/memory"
)

// A world is a system or two with everything in it, from the beginning to the end.
type world struct {
	report   *report
	number   int
	seed     uint64
	rng      *rand.Rand // belongs to who makes and ends the world
	streams  atomic.Uint64
	ids      atomic.Uint64
	systems  []*actor.System
	hub      *memory.Hub // set where two systems share a transport
	links    []*memory.Link
	out      *arena // what relays publish to
	books    books
	closing  atomic.Bool // Close has been called, or is about to be
	closedAt uint64      // when that was
	endings  int         // how to end it
	calm     bool        // before Close all publishers ended, and all was handled
	abrupt   bool        // Close was given no time

	publishers []*publisher
	drains     sync.WaitGroup
	gates      atomic.Pointer[chan struct{}]

	mu       sync.Mutex
	arenas   []*arena        // guarded by mu: those that there are
	history  []*arena        // guarded by mu: all there have been
	live     []*subject      // guarded by mu: those that may be stopped
	subjects []*subject      // guarded by mu: all there have been
	relays   []*relay        // guarded by mu
	heard    map[string]bool // guarded by mu: topics whose dead letters are listened to
	maybe    map[Event]bool  // guarded by mu: publications without an outcome
	lost     map[Event]bool  // guarded by mu: sent, and dead
	buried   uint64          // guarded by mu
	ears     map[string]bool // guarded by mu: actors that subscriptions send to
	unjudged map[string]bool // consumers whose notes cannot be judged; of the oracle
}

func newWorld(r *report, number int, seed uint64, bridged bool) (*world, error) {
	w := &world{report: r, number: number, seed: seed, rng: rand.New(rand.NewPCG(seed, uint64(number))),
		heard: map[string]bool{}, maybe: map[Event]bool{}, lost: map[Event]bool{}, unjudged: map[string]bool{}, ears: map[string]bool{}}
	w.openGate()
	quiet := actor.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	n := 1
	if bridged {
		n, w.hub = 2, memory.New()
	}
	for i := range n {
		sys := actor.NewSystem(quiet, actor.WithName(fmt.Sprintf("soak%d", i)))
		sys.OnDeadLetter(w.undelivered)
		w.systems = append(w.systems, sys)
		if bridged {
			w.links = append(w.links, w.hub.Link(sys.Name()))
		}
	}
	for i := range 4 {
		if _, err := w.open(w.rng, fmt.Sprintf("t.%d", i), w.retention()...); err != nil {
			return nil, err
		}
	}
	var err error
	w.out, err = w.open(w.rng, "out")
	return w, err
}

// retention is a random option to open a topic with.
func (w *world) retention() []topic.Option {
	kind := w.rng.IntN(4)
	switch {
	case w.hub != nil: // what a transport does not retain while a link is down is lost
		return nil
	case kind == 0:
		return []topic.Option{topic.Retain(topic.Retention{Count: 16 + w.rng.IntN(200)})}
	case kind == 1:
		return []topic.Option{topic.Retain(topic.Retention{Count: -1})}
	case kind == 2:
		return []topic.Option{topic.Retain(topic.Retention{Age: 20 * time.Millisecond})}
	}
	return nil
}

// random is another source of chance, decided by the seed.
func (w *world) random() *rand.Rand {
	return rand.New(rand.NewPCG(w.seed^0x9e3779b97f4a7c15*uint64(w.number+1), w.streams.Add(1)))
}

func (w *world) id() uint64 { return w.ids.Add(1) }

func (w *world) violation(format string, args ...any) {
	kind := "one system"
	if w.hub != nil {
		kind = "two systems"
	}
	w.report.violation("world %d (%s): "+format, append([]any{w.number, kind}, args...)...)
}

// gate is what blocking consumers wait for.
func (w *world) gate() <-chan struct{} { return *w.gates.Load() }

func (w *world) openGate() {
	next := make(chan struct{})
	if old := w.gates.Swap(&next); old != nil {
		close(*old)
	}
}

func (w *world) anyArena(rng *rand.Rand) *arena {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.arenas) == 0 {
		return nil
	}
	return w.arenas[rng.IntN(len(w.arenas))]
}

func (w *world) isRemoved(a *arena) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return a.removed
}

func (w *world) unsure(e Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.maybe[e] = true
}

// published is how much each log holds at this moment.
func (w *world) published() map[*arena]uint64 {
	w.mu.Lock()
	arenas := append([]*arena(nil), w.arenas...)
	w.mu.Unlock()
	counts := make(map[*arena]uint64, len(arenas))
	for _, a := range arenas {
		if w.hub != nil {
			counts[a] = w.inTransport(a)
		} else {
			counts[a] = a.handles[0].Stats().Published
		}
	}
	return counts
}

// enlist enters a subject that has subscribed.
func (w *world) enlist(s *subject) {
	s.late = w.closing.Load()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.subjects = append(w.subjects, s)
}

// alive are the subjects that may be stopped.
func (w *world) alive() []*subject {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*subject(nil), w.live...)
}

func (w *world) all() []*subject {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*subject(nil), w.subjects...)
}
