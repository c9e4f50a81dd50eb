package main

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"testing"
	"time"
)

func TestSoakFindsNothing(t *testing.T) {
	length := 4 * time.Second
	if testing.Short() {
		length = time.Second
	}
	var out bytes.Buffer
	if !soak(length, 1, 0, &out, io.Discard) {
		t.Error(out.String())
	}
	t.Log(out.String())
}

// afterwards is a world that has ended, and not been checked.
func afterwards(t *testing.T) *world {
	t.Helper()
	w, err := newWorld(newReport(), 0, 7, false)
	if err != nil {
		t.Fatal(err)
	}
	w.endings = calmly
	w.spend(300 * time.Millisecond)
	return w
}

// again checks the world anew and returns how many violations there are.
func (w *world) again() int {
	w.report = newReport()
	for _, l := range w.books.all {
		l.events, l.index, l.given = nil, map[Event]uint64{}, map[letter]bool{}
	}
	w.check()
	return len(w.report.violations)
}

// notes of a subject, and how to put others in their place.
func (s *subject) only() *member {
	for _, m := range s.members {
		return m
	}
	return nil
}

func TestOracleFindsEveryLie(t *testing.T) {
	w := afterwards(t)
	if n := w.again(); n > 0 {
		t.Fatalf("%d violations without a lie: %v", n, w.report.violations)
	}
	witness := w.history[0].witness[0]
	m := witness.only()
	if len(m.notes) < 100 {
		t.Fatalf("the witness has %d notes", len(m.notes))
	}
	anchor := w.history[0].squads[0].anchors[0]
	lies := map[string]func(notes []handout) []handout{
		"a gap":                  func(n []handout) []handout { return slices.Delete(n, 50, 51) },
		"the end missing":        func(n []handout) []handout { return n[:len(n)-1] },
		"the beginning missing":  func(n []handout) []handout { return n[1:] },
		"a repeat":               func(n []handout) []handout { return slices.Insert(n, 51, n[50]) },
		"another order":          func(n []handout) []handout { n[50], n[51] = n[51], n[50]; return n },
		"another message":        func(n []handout) []handout { n[50].event.Seq += 1 << 20; return n },
		"an unheard failure":     func(n []handout) []handout { n[50].made = failed; return n },
		"a late attempt":         func(n []handout) []handout { n[50].attempt = 2; return n },
		"a given-up message":     func(n []handout) []handout { n[50].made = rejected; return n },
		"a skip nobody knows of": func(n []handout) []handout { n[50].skipped = 1; return n },
		"no return":              func(n []handout) []handout { n[50].out = 0; return n },
	}
	for name, lie := range lies {
		honest := m.notes
		m.notes = lie(slices.Clone(honest))
		if w.again() == 0 {
			t.Errorf("%s: nobody noticed", name)
		}
		m.notes = honest
	}
	am := anchor.only()
	i := slices.IndexFunc(am.notes, func(h handout) bool { return h.made == fine && h.event.Key != "" })
	for name, lie := range map[string]func(notes []handout) []handout{
		"a group's message twice":   func(n []handout) []handout { h := n[i]; h.in, h.out = now(), now(); return append(n, h) },
		"a group's message missing": func(n []handout) []handout { return slices.Delete(n, i, i+1) },
		"a key with two at once":    func(n []handout) []handout { n[i].out = now(); return n },
	} {
		honest := am.notes
		am.notes = lie(slices.Clone(honest))
		if w.again() == 0 {
			t.Errorf("%s: nobody noticed", name)
		}
		am.notes = honest
	}
	w.checkLies(t)
	if n := w.again(); n > 0 {
		t.Errorf("%d violations after all lies were taken back: %v", n, w.report.violations)
	}
}

// checkLies tells lies about dead letters and publishers.
func (w *world) checkLies(t *testing.T) {
	t.Helper()
	noticed := func(name string) {
		t.Helper()
		if w.again() == 0 {
			t.Errorf("%s: nobody noticed", name)
		}
	}
	a := w.history[0]
	letters := maps.Clone(a.log.letter)
	a.log.letter[letter{"witness1", 1, 1}] = 1
	noticed("a dead letter too many")
	a.log.letter = letters
	for _, log := range w.books.all {
		if len(log.letter) > 0 {
			honest := maps.Clone(log.letter)
			for l := range log.letter {
				delete(log.letter, l)
				break
			}
			noticed("a dead letter too few")
			log.letter = honest
			break
		}
	}
	p := w.publishers[0]
	p.seqs[a]++
	noticed("a publication that is not in the log")
	p.seqs[a] -= 2
	noticed("a publication that was refused, and is in the log")
	p.seqs[a]++
}
