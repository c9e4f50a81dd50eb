package memory

import "time"

// window remembers the record IDs that were appended last.
type window struct {
	ids  int
	age  time.Duration
	seqs map[string]uint64
	seen fifo[sighting]
}

type sighting struct {
	id string
	at time.Time
}

func newWindow(s settings) window {
	return window{ids: s.ids, age: s.window, seqs: map[string]uint64{}}
}

// find returns the place at which id was appended, if it is remembered.
func (w *window) find(id string) (seq uint64, ok bool) {
	seq, ok = w.seqs[id]
	return seq, ok
}

func (w *window) add(id string, seq uint64, now time.Time) {
	if w.seen.len() >= w.ids {
		w.forget()
	}
	w.seqs[id] = seq
	w.seen.push(sighting{id, now})
}

// expire forgets the IDs that are as old as the window.
func (w *window) expire(now time.Time) {
	for w.seen.len() > 0 && now.Sub(w.seen.items()[0].at) >= w.age {
		w.forget()
	}
}

func (w *window) forget() { delete(w.seqs, w.seen.pop().id) }
