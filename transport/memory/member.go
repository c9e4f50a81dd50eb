package memory

import (
	"context"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// member is a handle of a group. What changes stands under the store's mutex.
type member struct {
	log   *log
	group *group
	name  string
	idle  time.Duration
	done  chan struct{} // closed when the member ends

	held  map[uint64]holding
	ready lanes     // lanes it owns, in which something waits for it
	gone  time.Time // since when a member that ended without giving back is silent
	err   error     // why it ended
}

// holding is a record in a member's hands.
type holding struct {
	lane  *lane // nil = without a key
	given int
}

func (m *member) Take(ctx context.Context, n int) ([]transport.Delivery, error) {
	deliveries, err := m.take(ctx, max(n, 1))
	return deliveries, m.fail(err, "take from")
}

func (m *member) take(ctx context.Context, n int) ([]transport.Delivery, error) {
	g, s := m.group, m.log.store
	for travelled := false; ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.mu.Lock()
		down, delay, err := m.log.link.check()
		if m.err != nil {
			err = m.err
		}
		if err != nil {
			s.mu.Unlock()
			return nil, err
		}
		now := time.Now()
		s.trim(now)
		idle := g.claim(now)
		if !m.finds() {
			change := g.change.wait()
			s.mu.Unlock()
			if err := m.block(ctx, change, down, idle); err != nil {
				return nil, err
			}
			continue
		}
		if travelled || delay <= 0 {
			defer s.mu.Unlock()
			return m.collect(n)
		}
		s.mu.Unlock()
		travelled = true
		if err := m.log.link.travel(ctx, m.done); err != nil {
			return nil, m.reason(err)
		}
	}
}

// finds says whether there is something to take, or a loss to tell of.
func (m *member) finds() bool {
	_, _, ok := m.group.candidate(m)
	return ok && len(m.held) < maxHeld || m.group.unknown || m.group.lost > 0
}

// block waits for a change, a silent member's Idle, or the end of the call.
func (m *member) block(ctx context.Context, change, down <-chan struct{}, idle time.Duration) error {
	var expired <-chan time.Time
	if idle > 0 {
		t := time.NewTimer(idle)
		defer t.Stop()
		expired = t.C
	}
	select {
	case <-change:
	case <-expired:
	case <-ctx.Done():
	case <-m.done:
	case <-down:
		return m.reason(m.log.link.broken())
	}
	return nil
}

// collect takes up to n records, or the loss before them.
func (m *member) collect(n int) ([]transport.Delivery, error) {
	g := m.group
	var out []transport.Delivery
	for len(out) < n && len(m.held) < maxHeld && !g.unknown {
		l, seq, ok := g.candidate(m)
		if !ok || g.lost > 0 {
			break
		}
		out = append(out, g.give(m, l, seq))
	}
	if len(out) > 0 {
		return out, nil
	}
	return nil, g.gap()
}

func (m *member) Ack(ctx context.Context, positions ...transport.Position) error {
	return m.fail(m.finish(ctx, positions, m.ack), "acknowledge to")
}

func (m *member) GiveBack(ctx context.Context, positions ...transport.Position) error {
	return m.fail(m.finish(ctx, positions, m.giveBack), "give back to")
}

// finish calls f for each position that the member holds, and wakes the group if somebody may take more now.
func (m *member) finish(ctx context.Context, positions []transport.Position, f func(seq uint64, h holding) (more bool)) error {
	s := m.log.store
	if err := m.log.enter(ctx, m.done); err != nil {
		return m.reason(err)
	}
	defer s.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	more := len(m.held) >= maxHeld
	for _, p := range positions {
		h, ok := m.held[p.Major]
		if ok && p == s.position(p.Major) && f(p.Major, h) {
			more = true
		}
	}
	if more {
		m.group.change.ring()
	}
	return nil
}

func (m *member) ack(seq uint64, h holding) (more bool) {
	delete(m.held, seq)
	return m.release(h.lane)
}

func (m *member) giveBack(seq uint64, h holding) (more bool) {
	delete(m.held, seq)
	l := h.lane
	if l == nil {
		l = &lane{}
	}
	m.group.wait(l, place{seq: seq, given: h.given})
	m.release(h.lane)
	return true
}

// release takes one record of a lane out of the member's hands.
func (m *member) release(l *lane) (more bool) {
	if l == nil {
		return false
	}
	if l.held--; l.held == 0 {
		l.owner = nil
	}
	return m.group.settle(l)
}

func (m *member) giveBackAll() {
	for seq, h := range m.held {
		m.giveBack(seq, h)
	}
	if m.err != nil {
		delete(m.group.members, m.name)
	}
	m.group.change.ring()
}

func (m *member) Close() error {
	m.log.store.mu.Lock()
	defer m.log.store.mu.Unlock()
	_, _, broken := m.log.link.check()
	m.end(transport.ErrClosed, broken != nil)
	return nil
}

// end ends the member, the first time. If it ends in silence it keeps what it holds until its Idle is over. Ending one
// again that ended in silence, but is known to be gone now, gives back. The store's mutex is held.
func (m *member) end(err error, silent bool) {
	if m.err == nil {
		m.err = err
		close(m.done)
		if silent {
			if m.gone = m.log.link.silence(); m.gone.IsZero() {
				m.gone = time.Now()
			}
		}
	}
	if !silent || len(m.held) == 0 {
		if m.group.members[m.name] == m {
			m.giveBackAll()
		}
		return
	}
	m.group.change.ring() // a Take elsewhere learns how long to wait
}

// silence says since when nothing is heard of the member; zero while it is well.
func (m *member) silence() time.Time {
	if !m.gone.IsZero() {
		return m.gone
	}
	return m.log.link.silence()
}

// reason is why the member ended; err if it did not.
func (m *member) reason(err error) error {
	m.log.store.mu.Lock()
	defer m.log.store.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	return err
}

func (m *member) fail(err error, verb string) error {
	return fail(err, "%s group %q of %q", verb, m.group.name, m.log.store.topic)
}
