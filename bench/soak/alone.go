package main

import (
	"slices"

	"github.com/azutoolkit/echo/topic"
)

// checkAlone checks a subscription that is one consumer: what it got of each topic.
func (w *world) checkAlone(s *subject) {
	byLog := map[*ledger][]*handout{}
	for _, m := range s.members {
		for i := range m.notes {
			byLog[m.notes[i].log] = append(byLog[m.notes[i].log], &m.notes[i])
		}
	}
	single := s.arena != nil
	for _, a := range w.history {
		if a.log == nil {
			continue
		}
		begin := s.begin(a)
		if byLog[a.log] == nil && (!begin.known || !begin.reads) {
			continue
		}
		r := &reading{w: w, s: s, log: a.log, begin: begin, until: s.until(a), single: single}
		r.check(byLog[a.log])
	}
}

// A reading is what a consumer got of one log.
type reading struct {
	w      *world
	s      *subject
	log    *ledger
	begin  beginning
	until  uint64
	single bool

	next    uint64   // the position that is expected
	pending *handout // failed, and will come again
	dealt   uint64   // messages dealt with
	told    uint64   // messages that the consumer was told it skipped
}

func (r *reading) check(notes []*handout) {
	r.next = r.begin.from + 1
	if !r.begin.known && len(notes) > 0 {
		r.next = notes[0].majors[0]
		if r.s.spec.lossless() && r.s.spec.filter == 0 && r.next > r.begin.latest+1 {
			r.bad("begins with %d, though it subscribed before %d", r.next, r.begin.latest+1)
		}
		if r.next <= r.begin.least {
			r.bad("begins with %d, though it subscribed after %d", r.next, r.begin.least)
		}
	}
	for i, h := range notes {
		if !r.step(h, i == 0) {
			return
		}
		dealt, letter := h.settles(r.s.spec.retries)
		r.pending = h
		if dealt {
			r.pending = nil
			r.next = h.majors[len(h.majors)-1] + 1
			r.dealt += uint64(len(h.majors))
		}
		if letter {
			last := i == len(notes)-1 && r.until == 0
			for _, major := range h.majors {
				r.w.expectLetter(r.log, r.s.name, major, h.attempt, last)
			}
		}
	}
	r.checkEnd(notes)
}

// step checks what one handout has to do with the one before it.
func (r *reading) step(h *handout, first bool) bool {
	sp := r.s.spec
	if p := r.pending; p != nil {
		if p.made == halted {
			return r.bad("ended itself on %v, and got %v", p.majors, h.majors)
		}
		if !slices.Equal(p.majors, h.majors) {
			return r.bad("failed on %v (%v, attempt %d), but got %v next", p.majors, p.made, p.attempt, h.majors)
		}
		if h.attempt != p.attempt+1 {
			return r.bad("attempt %d on %v follows attempt %d", h.attempt, h.majors, p.attempt)
		}
		if sp.value && p.made >= panicked && p.made <= exited && h.value == p.value {
			return r.bad("the consumer that %v on %v gets it again", p.made, p.majors)
		}
		return true
	}
	if h.attempt != 1 {
		return r.bad("first attempt on %v is number %d", h.majors, h.attempt)
	}
	before := r.next
	for _, major := range h.majors {
		gap := r.gap(major)
		switch {
		case major < r.next:
			return r.bad("got %d (%v), expected %d: it had that", major, h.event, r.next)
		case sp.lossless() && gap > 0:
			return r.bad("got %d (%v), expected %d", major, h.event, r.next)
		case sp.filter > 0 && !sp.wants(r.log.at(major)):
			return r.bad("got %d, which its filter refuses", major)
		}
		r.next = major + 1
	}
	r.next = before
	return r.checkSkipped(h, first)
}

