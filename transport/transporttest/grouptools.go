package transporttest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/azutoolkit/echo/transport"
)

func (t *trial) join(log transport.Log, name string, cfg transport.GroupConfig) transport.Group {
	t.Helper()
	ctx, cancel := t.within()
	defer cancel()
	g, err := log.Group(ctx, name, cfg)
	if err != nil {
		t.Fatalf("Group %q: %v", name, err)
	}
	return g
}

// take returns the next n deliveries of a member.
func (t *trial) take(m transport.Group, n int) []transport.Delivery {
	t.Helper()
	ctx, cancel := t.within()
	defer cancel()
	ds, err := takeN(ctx, m, n)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// takeN is take for other goroutines.
func takeN(ctx context.Context, m transport.Group, n int) ([]transport.Delivery, error) {
	var ds []transport.Delivery
	for len(ds) < n {
		next, err := m.Take(ctx, n-len(ds))
		if err != nil {
			return ds, fmt.Errorf("taking after %d of %d records (%v): %w", len(ds), n, names(ds), err)
		}
		if len(next) == 0 || len(next) > n-len(ds) {
			return ds, fmt.Errorf("got %[2]d records from a Take of at most %[1]d", n-len(ds), len(next))
		}
		ds = append(ds, next...)
	}
	return ds, nil
}

// names tells deliveries by ID and attempt: "x-1" is the first attempt, "x-1#2" the second.
func names(ds []transport.Delivery) []string {
	out := make([]string, len(ds))
	for i, d := range ds {
		out[i] = d.ID
		if d.Attempt != 1 {
			out[i] = fmt.Sprintf("%s#%d", d.ID, d.Attempt)
		}
	}
	return out
}

// gets checks that the member's next deliveries are these, as names tells them.
func (t *trial) gets(m transport.Group, want ...string) []transport.Delivery {
	t.Helper()
	ds := t.take(m, len(want))
	if !slices.Equal(names(ds), want) {
		t.Fatalf("the member gets\n%v, want\n%v", names(ds), want)
	}
	return ds
}

func (t *trial) getsNoMore(m transport.Group) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), t.Quiet)
	defer cancel()
	if ds, err := m.Take(ctx, 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the member gets %v, %v; want nothing until the context ends", names(ds), err)
	}
}

func places(ds []transport.Delivery) []transport.Position {
	ps := make([]transport.Position, len(ds))
	for i, d := range ds {
		ps[i] = d.Position
	}
	return ps
}

func (t *trial) ack(m transport.Group, ds ...transport.Delivery) {
	t.Helper()
	ctx, cancel := t.within()
	defer cancel()
	if err := m.Ack(ctx, places(ds)...); err != nil {
		t.Fatalf("Ack of %v: %v", names(ds), err)
	}
}

func (t *trial) giveBack(m transport.Group, ds ...transport.Delivery) {
	t.Helper()
	ctx, cancel := t.within()
	defer cancel()
	if err := m.GiveBack(ctx, places(ds)...); err != nil {
		t.Fatalf("GiveBack of %v: %v", names(ds), err)
	}
}

func (t *trial) leave(m transport.Group) {
	t.Helper()
	if err := m.Close(); err != nil {
		t.Fatalf("Close of a member: %v", err)
	}
}
