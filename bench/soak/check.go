package main

import "slices"

// check lays the notes of all subjects side by side. Nothing of the world runs any more.
func (w *world) check() {
	subjects := w.all()
	for _, a := range w.history {
		if a.log == nil {
			a.log = w.books.only(a.name)
		}
	}
	for _, s := range subjects {
		w.enter(s)
	}
	for _, a := range w.history {
		w.checkLog(a)
	}
	squads := map[*squad][]*subject{}
	for _, s := range subjects {
		if !w.resolve(s) {
			w.unjudge(s)
			continue
		}
		w.checkConduct(s)
		switch {
		case s.squad != nil:
			squads[s.squad] = append(squads[s.squad], s)
		case s.spec.parallel > 1:
			w.checkShared("~"+s.name, s.arena, []*subject{s})
		default:
			w.checkAlone(s)
		}
	}
	for q, members := range squads {
		w.checkShared(q.name, q.arena, members)
	}
	w.checkLetters()
}

// enter fills the ledgers with what the subject has seen where it was told the position.
func (w *world) enter(s *subject) {
	for _, m := range s.members {
		for i := range m.notes {
			h := &m.notes[i]
			w.report.count("messages handled", uint64(1+len(h.more)))
			if h.log == nil {
				h.log = s.arena.log
			}
			if h.major == 0 {
				continue
			}
			if err := h.log.note(h.major, h.event); err != nil {
				w.violation("%v: %v", s, err)
			}
		}
	}
}

// resolve finds the positions of messages whose consumers were not told them. It reports false if one is not to be found.
func (w *world) resolve(s *subject) bool {
	for _, m := range s.members {
		for i := range m.notes {
			h := &m.notes[i]
			h.majors = make([]uint64, 0, 1+len(h.more))
			for _, e := range append([]Event{h.event}, h.more...) {
				major, ok := h.log.index[e]
				if !ok {
					if w.complete(s.arena) {
						w.violation("%v: got %v, which is not in the log", s, e)
					}
					return false // nobody else has seen it: nothing to compare with
				}
				h.majors = append(h.majors, major)
			}
		}
	}
	return true
}

// unjudge notes that nothing is known of what the subject gave up.
func (w *world) unjudge(s *subject) {
	names := []string{s.name, "~" + s.name}
	if s.squad != nil {
		names = append(names, s.squad.name)
	}
	for _, name := range names {
		w.unjudged[name] = true
	}
}

// complete reports whether everything in the log had to be handled before the end.
func (w *world) complete(a *arena) bool { return a != nil && !a.removed && !w.abrupt }

// checkLog compares a log with what its publishers know.
func (w *world) checkLog(a *arena) {
	if a.log == nil {
		return
	}
	w.report.count("messages published", a.log.last())
	type source struct{ arena, pub uint32 } // what is sent to the PID of a removed topic may find the next of its name
	seen := map[source]uint32{}
	missing := 0
	for major := uint64(1); major <= a.log.last(); major++ {
		e := a.log.at(major)
		if e == (Event{}) {
			missing++
			continue
		}
		by := source{e.Arena, e.Pub}
		if e.Seq <= seen[by] {
			w.violation("%v: %v stands at %d, behind number %d of that publisher", a.log, e, major, seen[by])
		}
		seen[by] = max(seen[by], e.Seq)
		if w.lost[e] {
			w.violation("%v: %v stands at %d, and is a dead letter of the system too", a.log, e, major)
		}
	}
	if !w.complete(a) {
		return
	}
	if n := a.handles[0].Stats().Published; n != a.log.last() || missing > 0 {
		w.violation("%v: %d messages are in the log, %d were seen, and %d before them were not", a.log, n, a.log.last(), missing)
		return
	}
	all := slices.Clone(a.log.events)
	slices.SortFunc(all, func(a, b Event) int { return int(a.Pub)<<32 + int(a.Seq) - int(b.Pub)<<32 - int(b.Seq) })
	for _, p := range w.publishers {
		w.checkPublisher(a, all, p.pub, p.seqs[a])
		w.checkPublisher(a, all, p.sender, p.sent[a])
	}
	for _, r := range w.relays {
		if r.to == a {
			w.checkPublisher(a, all, r.pub, r.seq)
		}
	}
}

// checkPublisher looks for the messages 1 to last of a publisher in the log, which is sorted by publisher and number.
func (w *world) checkPublisher(a *arena, all []Event, pub, last uint32) {
	var present []bool
	for _, e := range all {
		if e.Pub == pub && e.Arena == a.number {
			for uint32(len(present)) <= e.Seq {
				present = append(present, false)
			}
			present[e.Seq] = true
		}
	}
	excused := map[uint32]bool{}
	for _, m := range []map[Event]bool{w.maybe, w.lost} {
		for e := range m {
			if e.Arena == a.number && e.Pub == pub {
				excused[e.Seq] = true
			}
		}
	}
	for seq := uint32(1); seq <= last; seq++ {
		if !excused[seq] && (seq >= uint32(len(present)) || !present[seq]) {
			w.violation("%v: number %d of publisher %d is not in the log, though Publish said so", a.log, seq, pub)
			return
		}
	}
	if n := uint32(len(present)); n > last+1 && !excused[n-1] {
		w.violation("%v: number %d of publisher %d is in the log, though Publish refused it", a.log, n-1, pub)
	}
}
