package topic

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// A testing header has a key.
func keyed(pos uint64, key string) *header {
	h := newMessage(int(pos))
	h.pos, h.meta = pos, &meta{key: key}
	return h
}

// The queue of DropNewest and Latest against the obvious one.
func TestQueueIsLikeItsModel(t *testing.T) {
	for _, flow := range []flowKind{DropNewest, flowLatest} {
		t.Run(flow.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				bound := rapid.IntRange(1, 6).Draw(t, "bound")
				q := newQueue(flow, bound, nil, "me")
				var model []*header
				var dropped, want uint64
				for pos := range uint64(rapid.IntRange(1, 400).Draw(t, "steps")) {
					if rapid.IntRange(0, 3).Draw(t, "step") == 0 {
						var next *header
						if len(model) > 0 {
							next, model = model[0], model[1:]
						}
						if got := q.pop(); got != next {
							t.Fatalf("popped %v, want %v", got, next)
						}
						continue
					}
					h := keyed(pos, fmt.Sprint(rapid.IntRange(0, 8).Draw(t, "key")))
					dropped += q.add(h)
					i := slices.IndexFunc(model, func(o *header) bool { return o.key() == h.key() })
					switch {
					case flow == flowLatest && i >= 0:
						model = append(slices.Delete(slices.Clone(model), i, i+1), h)
						want++
					case flow == flowLatest && len(model) == bound:
						model = append(slices.Clone(model[1:]), h)
						want++
					case len(model) == bound:
						want++
					default:
						model = append(slices.Clone(model), h)
					}
				}
				if q.size() != uint64(len(model)) || dropped != want {
					t.Fatalf("size %d, dropped %d; want %d and %d", q.size(), dropped, len(model), want)
				}
				var oldest *header
				if len(model) > 0 {
					oldest = model[0]
				}
				if q.oldest() != oldest {
					t.Fatalf("oldest %v, want %v", q.oldest(), oldest)
				}
			})
		})
	}
}

// A consumer that does not look keeps no more than its buffer, however often one key is replaced.
func TestQueueStaysBounded(t *testing.T) {
	q := newQueue(flowLatest, 4, nil, "me")
	q.add(keyed(0, "once"))
	for pos := range uint64(100_000) {
		q.add(keyed(pos+1, "k"))
	}
	if n := cap(q.items); n > 512 {
		t.Fatalf("%d places for 2 messages", n)
	}
	if a, b, c := q.pop(), q.pop(), q.pop(); a.pos != 0 || b.pos != 100_000 || c != nil {
		t.Fatal(a, b, c)
	}
}

// A ring against a map: what was stored is found at its position until another takes the slot.
func TestRingIsLikeItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRing(minRing)
		low, tail := uint64(1), uint64(1)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "step") == 0 && low < tail {
				r.slots[low&r.mask].Store(nil)
				low++
				continue
			}
			if tail-low == uint64(len(r.slots)) {
				r = r.grown(low, tail)
			}
			h := newMessage(int(tail))
			h.pos = tail
			r.slots[tail&r.mask].Store(h)
			tail++
		}
		for pos := range tail + 20 {
			if h := r.at(pos); (h != nil) != (pos >= low && pos < tail) || (h != nil && h.pos != pos) {
				t.Fatalf("at %d: %v; low %d, tail %d", pos, h, low, tail)
			}
		}
	})
}

// A group's bookkeeping against the obvious: each message is with one member, keys are not shared, nothing is lost or doubled,
// low is the first that is not finished, and once nobody holds anything all has been handed out.
func TestGroupIsLikeItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := &stream{}
		st.ring.Store(newRing(1024))
		st.tail.Store(1)
		cfg := configure(nil)
		cfg.buffer = 1024
		g := newGroup(st, "g", cfg)
		g.place(1, 0)
		members := []*subscriber{{cfg: cfg}, {cfg: cfg}, {cfg: cfg}}
		held := map[*header]*subscriber{}
		last := map[string]uint64{}
		finished := map[uint64]bool{}
		var published atomic.Uint64
		publish := func() {
			pos := st.tail.Load()
			h := keyed(pos, rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "key"))
			st.ring.Load().slots[pos].Store(h)
			st.tail.Store(pos + 1)
			published.Add(1)
		}
		take := func(m *subscriber) bool {
			h, _ := g.take(m)
			if h == nil {
				return false
			}
			if by, ok := held[h]; ok || finished[h.pos] {
				t.Fatalf("%d twice, held by %p", h.pos, by)
			}
			for o, by := range held {
				if o.key() != "" && o.key() == h.key() && by != m {
					t.Fatalf("key %q with two members", h.key())
				}
			}
			if key := h.key(); key != "" {
				if h.pos < last[key] {
					t.Fatalf("key %q: %d after %d", key, h.pos, last[key])
				}
				last[key] = h.pos
			}
			held[h] = m
			return true
		}
		pick := func() *header { // the oldest of one member's: batches are finished in order
			for pos := uint64(1); pos < st.tail.Load(); pos++ {
				h := st.ring.Load().at(pos)
				if held[h] != nil && rapid.Bool().Draw(t, "this") {
					return h
				}
			}
			return nil
		}
		giveBack := func(h *header) {
			m := held[h]
			for o, by := range held { // a member that dies gives back all
				if by == m {
					delete(held, o)
					if last[o.key()] >= o.pos {
						last[o.key()] = o.pos - 1
					}
					g.giveBack(o, 1)
				}
			}
		}
		finish := func(h *header) {
			delete(held, h)
			finished[h.pos] = true
			g.finish(h)
		}
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1:
				publish()
			case 2, 3:
				take(rapid.SampledFrom(members).Draw(t, "member"))
			case 4:
				if h := pick(); h != nil {
					finish(h)
				}
			case 5:
				if h := pick(); h != nil {
					giveBack(h)
				}
			}
			low := uint64(1)
			for finished[low] {
				low++
			}
			if g.low.Load() != low {
				t.Fatalf("low %d, want %d", g.low.Load(), low)
			}
		}
		for again := true; again; {
			again = false
			for h := range held {
				finish(h)
				again = true
			}
			for _, m := range members {
				for take(m) {
					again = true
				}
			}
		}
		if n := uint64(len(finished)); n != published.Load() {
			t.Fatalf("%d of %d handed out", n, published.Load())
		}
		if len(g.lanes) != 0 || g.parked != 0 || g.ready.Load() != 0 || len(g.taken) != 0 || len(g.finished) != 0 {
			t.Fatalf("left over: %d lanes, %d parked, %d ready, %d taken, %d marks", len(g.lanes), g.parked, g.ready.Load(), len(g.taken), len(g.finished))
		}
	})
}
