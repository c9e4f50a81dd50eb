package transporttest

import (
	"context"
	"errors"

	"github.com/azutoolkit/echo/transport"
)

var epochCases = []contractCase{
	{name: "ARestartThatKeepsTheLogLosesNothing", test: restartKeeps, needs: []need{restarting, replay}},
	{name: "ALostLogBeginsAnotherEpoch", test: restartLoses, needs: []need{restarting, replay}},
	{name: "AGroupIsToldOfALostLog", test: restartGroup, needs: []need{restarting, groups}},
}

func restartKeeps(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	r := t.follow(near, transport.Latest())
	ps := t.put(far, records("x", 3)...)
	t.read(r, 3)
	c := t.blocks(t.Context(), "Next", next(r))
	t.Faults.Restart(true)
	c.endsWith(transport.ErrLinkDown)
	r = t.follow(near, transport.After(ps[1]))
	t.persist("Append", func(ctx context.Context) error {
		_, err := far.Append(ctx, records("y", 1))
		return err
	})
	t.sees(r, "x-3", "y-1")
}

func restartLoses(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	r := t.follow(near, transport.Latest())
	empty := t.follow(near, transport.Latest()).Start()
	ps := t.put(far, records("x", 3)...)
	t.read(r, 3)
	c := t.blocks(t.Context(), "Next", next(r))
	t.Faults.Restart(false)
	c.endsWith(transport.ErrLinkDown)
	var fresh []transport.Position
	t.persist("Append", func(ctx context.Context) (err error) {
		fresh, err = far.Append(ctx, records("x", 2)) // the remembered IDs are lost too
		return err
	})
	if fresh[0].Epoch == ps[0].Epoch {
		t.Fatalf("the log was lost and its epoch is %q as before", ps[0].Epoch)
	}
	ctx, cancel := t.within()
	defer cancel()
	for _, old := range []transport.Position{ps[2], ps[0], empty} {
		r = t.follow(near, transport.After(old))
		_, err := r.Next(ctx)
		gap := t.isGap("Next behind a place in a lost log", err, -1)
		t.sees(r, "x-1", "x-2")
		t.sees(t.follow(near, transport.After(gap.Next)), "x-1", "x-2")
		if r.Start().Epoch != fresh[0].Epoch {
			t.Fatalf("the reader starts at %v, the log's epoch is %q", r.Start(), fresh[0].Epoch)
		}
	}
}

func restartGroup(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	m := t.join(near, "workers", transport.GroupConfig{})
	t.put(far, records("x", 3)...)
	held := t.gets(m, "x-1", "x-2")
	t.Faults.Restart(false)
	t.persist("Append", func(ctx context.Context) error {
		_, err := far.Append(ctx, records("y", 2))
		return err
	})
	ctx, cancel := t.within()
	defer cancel()
	err := transport.ErrLinkDown
	for errors.Is(err, transport.ErrLinkDown) {
		_, err = m.Take(ctx, 1)
	}
	t.isGap("Take after the log was lost", err, -1)
	t.persist("Ack of what was lost", func(ctx context.Context) error { return m.Ack(ctx, places(held)...) })
	t.gets(m, "y-1", "y-2")
	t.getsNoMore(m)
}
