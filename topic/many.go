package topic

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// many are the places of a consumer of several topics. Pumps note the legs that have work; the consumer, which runs on a
// goroutine of its own, takes them in turn.
type many struct {
	host  *subscriber
	reg   *registry
	count atomic.Int64 // length of ready

	mu     sync.Mutex
	legs   map[*stream]*leg // guarded by mu
	coming []*leg           // guarded by mu: places at the ends of replays
	ready  []*leg           // guarded by mu
	closed bool             // guarded by mu
	after  []func()         // guarded by mu: called when the consumer has ended
}

func newMany(s *subscriber, reg *registry) *many {
	return &many{host: s, reg: reg, legs: map[*stream]*leg{}}
}

// add takes note of a leg, before it is attached. It reports false if there is one in that stream already, or if the
// consumer has ended.
func (m *many) add(l *leg) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.legs[l.stream] != nil {
		return false
	}
	m.legs[l.stream] = l
	return true
}

func (m *many) remove(l *leg) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.legs[l.stream] == l {
		delete(m.legs, l.stream)
	}
}

// expect takes note of a leg that gets its place when a replay has come to it: until then the consumer is busy.
func (m *many) expect(l *leg) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.coming = append(m.coming, l)
}

// arrived ends what expect began.
func (m *many) arrived(l *leg) {
	m.mu.Lock()
	m.coming = slices.DeleteFunc(m.coming, func(other *leg) bool { return other == l })
	m.mu.Unlock()
	m.reg.nudge()
}

// expected are the legs whose replays go on.
func (m *many) expected() []*leg {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.coming)
}

func (m *many) legFor(st *stream) *leg {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.legs[st]
}

func (m *many) all() []*leg {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.legs))
}

// closer has f called when the consumer has ended.
func (m *many) closer(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.after = append(m.after, f)
}

// close refuses further legs and returns those that there are.
func (m *many) close() []*leg {
	m.mu.Lock()
	m.closed = true
	after := m.after
	m.mu.Unlock()
	for _, f := range after {
		f()
	}
	return m.all()
}

func (m *many) hasWork() bool { return m.count.Load() > 0 }

// offer notes that the leg has work, and starts the consumer if it is idle.
func (m *many) offer(l *leg) {
	if l.hasWork() {
		m.push(l)
	}
	if m.hasWork() && m.host.acquire() {
		go m.host.run()
	}
}

func (m *many) push(l *leg) {
	if !l.queued.CompareAndSwap(false, true) {
		return
	}
	m.mu.Lock()
	m.ready = append(m.ready, l)
	m.count.Add(1)
	m.mu.Unlock()
}

// pop takes the leg that has waited longest.
func (m *many) pop() *leg {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.ready) == 0 {
		return nil
	}
	l := m.ready[0]
	m.ready[0] = nil
	if m.ready = m.ready[1:]; len(m.ready) == 0 {
		m.ready = nil
	}
	m.count.Add(-1)
	l.queued.Store(false)
	return l
}
