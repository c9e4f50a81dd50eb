package transporttest

import (
	"context"
	"errors"
	"fmt"

	"github.com/azutoolkit/echo/transport"
)

var linkCases = []contractCase{
	{name: "ABrokenLinkEndsReaders", test: brokenEnds, needs: []need{cutting}},
	{name: "ResumeMissesAndRepeatsNothing", test: resume, needs: []need{cutting, replay}},
	{name: "AppendOnABrokenLinkIsTriedAgain", test: appendBroken, needs: []need{cutting, dedup}},
	{name: "TakeOnABrokenLinkIsTriedAgain", test: takeBroken, needs: []need{cutting, groups}},
}

func brokenEnds(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	a, b := t.follow(near, transport.Latest()), t.follow(far, transport.Latest())
	c := t.blocks(t.Context(), "Next", next(a))
	t.Faults.Cut(0)
	c.endsWith(transport.ErrLinkDown)
	ctx, cancel := t.within()
	defer cancel()
	_, err := a.Next(ctx)
	t.is("Next of a reader that is over", err, transport.ErrLinkDown)
	if err := a.Close(); err != nil {
		t.Fatalf("Close of a reader that is over: %v", err)
	}
	_, err = near.Follow(ctx, transport.Latest())
	t.is("Follow", err, transport.ErrLinkDown)
	t.put(far, records("x", 2)...)
	t.sees(b, "x-1", "x-2")
	t.Faults.Heal(0)
	a = t.follow(near, transport.Latest())
	t.put(far, records("y", 1)...)
	t.sees(a, "y-1")
}

// resume cuts the link again and again while records come; the reader goes on behind the last one it saw.
func resume(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	r := t.follow(near, transport.Latest())
	last := r.Start()
	const rounds = 6
	all := records("x", 3*rounds)
	var seen []string
	ctx, cancel := t.within()
	defer cancel()
	for round := 0; len(seen) < len(all); {
		if round < rounds {
			t.put(far, all[3*round])
			t.Faults.Cut(0)
			t.put(far, all[3*round+1:3*round+3]...)
			t.Faults.Heal(0)
			round++
		}
		rs, err := r.Next(ctx)
		if errors.Is(err, transport.ErrLinkDown) {
			r.Close()
			r = t.follow(near, transport.After(last))
			continue
		}
		if err != nil {
			t.Fatalf("Next after %v: %v", seen, err)
		}
		for _, rec := range rs {
			if want := all[len(seen)].ID; rec.ID != want {
				t.Fatalf("the reader sees %s after %v, want %s", rec.ID, seen, want)
			}
			seen, last = append(seen, rec.ID), rec.Position
		}
	}
	t.seesNoMore(t.follow(near, transport.After(last)))
}

// appendBroken shows that ErrLinkDown means "not in the log", and that trying again makes one copy.
func appendBroken(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	r := t.follow(far, transport.Latest())
	t.put(near, records("before", 1)...)
	t.Faults.Cut(0)
	ctx, cancel := t.within()
	defer cancel()
	again := func(batch []transport.Record) {
		t.Helper()
		t.persist("Append again", func(ctx context.Context) error {
			_, err := near.Append(ctx, batch)
			return err
		})
	}
	var unknown, failed []transport.Record
	for i := 0; failed == nil; i++ {
		batch := records(fmt.Sprint("x", i), 2)
		_, err := near.Append(ctx, batch)
		if errors.Is(err, transport.ErrLinkDown) {
			failed = batch
			break
		}
		t.is("Append on a broken link", err, transport.ErrUnknown) // it may have been on its way
		unknown = append(unknown, batch...)
	}
	t.Faults.Heal(0)
	again(append(unknown, transport.Record{ID: "healed"}))
	t.sees(r, append(append([]string{"before-1"}, ids(unknown)...), "healed")...)
	again(failed)
	t.sees(r, ids(failed)...)
}

// takeBroken shows that a member outlives a break that is shorter than its Idle: it keeps what it holds, and goes on.
func takeBroken(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	m := t.join(near, "workers", transport.GroupConfig{})
	t.put(far, records("x", 2)...)
	held := t.take(m, 2)
	c := t.blocks(t.Context(), "Take", take(m))
	t.Faults.Cut(0)
	c.endsWith(transport.ErrLinkDown)
	ctx, cancel := t.within()
	defer cancel()
	t.is("Ack", m.Ack(ctx, held[0].Position), transport.ErrLinkDown)
	t.put(far, records("y", 1)...)
	t.Faults.Heal(0)
	t.persist("Ack again", func(ctx context.Context) error { return m.Ack(ctx, held[0].Position) })
	t.gets(m, "y-1")
	other := t.join(far, "workers", transport.GroupConfig{})
	t.giveBack(m, held[1])
	if d := t.take(other, 1)[0]; d.ID != "x-2" || d.Attempt != 2 {
		t.Fatalf("got %s, attempt %d; want x-2, attempt 2", d.ID, d.Attempt)
	}
	t.getsNoMore(other)
}
