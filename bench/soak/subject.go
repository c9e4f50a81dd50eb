package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// A subject is a subscription under observation.
type subject struct {
	w       *world
	name    string
	spec    spec
	source  string
	arena   *arena   // nil for one of several topics
	squad   *squad   // the group it is a member of, if any
	several []*arena // the topics of a consumer of several
	relay   *relay   // publishes what it gets on another topic
	system  int      // which of the world's systems it is in
	sub     *topic.Subscription
	actor   bool       // SubscribePID: handed out when it is in the mailbox
	pid     *actor.PID // of that actor
	late    bool       // subscribed while the system closed: it ends somewhere

	before, after map[*arena]uint64 // what had been published when Subscribe was called, and when it returned

	values  atomic.Uint32 // consumers made by the constructor
	started atomic.Int64  // of those, how many Start has started
	stopped atomic.Int64  // and Stop stopped

	mu       sync.Mutex
	members  map[string]*member // guarded by mu: by the ID of the actor
	quiet    []span             // guarded by mu: when it was paused
	paused   bool               // guarded by mu
	ended    uint64             // guarded by mu: when Stop had returned, or 0
	drained  map[*arena]uint64  // guarded by mu: what had been published when Drain was called that has returned
	draining bool               // guarded by mu: Drain has been called
	gone     uint64             // guarded by mu: when Done was seen closed
}

// A span is a time, between stamps; to is 0 while it lasts.
type span struct{ from, to uint64 }

// A member is one consumer actor of a subject. It belongs to whoever runs the consumer.
type member struct {
	id    string
	busy  atomic.Bool
	rng   *rand.Rand
	log   *ledger
	notes []handout
}

// member finds the notes of a consumer actor.
func (s *subject) member(id string) *member {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.members[id]
	if m == nil {
		if s.members == nil {
			s.members = map[string]*member{}
		}
		m = &member{id: id, rng: s.w.random()}
		s.members[id] = m
	}
	return m
}

// take is what every consumer does: it notes what it was handed, and behaves as its temper says.
func (s *subject) take(ctx topic.Context, value uint32, events ...Event) error {
	m := s.member(ctx.Self().Id)
	if !m.busy.CompareAndSwap(false, true) {
		s.w.violation("%v: was called with %v while it was busy", s, events[0])
		return nil
	}
	defer m.busy.Store(false)
	p := ctx.Position()
	if m.log == nil || m.log.epoch != p.Epoch || m.log.topic != ctx.Topic() {
		m.log = s.w.books.ledger(ctx.Topic(), p.Epoch)
	}
	m.notes = append(m.notes, handout{in: now(), log: m.log, major: p.Major, event: events[0], attempt: ctx.Attempt(),
		skipped: ctx.Skipped(), value: value})
	h := &m.notes[len(m.notes)-1]
	if len(events) > 1 {
		h.more = append([]Event(nil), events[1:]...)
	}
	if want := events[0].Key; ctx.Key() != want {
		s.w.violation("%v: key of %v is %q", s, events[0], ctx.Key())
	}
	if s.relay != nil {
		if err := s.relay.pass(ctx, events[0]); err != nil {
			return h.leave(failed, err)
		}
	}
	return s.spec.temper.act(ctx, m.rng, s.w.gate(), h)
}

// A watcher is a consumer value.
type watcher struct {
	s     *subject
	value uint32
}

func (s *subject) newWatcher() *watcher { return &watcher{s: s, value: s.values.Add(1)} }

func (w *watcher) On(ctx topic.Context, e Event) error { return w.s.take(ctx, w.value, e) }

func (w *watcher) Start(topic.Context) error {
	w.s.started.Add(1)
	return nil
}

func (w *watcher) Stop(topic.Context) error {
	w.s.stopped.Add(1)
	return nil
}

// source is a topic or a pattern.
type source interface {
	topic.Source[Event]
	Subscribe(fn func(topic.Context, Event) error, opts ...topic.SubscribeOption) (*topic.Subscription, error)
}

// subscribe begins the subscription.
func (s *subject) subscribe(src source) (err error) {
	group := ""
	if s.squad != nil {
		group = s.squad.name
	}
	opts := s.spec.options(s.name, group)
	s.before = s.w.published()
	switch batcher, _ := src.(*topic.Topic[Event]); {
	case s.spec.batch > 0 && batcher != nil:
		s.sub, err = batcher.SubscribeBatch(s.spec.batch, s.spec.wait, func(ctx topic.Context, es []Event) error { return s.take(ctx, 0, es...) }, opts...)
	case s.spec.value:
		s.sub, err = topic.Spawn(src, s.newWatcher, opts...)
	default:
		s.sub, err = src.Subscribe(func(ctx topic.Context, e Event) error { return s.take(ctx, 0, e) }, opts...)
	}
	if err != nil {
		return err
	}
	s.after = s.w.published()
	s.w.enlist(s)
	return nil
}

func (s *subject) stop() {
	s.sub.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == 0 {
		s.ended = now()
	}
}

func (s *subject) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sub.Pause()
	if !s.paused {
		s.paused = true
		s.quiet = append(s.quiet, span{from: now()})
	}
}

func (s *subject) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused {
		s.quiet[len(s.quiet)-1].to = now()
		s.paused = false
		s.sub.Resume()
	}
}

// drain drains the subscription. It must not be paused later.
func (s *subject) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s.mu.Lock()
	if s.paused { // Drain ends a pause
		s.quiet[len(s.quiet)-1].to = now()
		s.paused = false
	}
	s.draining = true
	s.mu.Unlock()
	target := s.w.published()
	if err := s.sub.Drain(ctx); err != nil {
		s.w.violation("%v: drain: %v", s, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drained = target
	s.gone = now()
}

func (s *subject) String() string {
	return fmt.Sprintf("%s on %s [%v]", s.name, s.source, s.spec)
}

// idle reports whether the consumer has handled everything, or has ended.
func (s *subject) idle() bool {
	if isClosed(s.sub.Done()) {
		return true
	}
	for _, st := range s.sub.Stats() {
		if st.State != "stopped" && (st.Lag > 0 || st.State != "idle") {
			return false
		}
	}
	return true
}
