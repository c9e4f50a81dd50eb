package transporttest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/azutoolkit/echo/transport"
)

var orderCases = []contractCase{
	{name: "OnePublisherKeepsItsOrder", test: onePublisher},
	{name: "AllFollowersSeeOneOrder", test: oneOrder},
	{name: "BatchesAreWhole", test: batchesAreWhole},
	{name: "AppendAndFollowAgreeOnPositions", test: positionsAgree},
	{name: "NothingAppendedIsNothing", test: nothingAppended},
}

func onePublisher(t *trial) {
	log := t.open(0, "orders")
	near, far := t.follow(log, transport.Latest()), t.follow(t.open(1, "orders"), transport.Latest())
	all := records("x", 137)
	for rest := all; len(rest) > 0; {
		n := min(len(rest), 1+len(rest)%9)
		t.put(log, rest[:n]...)
		rest = rest[n:]
	}
	t.sees(near, ids(all)...)
	t.sees(far, ids(all)...)
}

// publish lets n publishers append batches of records at once, alternating between links, and returns the IDs of each
// batch and the position of each ID.
func publish(t *trial, topic string, n, batches, size int) (sets [][]string, at map[string]transport.Position) {
	t.Helper()
	at = map[string]transport.Position{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for p := range n {
		log := t.open(p%2, topic)
		all := records(fmt.Sprintf("p%d", p), batches*size)
		wg.Go(func() {
			ctx, cancel := t.within()
			defer cancel()
			for batch := range slices.Chunk(all, size) {
				ps, err := log.Append(ctx, batch)
				if err == nil {
					err = rising(ps, len(batch))
				}
				if err != nil {
					t.Errorf("publisher %d: Append: %v", p, err)
					return
				}
				mu.Lock()
				sets = append(sets, ids(batch))
				for i, r := range batch {
					at[r.ID] = ps[i]
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return sets, at
}

func oneOrder(t *trial) {
	const publishers, batches, size = 6, 12, 3
	var readers []transport.Reader
	for i := range 4 {
		readers = append(readers, t.follow(t.open(i%2, "orders"), transport.Latest()))
	}
	// Two of the readers read while the publishers write.
	seen := make([][]transport.Record, len(readers))
	var wg sync.WaitGroup
	for i, r := range readers[:2] {
		wg.Go(func() {
			ctx, cancel := t.within()
			defer cancel()
			var err error
			if seen[i], err = readN(ctx, r, publishers*batches*size); err != nil {
				t.Errorf("reader %d: %v", i, err)
			}
		})
	}
	_, at := publish(t, "orders", publishers, batches, size)
	wg.Wait()
	for i, r := range readers[2:] {
		seen[i+2] = t.read(r, publishers*batches*size)
	}
	for i, rs := range seen {
		if !slices.Equal(ids(rs), ids(seen[0])) {
			t.Fatalf("reader %d sees\n%v, reader 0\n%v", i, ids(rs), ids(seen[0]))
		}
		last := map[string]int{}
		for _, r := range rs {
			var n int
			fmt.Sscanf(r.ID[len(r.Source)+1:], "%d", &n)
			if n != last[r.Source]+1 {
				t.Fatalf("reader %d sees %s after number %d of that publisher", i, r.ID, last[r.Source])
			}
			last[r.Source] = n
			if r.Position != at[r.ID] {
				t.Fatalf("reader %d sees %s at %v, Append said %v", i, r.ID, r.Position, at[r.ID])
			}
		}
	}
}

func batchesAreWhole(t *trial) {
	const publishers, batches, size = 5, 10, 7
	r := t.follow(t.open(1, "orders"), transport.Latest())
	sets, _ := publish(t, "orders", publishers, batches, size)
	seen := ids(t.read(r, publishers*batches*size))
	for _, batch := range sets {
		i := slices.Index(seen, batch[0])
		if i < 0 || i+size > len(seen) || !slices.Equal(seen[i:i+size], batch) {
			t.Fatalf("the batch %v is not together in the log:\n%v", batch, seen)
		}
	}
}

func positionsAgree(t *trial) {
	log := t.open(0, "orders")
	r := t.follow(t.open(1, "orders"), transport.Latest())
	ps := slices.Concat(t.put(log, records("x", 3)...), t.put(log, records("y", 1)...), t.put(log, records("z", 2)...))
	if err := rising(ps, 6); err != nil {
		t.Fatal(err)
	}
	if r.Start().Compare(ps[0]) >= 0 || r.Start().Epoch != ps[0].Epoch {
		t.Fatalf("a reader of an empty log starts at %v, the first record is at %v", r.Start(), ps[0])
	}
	for i, rec := range t.read(r, 6) {
		if rec.Position != ps[i] {
			t.Fatalf("record %d is at %v, Append said %v", i, rec.Position, ps[i])
		}
		text, _ := rec.Position.MarshalText()
		var back transport.Position
		if err := back.UnmarshalText(text); err != nil || back != rec.Position {
			t.Fatalf("position %v came back from text as %v, %v", rec.Position, back, err)
		}
	}
}

func nothingAppended(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	log := t.open(0, "orders")
	r := t.follow(log, transport.Latest())
	for _, none := range [][]transport.Record{nil, {}} {
		if ps, err := log.Append(ctx, none); err != nil || len(ps) != 0 {
			t.Fatalf("Append of nothing: %v, %v", ps, err)
		}
	}
	t.seesNoMore(r)
}
