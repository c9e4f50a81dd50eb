package topic

import (
	"slices"
)

// A lane holds the messages of one key that wait while a member has earlier ones.
type lane struct {
	owner   *subscriber
	held    int // messages the owner has
	waiting []claim
	free    bool // in the list of free lanes
}

// mayTake parks a message whose key another member has.
func (g *group) mayTake(s *subscriber, c claim) bool {
	l := g.lanes[c.h.key()]
	if l == nil || (l.owner == s && len(l.waiting) == 0) {
		return true
	}
	l.waiting = append(l.waiting, c)
	g.parked++
	return false
}

// untake takes message and key from the member: the next message of that key may go to anybody.
func (g *group) untake(h *header) (c claim, ok bool) {
	i := slices.IndexFunc(g.taken, func(c claim) bool { return c.h == h })
	if i < 0 {
		return c, false
	}
	c = g.taken[i]
	last := len(g.taken) - 1
	g.taken[i], g.taken[last] = g.taken[last], claim{}
	g.taken = g.taken[:last]
	if key := h.key(); key != "" {
		l := g.lanes[key]
		if l.held--; l.held == 0 {
			l.owner = nil
			if len(l.waiting) == 0 {
				delete(g.lanes, key)
			}
			g.freeLane(l)
		}
	}
	return c, true
}

func (g *group) freeLane(l *lane) {
	if l.owner == nil && len(l.waiting) > 0 && !l.free {
		l.free = true
		g.free = append(g.free, l)
		g.ready.Add(1)
	}
}

// giveBack returns messages that the member has not finished. They go before all others, with the attempts they have had.
func (g *group) giveBack(h *header, attempt int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := h.key()
	if key == "" {
		g.back = insert(g.back, claim{h: h, attempt: attempt})
		g.ready.Add(1)
	} else {
		g.lanes[key].waiting = insert(g.lanes[key].waiting, claim{h: h, attempt: attempt})
		g.parked++
	}
	g.untake(h)
}

func insert(claims []claim, c claim) []claim {
	i, _ := slices.BinarySearchFunc(claims, c.h.pos, func(c claim, pos uint64) int {
		if c.h.pos < pos {
			return -1
		}
		return 1
	})
	return slices.Insert(claims, i, c)
}
