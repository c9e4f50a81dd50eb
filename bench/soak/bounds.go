package main

import (
	"errors"
	"slices"

	"github.com/azutoolkit/echo/topic"
)

// A beginning is where a subscription began to read a log.
type beginning struct {
	reads         bool   // it reads this log
	known         bool   // the place is known: from
	from          uint64 // everything behind it is the subscription's
	least, latest uint64 // otherwise it is between these
}

func (s *subject) begin(a *arena) beginning {
	b := beginning{reads: s.arena == a || slices.Contains(s.several, a)}
	switch {
	case s.arena == a && s.w.hub == nil:
		b.known, b.from = true, s.sub.Start().Major
		return b
	case s.arena == nil && s.several == nil: // a pattern
		_, before := s.before[a]
		_, after := s.after[a]
		b.reads = a.name != "out"
		if s.w.hub == nil && !before && !after {
			// Opened later: from its first message, save what came before Open had returned, through the PID of a topic of
			// that name that was removed.
			for b.latest < a.log.last() && a.log.at(b.latest+1).Arena != a.number {
				b.latest++
			}
			return b
		}
	}
	b.least, b.latest = s.before[a], 1<<62
	if after, ok := s.after[a]; ok {
		b.latest = after
	}
	if s.w.hub != nil || s.spec.from != topic.Latest {
		b.least = 0
	}
	return b
}

// pausedAt reports whether the subscription was paused at that time, or later.
func (s *subject) pausedAt(stamp uint64) bool {
	return slices.ContainsFunc(s.quiet, func(q span) bool { return q.to == 0 || q.to > stamp })
}

// until is the position up to which the subscription must have handled everything; 0 if that is not known.
func (s *subject) until(a *arena) uint64 {
	err := s.sub.Err()
	switch {
	case s.w.abrupt || s.late || s.actor && s.pid != nil && isClosed(s.sub.Done()) && !errors.Is(err, topic.ErrClosed):
		return 0
	case s.drained != nil && err == nil && s.ended == 0 && s.w.hub == nil && !a.removed:
		return s.drained[a]
	case errors.Is(err, topic.ErrClosed) && s.w.complete(a) && !s.pausedAt(s.w.closedAt) && s.ended == 0 && !s.draining:
		return a.log.last()
	}
	return 0
}
