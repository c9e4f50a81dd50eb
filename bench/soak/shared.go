package main

import (
	"cmp"
	"slices"

	"github.com/azutoolkit/echo/topic"
)

// A sharing is what the members of a group, or the consumers of Parallel, got of a log.
type sharing struct {
	w     *world
	name  string
	log   *ledger
	spec  spec
	from  uint64
	known bool // from is the place where the group began
	until uint64

	fates map[uint64]*fate
	keys  map[string]*turn
}

// A part is a handout, and who had it.
type part struct {
	*handout
	who     string
	s       *subject
	retries int
}

// mayHaveEnded reports whether the member may have ended before a dead letter was out.
func (p part) mayHaveEnded() bool { return p.s.ended > 0 || p.s.gone > 0 || p.s.spec.restarts > 0 }

// A fate is what has become of a message.
type fate struct {
	dealt    bool
	letter   *letter
	failures int
	last     part
}

// A turn is how far the group is with a key.
type turn struct {
	open map[uint64]bool // begun, and not dealt with
	last uint64          // the newest that was begun
	by   part            // the last to have it
}

// checkShared checks that each message was dealt with once, and those of a key in turn.
func (w *world) checkShared(name string, a *arena, subjects []*subject) {
	if a.log == nil {
		return
	}
	first := subjects[0]
	sh := &sharing{w: w, name: name, log: a.log, spec: first.spec, fates: map[uint64]*fate{}, keys: map[string]*turn{}}
	if first.squad == nil {
		sh.until = first.until(a)
	} else if w.complete(a) {
		sh.until = a.log.last()
	}
	if w.hub == nil {
		sh.from, sh.known = first.sub.Start().Major, true
	}
	var parts []part
	for _, s := range subjects {
		for id, m := range s.members {
			for i := range m.notes {
				parts = append(parts, part{&m.notes[i], id, s, s.spec.retries})
			}
		}
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.in, b.in) })
	for _, p := range parts {
		for _, major := range p.majors {
			if !sh.step(p, major) {
				return
			}
		}
		if dealt, _ := p.settles(p.retries); dealt {
			for _, major := range p.majors {
				delete(sh.turn(major).open, major)
			}
		}
	}
	sh.checkEnd(subjects)
}

func (sh *sharing) turn(major uint64) *turn {
	key := sh.log.at(major).Key
	t := sh.keys[key]
	if t == nil {
		t = &turn{open: map[uint64]bool{}}
		sh.keys[key] = t
	}
	return t
}

// step checks one message of a handout.
func (sh *sharing) step(p part, major uint64) bool {
	f := sh.fates[major]
	if f == nil {
		f = &fate{}
		sh.fates[major] = f
	}
	last := f.last
	switch {
	case sh.known && major <= sh.from:
		return sh.bad("got %d, though it began behind %d", major, sh.from)
	case f.letter != nil && p.who != last.who && last.mayHaveEnded():
		sh.undo(last) // the member ended before its dead letter was out
	case f.dealt:
		return sh.bad("%s deals with %d (%v), but %s has: %v on attempt %d", p.who, major, p.event, last.who, last.made, last.attempt)
	case last.handout != nil && last.out > p.in:
		return sh.bad("%s got %d while %s had it", p.who, major, last.who)
	}
	if want := sh.failures(p) + 1; p.attempt > want || (last.handout != nil && last.who == p.who && p.attempt != last.attempt+1) {
		return sh.bad("%s got %d as attempt %d, after %d failures", p.who, major, p.attempt, want-1)
	}
	if !sh.inTurn(p, major) {
		return false
	}
	f.last = p
	if p.made != fine {
		f.failures++
	}
	dealt, lost := p.settles(p.retries)
	f.dealt = dealt
	if lost {
		l := letter{sh.name, major, p.attempt}
		f.letter = &l
		sh.w.expectLetter(sh.log, l.consumer, major, l.attempts, sh.until == 0)
	}
	return true
}

// undo takes back that a handout was given up: the next member has it again.
func (sh *sharing) undo(p part) {
	for _, major := range p.majors {
		if f := sh.fates[major]; f.last.handout == p.handout && f.letter != nil {
			if delete(sh.log.given, *f.letter); sh.w.hub != nil {
				sh.log.given[*f.letter] = false // the transport may have taken the letter without saying so
			}
			f.letter, f.dealt = nil, false
			sh.turn(major).open[major] = true
		}
	}
}

// failures is how often the messages of a handout had failed before; of a batch, the one that had failed most often.
func (sh *sharing) failures(p part) (n int) {
	for _, major := range p.majors {
		if f := sh.fates[major]; f != nil {
			failures := f.failures
			if f.last.handout == p.handout && p.made != fine {
				failures-- // it has been counted already
			}
			n = max(n, failures)
		}
	}
	return n
}

// inTurn checks that messages of one key come one after the other.
func (sh *sharing) inTurn(p part, major uint64) bool {
	if sh.log.at(major).Key == "" {
		return true
	}
	t := sh.turn(major)
	same := t.by.handout == p.handout
	switch {
	case t.by.handout != nil && !same && t.by.out > p.in:
		return sh.bad("%s got %d while %s had another of its key", p.who, major, t.by.who)
	case !t.open[major] && major < t.last:
		return sh.bad("%s got %d as attempt %d, after %s had got %d of the same key (%v on attempt %d)", p.who, major, p.attempt, t.by.who, t.last, t.by.made, t.by.attempt)
	}
	for other := range t.open {
		if other < major && !slices.Contains(p.majors, other) {
			return sh.bad("%s got %d before %d of the same key was dealt with", p.who, major, other)
		}
	}
	t.open[major], t.by, t.last = true, p, max(t.last, major)
	return true
}

// checkEnd checks that nothing was left out.
func (sh *sharing) checkEnd(subjects []*subject) {
	if sh.until == 0 {
		return
	}
	from := sh.from
	if !sh.known {
		from = sh.until
		for major := range sh.fates {
			from = min(from, major-1)
		}
	}
	var dealt, all uint64
	for major := from + 1; major <= sh.until; major++ {
		if !sh.spec.wants(sh.log.at(major)) {
			continue
		}
		all++
		f := sh.fates[major]
		switch {
		case f != nil && f.dealt:
			dealt++
		case f != nil:
			sh.bad("%d was left behind: %v on attempt %d by %s", major, f.last.made, f.last.attempt, f.last.who)
			return
		case sh.spec.lossless():
			sh.bad("nobody got %d, though the log had %d", major, sh.until)
			return
		}
	}
	dropped := subjects[0].sub.Stats()[0].Dropped
	switch {
	case sh.spec.lossless() || subjects[0].drained != nil:
	case sh.spec.filter > 0 && sh.spec.flow == topic.DropOldest:
		if dealt+dropped < all {
			sh.bad("handled %d, dropped %d, of %d", dealt, dropped, all)
		}
	case dealt+dropped != all:
		sh.bad("handled %d, dropped %d, of %d", dealt, dropped, all)
	}
}

func (sh *sharing) bad(format string, args ...any) bool {
	sh.w.violation("group %s of %v [%v]: "+format, append([]any{sh.name, sh.log, sh.spec}, args...)...)
	return false
}
