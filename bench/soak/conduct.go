package main

// checkConduct checks what holds for any subscription: when its consumers were called, and when not.
func (w *world) checkConduct(s *subject) {
	if s.started.Load() != s.stopped.Load() {
		w.violation("%v: %d consumers were started, %d stopped", s, s.started.Load(), s.stopped.Load())
	}
	if s.actor {
		return // an actor still has its mailbox
	}
	for _, m := range s.members {
		after := 0
		for i := range m.notes {
			h := &m.notes[i]
			if h.out == 0 {
				w.violation("%v: has not returned from %v", s, h.event)
			}
			if s.ended > 0 && h.in > s.ended {
				after++
			}
			if s.gone > 0 && h.in > s.gone {
				w.violation("%v: got %v after its end", s, h.event)
			}
		}
		if after > 1 {
			w.violation("%v: got %d messages after Stop had returned", s, after)
		}
		w.checkPauses(s, m)
	}
}

// checkPauses looks for messages handed out during a pause. One may have been under way already.
func (w *world) checkPauses(s *subject, m *member) {
	i := 0
	for _, q := range s.quiet {
		n := 0
		for ; i < len(m.notes) && (q.to == 0 || m.notes[i].in < q.to); i++ {
			if m.notes[i].in > q.from {
				n++
			}
		}
		if n > 1 {
			w.violation("%v: got %d messages during a pause", s, n)
		}
	}
}
