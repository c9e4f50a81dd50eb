package memory

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// group is the place of several members in a store. All of it stands under the store's mutex.
type group struct {
	store   *store
	name    string
	keyed   bool
	members map[string]*member
	change  bell // rung when there may be something to take

	cursor  uint64           // the first record that was neither given nor put into a lane
	free    lanes            // lanes that nobody owns, in which something waits
	keys    map[string]*lane // keyed groups: the lanes of keys that somebody holds or waits for
	lost    uint64           // records that were dropped before they were acknowledged: to be reported
	unknown bool             // nobody knows how many were: to be reported
}

func (lg *log) join(ctx context.Context, name string, cfg transport.GroupConfig) (*member, error) {
	if err := lg.link.Capabilities().CheckGroup(name, cfg); err != nil {
		return nil, err
	}
	if len(cfg.Member) > transport.MaxName {
		return nil, fmt.Errorf("the member's name has %d bytes, at most %d are allowed", len(cfg.Member), transport.MaxName)
	}
	if err := lg.enter(ctx, lg.done); err != nil {
		return nil, err
	}
	defer lg.store.mu.Unlock()
	s := lg.store
	s.trim(time.Now())
	g := s.groups[name]
	if g == nil {
		g = &group{store: s, name: name, keyed: cfg.Keyed, members: map[string]*member{}, keys: map[string]*lane{}}
		g.cursor, g.unknown = s.resolve(cfg.Start)
		s.groups[name] = g
	}
	if g.keyed != cfg.Keyed {
		return nil, fmt.Errorf("keyed is %v here and %v for the group: all members must agree", cfg.Keyed, g.keyed)
	}
	m := &member{
		log: lg, group: g, name: cfg.Member, idle: cfg.Idle,
		done: make(chan struct{}), held: map[uint64]holding{},
	}
	if m.name == "" {
		m.name = rand.Text()
	}
	if m.idle == 0 {
		m.idle = transport.DefaultIdle
	}
	if old := g.members[m.name]; old != nil {
		old.end(transport.ErrClosed, false)
	}
	g.members[m.name] = m
	return m, nil
}

// candidate finds the record that m gets next, and the lane it waits in or belongs to, if any. On the way it drops what
// retention dropped, and puts into lanes what others must have first.
func (g *group) candidate(m *member) (l *lane, seq uint64, ok bool) {
	first := g.store.first()
	for {
		if l := g.waiting(m); l != nil {
			if l.queue[0].seq >= first {
				return l, l.queue[0].seq, true
			}
			g.next(l)
			g.lost++
			continue
		}
		if g.cursor < first {
			g.lost += first - g.cursor
			g.cursor = first
		}
		if g.cursor > g.store.last {
			return nil, 0, false
		}
		key := g.store.at(g.cursor).Key
		if !g.keyed || key == "" {
			return nil, g.cursor, true
		}
		l := g.keys[key]
		if l == nil || l.owner == m {
			return l, g.cursor, true
		}
		for len(l.queue) > 0 && l.queue[0].seq < first { // keeps a lane that is never free from growing
			g.next(l)
			g.lost++
		}
		g.wait(l, place{seq: g.cursor})
		g.cursor++
	}
}

// waiting returns the lane with the smallest place among those that m may take from.
func (g *group) waiting(m *member) *lane {
	switch {
	case len(g.free) == 0 && len(m.ready) == 0:
		return nil
	case len(g.free) == 0:
		return m.ready[0]
	case len(m.ready) == 0 || g.free[0].queue[0].seq < m.ready[0].queue[0].seq:
		return g.free[0]
	default:
		return m.ready[0]
	}
}

// give puts m's candidate into its hands.
func (g *group) give(m *member, l *lane, seq uint64) transport.Delivery {
	record := g.store.at(seq)
	p := place{seq: seq}
	if l != nil && len(l.queue) > 0 && l.queue[0].seq == seq {
		p = g.next(l)
	} else {
		g.cursor++
	}
	if !g.keyed || record.Key == "" {
		l = nil
	} else {
		if l == nil || g.keys[l.key] != l {
			l = &lane{key: record.Key}
			g.keys[l.key] = l
		}
		l.owner = m
		l.held++
		g.settle(l)
	}
	p.given++
	m.held[seq] = holding{lane: l, given: p.given}
	return transport.Delivery{Record: *record, Attempt: p.given}
}

// gap returns the loss to report, once.
func (g *group) gap() error {
	if !g.unknown && g.lost == 0 {
		return nil
	}
	gap := &transport.GapError{Lost: int64(g.lost), Next: g.store.position(g.store.first() - 1)}
	if g.unknown {
		gap.Lost = -1
	}
	g.lost, g.unknown = 0, false
	return gap
}

// reset begins at the start of a log that was lost.
func (g *group) reset() {
	g.cursor, g.free, g.keys, g.lost, g.unknown = 1, nil, map[string]*lane{}, 0, true
	for _, m := range g.members {
		m.ready = nil
		clear(m.held)
	}
	g.change.ring()
}

// claim takes back what silent members hold once their Idle is over, and returns how long to wait for the next
// one; zero = there is none.
func (g *group) claim(now time.Time) (wait time.Duration) {
	for _, m := range g.members {
		since := m.silence()
		if since.IsZero() || len(m.held) == 0 {
			continue
		}
		if left := m.idle - now.Sub(since); left > 0 {
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		m.giveBackAll()
	}
	return wait
}

func (g *group) stats(now time.Time) transport.GroupStats {
	g.claim(now)
	st := transport.GroupStats{Name: g.name, Lag: int(g.store.last + 1 - max(g.cursor, g.store.first()))}
	count := func(l *lane) {
		for _, p := range l.queue {
			if p.seq >= g.store.first() {
				st.Lag++
			}
		}
	}
	for _, l := range g.free {
		count(l)
	}
	for _, m := range g.members {
		st.Pending += len(m.held)
		for _, l := range m.ready {
			count(l)
		}
		if since := m.silence(); m.err == nil && (since.IsZero() || now.Sub(since) < m.idle) {
			st.Members++
		}
	}
	return st
}
