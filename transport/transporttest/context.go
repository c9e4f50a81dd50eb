package transporttest

import (
	"context"

	"github.com/azutoolkit/echo/transport"
)

var contextCases = []contractCase{
	{name: "ACancelledContextDoesNothing", test: cancelled},
	{name: "CancellingEndsABlockedCall", test: cancelBlocked},
	{name: "ACallThatWasCancelledConsumesNothing", test: cancelConsumes},
	{name: "HandlesOutliveTheContextTheyWereMadeWith", test: handlesOutlive},
}

// ops are the calls that take a context, by name.
func (t *trial) ops(link int, log transport.Log) map[string]func(context.Context) error {
	ops := map[string]func(context.Context) error{
		"Open": func(ctx context.Context) error {
			_, err := t.Links[link].Open(ctx, "orders", transport.Config{})
			return err
		},
		"Append": func(ctx context.Context) error {
			_, err := log.Append(ctx, []transport.Record{{ID: "never"}})
			return err
		},
		"Follow": func(ctx context.Context) error {
			_, err := log.Follow(ctx, transport.Latest())
			return err
		},
		"Stats": func(ctx context.Context) error {
			_, err := log.Stats(ctx)
			return err
		},
	}
	if t.can.Groups {
		ops["Group"] = func(ctx context.Context) error {
			_, err := log.Group(ctx, "workers", transport.GroupConfig{})
			return err
		}
	}
	if t.can.Patterns {
		ops["Topics"] = func(ctx context.Context) error { return t.catalog(link).Topics(ctx, func(string) {}) }
		ops["Remove"] = func(ctx context.Context) error { return t.catalog(link).Remove(ctx, "orders") }
	}
	return ops
}

func cancelled(t *trial) {
	log := t.open(0, "orders")
	r := t.follow(t.open(1, "orders"), transport.Latest())
	ops := t.ops(0, log)
	ops["Next"] = next(t.follow(log, transport.Latest()))
	var m transport.Group
	var held []transport.Delivery
	t.put(log, records("x", 2)...)
	if t.can.Groups {
		m = t.join(log, "busy", transport.GroupConfig{})
		t.put(log, records("y", 2)...)
		held = t.gets(m, "y-1")
		ops["Take"] = take(m)
		ops["Ack"] = func(ctx context.Context) error { return m.Ack(ctx, held[0].Position) }
		ops["GiveBack"] = func(ctx context.Context) error { return m.GiveBack(ctx, held[0].Position) }
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for what, op := range ops {
		t.begin(ctx, what+" with a cancelled context", op).endsWith(context.Canceled)
	}
	if m == nil {
		t.sees(r, "x-1", "x-2")
		return
	}
	t.sees(r, "x-1", "x-2", "y-1", "y-2")
	t.gets(m, "y-2")
	t.giveBack(m, held...)
	t.gets(m, "y-1#2")
}

func cancelBlocked(t *trial) {
	log := t.open(0, "orders")
	ops := map[string]func(context.Context) error{"Next": next(t.follow(log, transport.Latest()))}
	if t.can.Groups {
		ops["Take"] = take(t.join(log, "workers", transport.GroupConfig{}))
	}
	if t.can.Patterns {
		ops["Topics"] = func(ctx context.Context) error { return t.catalog(0).Topics(ctx, func(string) {}) }
	}
	for what, op := range ops {
		ctx, cancel := context.WithCancel(t.Context())
		c := t.blocks(ctx, what, op)
		cancel()
		c.endsWith(context.Canceled)
		ctx, cancel = context.WithTimeout(t.Context(), t.Quiet)
		t.begin(ctx, what, op).endsWith(context.DeadlineExceeded)
		cancel()
	}
}

func cancelConsumes(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	r := t.follow(near, transport.Latest())
	var m transport.Group
	if t.can.Groups {
		m = t.join(near, "workers", transport.GroupConfig{})
	}
	// Cancel at about the time when records come; whatever a call did not return must still be there.
	const n = 40
	all := records("x", n)
	read := t.begin(t.Context(), "Next, cancelled often", func(ctx context.Context) error {
		return often(ctx, n, func(ctx context.Context) (int, error) {
			rs, err := r.Next(ctx)
			return len(rs), err
		})
	})
	taken := t.begin(t.Context(), "Take, cancelled often", func(ctx context.Context) error {
		if m == nil {
			return nil
		}
		return often(ctx, n, func(ctx context.Context) (int, error) {
			ds, err := m.Take(ctx, 2)
			return len(ds), err
		})
	})
	for _, rec := range all {
		t.put(far, rec)
		t.pass(t.Quiet / 50)
	}
	if err := read.end(); err != nil {
		t.Fatal(err)
	}
	if err := taken.end(); err != nil {
		t.Fatal(err)
	}
}

func handlesOutlive(t *trial) {
	ctx, cancel := context.WithCancel(t.Context())
	log, err := t.Links[0].Open(ctx, "orders", transport.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := log.Follow(ctx, transport.Latest())
	if err != nil {
		t.Fatal(err)
	}
	var m transport.Group
	if t.can.Groups {
		if m, err = log.Group(ctx, "workers", transport.GroupConfig{}); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	t.pass(t.Quiet)
	t.put(log, records("x", 2)...)
	t.sees(r, "x-1", "x-2")
	if m != nil {
		t.gets(m, "x-1", "x-2")
	}
}
