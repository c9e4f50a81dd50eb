package transporttest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/azutoolkit/echo/transport"
)

var retentionCases = []contractCase{
	{name: "CountDropsTheOldest", needs: []need{count, replay}, test: func(t *trial) { dropsOldest(t, transport.Retention{Count: 20}) }},
	{name: "BytesDropTheOldest", needs: []need{bytesCap, replay}, test: func(t *trial) { dropsOldest(t, transport.Retention{Bytes: 4000}) }},
	{name: "AgeDropsTheOldest", needs: []need{age, replay}, test: ageDrops},
	{name: "ASlowReaderIsToldOfItsGap", needs: []need{count}, test: slowReader},
	{name: "ASlowGroupIsToldOfItsGap", needs: []need{count, groups}, test: slowGroup},
	{name: "TheLastOpenSetsRetention", needs: []need{count, replay}, test: lastOpen},
}

// history is what was appended to a log.
type history struct {
	ids []string
	at  []transport.Position
}

func (h *history) place(p transport.Position) int { return slices.Index(h.at, p) }

// mostKept is how many records a transport may keep at most when it was told to keep 20 or less.
const mostKept = 10_000

// overflow appends until retention has dropped the first n records, and returns everything that was appended. A
// transport may keep more than it must, so how many records that takes is its affair, up to mostKept.
func (t *trial) overflow(log transport.Log, n int) *history {
	t.Helper()
	ctx, cancel := t.within()
	defer cancel()
	h := &history{}
	for batch := 0; len(h.ids) < mostKept+n; batch++ {
		rs := records(fmt.Sprintf("b%d", batch), 10)
		for i := range rs {
			rs[i].Data = make([]byte, 100)
		}
		h.at = append(h.at, t.put(log, rs...)...)
		h.ids = append(h.ids, ids(rs)...)
		st, err := log.Stats(ctx)
		if err != nil {
			t.Fatalf("Stats: %v", err)
		}
		if len(h.at) > n && st.First.Compare(h.at[n]) >= 0 {
			return h
		}
	}
	t.Fatalf("%d records were appended and the first %d are still there", len(h.ids), n)
	return nil
}

// dropsOldest overflows a log and reads what is left, in every way there is.
func dropsOldest(t *trial, r transport.Retention) {
	ctx, cancel := t.within()
	defer cancel()
	log := t.openWith(0, "orders", transport.Config{Retention: r})
	h := t.overflow(log, 5)
	st, err := log.Stats(ctx)
	if err != nil {
		t.Fatal(err)
	}
	first := h.place(st.First)
	if first < 5 || first+st.Records != len(h.ids) || st.Last != h.at[len(h.at)-1] {
		t.Fatalf("%d records were appended; Stats has %d, from number %d to %v", len(h.ids), st.Records, first, st.Last)
	}
	if st.Records < min(r.Count, len(h.ids)) {
		t.Fatalf("%d records are left of the newest %d", st.Records, r.Count)
	}
	left := h.ids[first:]
	t.sees(t.follow(log, transport.Earliest()), left...)
	late := t.follow(t.open(1, "orders"), transport.After(h.at[1]))
	_, err = late.Next(ctx)
	gap := t.isGap("Next behind a record that was dropped", err, int64(first-2))
	t.sees(late, left...)
	t.sees(t.follow(log, transport.After(gap.Next)), left...)
	t.sees(t.follow(log, transport.After(late.Start())), left...)
	t.sees(t.follow(log, transport.After(h.at[first])), left[1:]...)
}

func ageDrops(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	log := t.openWith(0, "orders", transport.Config{Retention: transport.Retention{Age: t.Idle}})
	old := t.put(log, records("old", 3)...)
	t.sees(t.follow(log, transport.Earliest()), "old-1", "old-2", "old-3")
	t.pass(t.Idle)
	for i := 0; ; i++ { // dropping may wait for the next Append
		last := t.put(log, records(fmt.Sprint("new", i), 1)...)[0]
		st, err := log.Stats(ctx)
		if err != nil {
			t.Fatalf("Stats: %v", err)
		}
		if st.First.Compare(old[2]) > 0 && last.Compare(st.First) >= 0 {
			break
		}
		t.pass(time.Millisecond)
	}
	r := t.follow(t.open(1, "orders"), transport.After(old[0]))
	_, err := r.Next(ctx)
	t.isGap("Next behind records that are too old", err, 2)
	if first := ids(mustNext(t, r))[0]; first != "new0-1" {
		t.Fatalf("the first record left is %s, want new0-1", first)
	}
}