// gap is how many messages that the subscription wants are between the expected one and major.
func (r *reading) gap(major uint64) (n uint64) {
	for p := r.next; p < major; p++ {
		switch e := r.log.at(p); {
		case e == (Event{}) && r.s.spec.filter > 0: // nobody else has seen it: it may be one that the filter refuses
		case e == (Event{}), r.s.spec.wants(e):
			n++
		}
	}
	return n
}

// checkSkipped compares a gap with what the consumer was told of it.
func (r *reading) checkSkipped(h *handout, first bool) bool {
	r.told += h.skipped
	sp := r.s.spec
	switch {
	case sp.lossless() && h.skipped > 0 && !first:
		return r.bad("is told that it skipped %d before %d", h.skipped, h.majors[0])
	case sp.flow == topic.DropOldest && sp.filter == 0 && len(h.majors) == 1 && sp.batch == 0 && (!first || r.begin.known):
		if gap := h.majors[0] - r.next; gap != h.skipped {
			return r.bad("skipped %d before %d, but is told %d", gap, h.majors[0], h.skipped)
		}
	}
	return true
}

// checkEnd checks that nothing was left out at the end.
func (r *reading) checkEnd(notes []*handout) {
	sp := r.s.spec
	if r.until == 0 || (!r.begin.known && len(notes) == 0 && r.begin.latest >= r.until) {
		return
	}
	if r.pending != nil && r.pending.majors[0] <= r.until {
		r.bad("failed on %v (%v, attempt %d), and did not get it again", r.pending.majors, r.pending.made, r.pending.attempt)
		return
	}
	switch {
	case !r.begin.known && len(notes) == 0 && r.s.spec.filter == 0:
		r.bad("got nothing, though %d were published after it subscribed", r.until-r.begin.latest)
	case sp.lossless():
		if gap := r.gap(r.until + 1); gap > 0 {
			r.bad("ended before %d, though the log had %d", r.next, r.until)
		}
	case sp.flow == topic.Latest:
		r.checkLatest(notes)
		fallthrough
	default:
		r.checkDropped(notes)
	}
}

// checkDropped checks that handled and dropped are all there was.
func (r *reading) checkDropped(notes []*handout) {
	sp := r.s.spec
	if !r.single || !r.begin.known || r.s.drained != nil {
		return
	}
	var dropped, all uint64
	for _, st := range r.s.sub.Stats() {
		dropped += st.Dropped
	}
	for p := r.begin.from + 1; p <= r.until; p++ {
		if sp.wants(r.log.at(p)) {
			all++
		}
	}
	if sp.filter > 0 && sp.flow == topic.DropOldest {
		if r.dealt+dropped < all {
			r.bad("handled %d, dropped %d, of %d", r.dealt, dropped, all)
		}
		return
	}
	if r.dealt+dropped != all {
		r.bad("handled %d, dropped %d, of %d", r.dealt, dropped, all)
	}
	if r.told > dropped {
		r.bad("is told of %d skipped, but dropped %d", r.told, dropped)
	}
}

// checkLatest checks that the newest message of each key was handled.
func (r *reading) checkLatest(notes []*handout) {
	if r.s.drained != nil {
		return // later messages may have replaced it
	}
	newest := map[string]uint64{}
	for p := r.begin.from + 1; p <= r.until; p++ {
		if e := r.log.at(p); r.s.spec.wants(e) {
			newest[e.Key] = p
		}
	}
	for _, h := range notes {
		for _, major := range h.majors {
			if key := r.log.at(major).Key; newest[key] == major {
				delete(newest, key)
			}
		}
	}
	for key, p := range newest {
		if r.begin.known || p > r.begin.latest {
			r.bad("did not get %d, the newest of key %q", p, key)
			return
		}
	}
}

func (r *reading) bad(format string, args ...any) bool {
	s := r.s
	r.w.violation("%v, %v: "+format+" (until %d, ended with %v, stopped at %d, drained %v, done at %d)", append(append([]any{s, r.log}, args...),
		r.until, s.sub.Err(), s.ended, s.drained != nil, s.gone)...)
	return false
}
