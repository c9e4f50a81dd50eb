package topic

import (
	"slices"
	"sync"
	"sync/atomic"
)

// A group is one place in a stream shared by several consumers. Each message is taken by one of them; messages of one key
// are with one member at a time, in order. Everything below low is dealt with.
//
// Lock order: the stream's mutex before the group's.
type group struct {
	name   string
	stream *stream
	flow   flowKind
	buffer uint64
	queue  *queue                         // for DropNewest and Latest
	done   func(h *header, finished bool) // a group in a transport: acknowledge, or give back
	policy *config                        // of the first member
	closed func()                         // called when the last member has left
	seated func()                         // a group in a transport: called when a member has its place

	low      atomic.Uint64
	scan     atomic.Uint64 // next position to hand out
	ready    atomic.Int64  // len(back) + len(free): goes before scan
	starting atomic.Int64  // members woken that have not asked for work yet
	stalled  atomic.Bool   // nothing more can be handed out until a key becomes free
	dropped  atomic.Uint64
	draining atomic.Bool // members wait for low

	mu       sync.Mutex
	placed   bool          // guarded by mu
	begin    uint64        // guarded by mu: the first position it gets, once it is placed
	members  []*subscriber // guarded by mu
	finished []bool        // guarded by mu: for the positions from low to scan
	back     []claim       // guarded by mu: given back, without a key, by position
	lanes    map[string]*lane
	free     []*lane // guarded by mu: lanes with messages and without a member
	parked   int     // guarded by mu: messages that wait in lanes
	taken    []claim // guarded by mu: what members have
}

// A claim is a message, who has it, and the attempts made before.
type claim struct {
	h       *header
	by      *subscriber
	attempt int
}

func newGroup(st *stream, name string, cfg *config) *group {
	g := &group{name: name, stream: st, flow: cfg.flow, buffer: uint64(cfg.buffer), policy: cfg, lanes: map[string]*lane{}}
	if cfg.flow.queues() {
		g.queue = newQueue(cfg.flow, cfg.buffer, cfg.filter, name)
	}
	return g
}

// place sets the start of a new group; members that join later go on where the group is.
// It reports whether it was the first call.
func (g *group) place(start, lost uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.placed {
		return false
	}
	g.placed, g.begin = true, start
	g.low.Store(start)
	g.scan.Store(start)
	g.dropped.Add(lost)
	if g.queue != nil {
		g.queue.fed.Store(start)
	}
	return true
}

// lag is the number of messages not yet dealt with.
func (g *group) lag() uint64 {
	if g.queue != nil {
		return uint64(max(g.ready.Load(), 0)) + g.queue.size() + g.stream.tail.Load() - g.queue.fed.Load()
	}
	return g.stream.tail.Load() - g.low.Load()
}

// pending is the number of messages that could be handed out now.
func (g *group) pending() int64 {
	n := g.ready.Load()
	switch {
	case g.stalled.Load():
		return n
	case g.queue != nil:
		return n + int64(g.queue.size()) + int64(g.stream.tail.Load()-g.queue.fed.Load())
	default:
		return n + int64(g.stream.tail.Load()-g.scan.Load())
	}
}

// take hands the member the next message and the number of attempts already made. A member that has messages of a batch
// in hand may take more of the same keys.
func (g *group) take(s *subscriber) (*header, int) {
	if g.queue != nil {
		g.queue.feed(g.stream, &g.dropped)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if c, ok := g.takeReady(); ok {
		return g.hold(s, c)
	}
	for {
		if g.parked >= int(g.buffer) {
			g.stalled.Store(true) // every message in reach belongs to a key that a member has
			return nil, 0
		}
		h := g.nextLocked()
		if h == nil {
			return nil, 0
		}
		if !h.isFor(g.name) {
			g.finishLocked(h.pos)
			continue
		}
		c := claim{h: h}
		if h.meta != nil {
			c.attempt = h.meta.attempt
		}
		if g.mayTake(s, c) {
			return g.hold(s, c)
		}
	}
}

func (g *group) hold(s *subscriber, c claim) (*header, int) {
	c.by = s
	g.taken = append(g.taken, c)
	if key := c.h.key(); key != "" {
		l := g.lanes[key]
		if l == nil {
			l = &lane{}
			g.lanes[key] = l
		}
		l.owner = s
		l.held++
	}
	return c.h, c.attempt
}

// takeReady looks at what has been given back and at lanes that have become free.
func (g *group) takeReady() (c claim, ok bool) {
	switch {
	case len(g.back) > 0:
		c = g.back[0] // before Delete, which moves the others: the order within one assignment is not laid down
		g.back = slices.Delete(g.back, 0, 1)
	case len(g.free) > 0:
		l := g.free[0]
		g.free = slices.Delete(g.free, 0, 1)
		l.free = false
		c = l.waiting[0]
		l.waiting = slices.Delete(l.waiting, 0, 1)
		g.parked--
		g.stalled.Store(false)
	default:
		return c, false
	}
	g.ready.Add(-1)
	return c, true
}

// nextLocked reads the stream, or the queue of accepted messages.
func (g *group) nextLocked() *header {
	if g.queue != nil {
		return g.queue.pop()
	}
	pos, tail := g.scan.Load(), g.stream.tail.Load()
	if g.flow == DropOldest && tail-pos > g.buffer {
		g.dropped.Add(tail - g.buffer - pos)
		for ; pos < tail-g.buffer; pos++ {
			g.finishLocked(pos)
		}
		g.scan.Store(pos)
	}
	for r := g.stream.ring.Load(); pos < tail; pos++ {
		h := r.at(pos)
		if h == nil && g.flow == Disconnect {
			return nil // it is overrun: its members end before they could see a gap
		}
		if g.scan.Store(pos + 1); h != nil {
			return h
		}
		g.dropped.Add(1) // lapped between the look at the tail and here
		g.finishLocked(pos)
	}
	return nil
}

// finish says that the member has dealt with the message.
func (g *group) finish(h *header) {
	g.mu.Lock()
	if _, ok := g.untake(h); !ok {
		g.mu.Unlock()
		return // the member has left, and given it back
	}
	before := g.low.Load()
	g.finishLocked(h.pos)
	moved := g.low.Load() != before
	g.mu.Unlock()
	if g.done != nil {
		g.done(h, true)
	}
	if moved && g.stream.waiting.Load() != 0 {
		g.stream.freed(nil)
	}
	if moved && g.draining.Load() {
		for _, m := range g.all() {
			m.post(func() {}) // it looks again how far the group has come
		}
	}
}

// finishLocked marks a position and moves low over everything that is finished. Where publishers do not wait for the group,
// low moves on without a member that is stuck, so that the marks stay bounded.
func (g *group) finishLocked(pos uint64) {
	low := g.low.Load()
	if g.queue != nil {
		g.low.Store(max(low, pos+1))
		return
	}
	if pos < low {
		return
	}
	if i := int(pos - low); i >= len(g.finished) {
		g.finished = append(g.finished, make([]bool, i+1-len(g.finished))...)
	}
	g.finished[pos-low] = true
	n := 0
	for n < len(g.finished) && g.finished[n] {
		n++
	}
	if g.flow != Block {
		n = max(n, len(g.finished)-int(2*g.buffer)-len(g.taken))
	}
	if n > 0 {
		g.finished = g.finished[:copy(g.finished, g.finished[n:])]
		g.low.Store(low + uint64(n))
	}
}

// heldBy reports whether the member itself has the message at pos.
func (g *group) heldBy(s *subscriber, pos uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(g.taken, func(c claim) bool { return c.by == s && c.h.pos == pos })
}