func mustNext(t *trial, r transport.Reader) []transport.Record {
	t.Helper()
	ctx, cancel := t.within()
	defer cancel()
	rs, err := r.Next(ctx)
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return rs
}

// account goes through what a reader or a member sees of a history: every jump must be reported right before it.
type account struct {
	*history
	next int // number of the record that comes next
	gaps []*transport.GapError
}

func (a *account) sees(r transport.Record) error {
	i := a.place(r.Position)
	if i < 0 || a.ids[i] != r.ID || i < a.next {
		return fmt.Errorf("%s at %v is number %d, after number %d", r.ID, r.Position, i, a.next-1)
	}
	if jump := int64(i - a.next); jump != 0 || len(a.gaps) > 0 {
		var lost int64
		for _, g := range a.gaps {
			if g.Lost == -1 {
				lost = jump
				break
			}
			lost += g.Lost
		}
		if lost != jump || len(a.gaps) == 0 {
			return fmt.Errorf("%s comes after number %d: %d records are missing, gaps were reported for %d", r.ID, a.next-1, jump, lost)
		}
		a.gaps = nil
	}
	a.next = i + 1
	return nil
}

// follows reads to the end of the history and returns how many gaps there were.
func (t *trial) follows(h *history, read func() ([]transport.Record, error)) (gaps int) {
	t.Helper()
	for a := (account{history: h}); a.next < len(h.ids); {
		rs, err := read()
		var gap *transport.GapError
		if errors.As(err, &gap) {
			gaps++
			a.gaps = append(a.gaps, gap)
			continue
		}
		if err != nil {
			t.Fatalf("after number %d of %d: %v", a.next-1, len(h.ids), err)
		}
		for _, r := range rs {
			if err := a.sees(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	return gaps
}

func slowReader(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	log := t.openWith(0, "orders", transport.Config{Retention: transport.Retention{Count: 20}})
	r := t.follow(t.open(1, "orders"), transport.Latest())
	h := t.overflow(log, 50)
	t.follows(h, func() ([]transport.Record, error) { return r.Next(ctx) })
	t.seesNoMore(r)
	t.put(log, records("live", 2)...)
	t.sees(r, "live-1", "live-2")
}

// slowGroup overflows a log while one record is in a member's hands and the rest was never taken.
func slowGroup(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	log := t.openWith(0, "orders", transport.Config{Retention: transport.Retention{Count: 20}})
	m := t.join(t.open(1, "orders"), "workers", transport.GroupConfig{})
	first := t.put(log, records("first", 1)...)
	t.ack(m, t.gets(m, "first-1")...)
	h := t.overflow(log, 50)
	gaps := t.follows(h, func() ([]transport.Record, error) {
		ds, err := m.Take(ctx, 7)
		rs := make([]transport.Record, len(ds))
		for i, d := range ds {
			rs[i] = d.Record
			if err := m.Ack(ctx, d.Position); err != nil {
				t.Fatalf("Ack: %v", err)
			}
		}
		return rs, err
	})
	if st, err := log.Stats(ctx); err != nil || st.First.Compare(first[0]) <= 0 || gaps == 0 {
		t.Fatalf("the group was told of %d gaps; Stats: %+v, %v", gaps, st, err)
	}
	t.getsNoMore(m)
	t.put(log, records("live", 2)...)
	t.gets(m, "live-1", "live-2")
}

func lastOpen(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	log := t.open(0, "orders")
	t.put(log, records("x", 200)...)
	t.sees(t.follow(log, transport.Earliest()), ids(records("x", 200))...)
	t.openWith(1, "orders", transport.Config{Retention: transport.Retention{Count: 5}})
	t.open(1, "orders") // says nothing about retention: no change
	h := t.overflow(log, 10)
	st, err := log.Stats(ctx)
	if err != nil || st.Records > len(h.ids) {
		t.Fatalf("%d records were appended since Count is 5, Stats has %d, %v", len(h.ids), st.Records, err)
	}
}
