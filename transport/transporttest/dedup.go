package transporttest

import (
	"context"
	"errors"
	"slices"

	"github.com/azutoolkit/echo/transport"
)

var dedupCases = []contractCase{
	{name: "AnIDIsAppendedOnce", test: idOnce, needs: []need{dedup}},
	{name: "AnIDIsAppendedOnceInABatch", test: idOnceInBatch, needs: []need{dedup}},
	{name: "RecordsWithoutIDAreNotCompared", test: noID},
	{name: "UnknownOutcomeRetriedIsOneCopy", test: unknownOutcome, needs: []need{dedup, losing}},
}

func idOnce(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	r := t.follow(near, transport.Latest())
	first := t.put(near, records("x", 3)...)
	if again := t.put(far, records("x", 3)...); !slices.Equal(first, again) {
		t.Fatalf("the same IDs got the positions %v and then %v", first, again)
	}
	// A batch that is half known: the new ones are appended, in order.
	mixed, err := far.Append(t.Context(), append(records("y", 2), records("x", 3)[1], transport.Record{ID: "y-3"}))
	if err != nil || len(mixed) != 4 || mixed[2] != first[1] {
		t.Fatalf("Append of two new records, a known one, a new one: %v, %v; the known one is at %v", mixed, err, first[1])
	}
	t.sees(r, "x-1", "x-2", "x-3", "y-1", "y-2", "y-3")
	other := t.open(1, "other")
	q := t.follow(other, transport.Latest())
	t.put(other, records("x", 1)...)
	t.sees(q, "x-1")
}

func idOnceInBatch(t *trial) {
	log := t.open(0, "orders")
	r := t.follow(log, transport.Latest())
	ps, err := log.Append(t.Context(), []transport.Record{{ID: "a"}, {ID: "b"}, {ID: "a"}})
	if err != nil || len(ps) != 3 || ps[0] != ps[2] || ps[0] == ps[1] {
		t.Fatalf("Append of a, b, a: %v, %v", ps, err)
	}
	t.sees(r, "a", "b")
}

func noID(t *trial) {
	log := t.open(0, "orders")
	r := t.follow(log, transport.Latest())
	same := transport.Record{Data: []byte("same")}
	t.put(log, same, same)
	t.put(log, same)
	t.read(r, 3)
	t.seesNoMore(r)
}

// unknownOutcome loses the replies to Appends and repeats them, as a publisher does, until they are known.
func unknownOutcome(t *trial) {
	near := t.open(0, "orders")
	r := t.follow(t.open(1, "orders"), transport.Latest())
	t.put(near, records("before", 2)...)
	t.Faults.LoseReplies(0, 2)
	batch := records("x", 3)
	ctx, cancel := t.within()
	defer cancel()
	ps, err := near.Append(ctx, batch)
	if err != nil { // nil if the transport made the outcome known by itself
		t.is("Append whose reply was lost", err, transport.ErrUnknown)
	}
	t.persist("Append again", func(ctx context.Context) error {
		for errors.Is(err, transport.ErrUnknown) || errors.Is(err, transport.ErrLinkDown) {
			if ps, err = near.Append(ctx, batch); errors.Is(err, transport.ErrLinkDown) {
				return err
			}
		}
		return err
	})
	if err := rising(ps, 3); err != nil {
		t.Fatal(err)
	}
	t.put(near, records("after", 1)...)
	got := t.read(r, 6)
	if want := []string{"before-1", "before-2", "x-1", "x-2", "x-3", "after-1"}; !slices.Equal(ids(got), want) {
		t.Fatalf("the reader sees %v, want %v", ids(got), want)
	}
	for i, p := range ps {
		if got[i+2].Position != p {
			t.Fatalf("%s is at %v, Append said %v", got[i+2].ID, got[i+2].Position, p)
		}
	}
	t.seesNoMore(r)
}
