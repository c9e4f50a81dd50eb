package transporttest

import (
	"context"

	"github.com/azutoolkit/echo/transport"
)

var closeCases = []contractCase{
	{name: "ClosingAReaderEndsNext", test: closeReader},
	{name: "ClosingAMemberEndsTake", test: closeMember, needs: []need{groups}},
	{name: "ClosingALogEndsItsOwn", test: closeLog},
	{name: "ClosingATransportEndsAll", test: closeTransport},
	{name: "ClosingABrokenTransportEndsAll", test: closeBroken, needs: []need{cutting}},
}

func closeReader(t *trial) {
	log := t.open(0, "orders")
	a, b := t.follow(log, transport.Latest()), t.follow(log, transport.Latest())
	c := t.blocks(t.Context(), "Next", next(a))
	for range 2 {
		if err := a.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	c.endsWith(transport.ErrClosed)
	t.put(log, records("x", 1)...)
	t.begin(t.Context(), "Next", next(a)).endsWith(transport.ErrClosed)
	t.sees(b, "x-1")
}

func closeMember(t *trial) {
	log := t.open(0, "orders")
	a, b := t.join(log, "workers", transport.GroupConfig{}), t.join(log, "workers", transport.GroupConfig{})
	c := t.blocks(t.Context(), "Take", take(a))
	d := t.blocks(t.Context(), "a second Take", take(a))
	t.leave(a)
	c.endsWith(transport.ErrClosed)
	d.endsWith(transport.ErrClosed)
	t.put(log, records("x", 1)...)
	t.begin(t.Context(), "Take", take(a)).endsWith(transport.ErrClosed)
	t.gets(b, "x-1")
}

func closeLog(t *trial) {
	mine, other := t.open(0, "orders"), t.open(0, "orders")
	calls := []*call{t.blocks(t.Context(), "Next", next(t.follow(mine, transport.Latest())))}
	r := t.follow(other, transport.Latest())
	var m transport.Group
	if t.can.Groups {
		m = t.join(other, "workers", transport.GroupConfig{})
		gone := t.join(mine, "workers", transport.GroupConfig{})
		t.put(other, records("x", 1)...)
		t.read(r, 1)
		if err := calls[0].end(); err != nil { // it saw x-1
			t.Fatal(err)
		}
		calls[0] = t.blocks(t.Context(), "Next", next(t.follow(mine, transport.Latest())))
		t.gets(gone, "x-1")
		calls = append(calls, t.blocks(t.Context(), "Take", take(gone)))
	}
	for range 2 {
		if err := mine.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	for _, c := range calls {
		c.endsWith(transport.ErrClosed)
	}
	for what, op := range t.ops(0, mine) {
		if what == "Append" || what == "Follow" || what == "Stats" || what == "Group" {
			t.begin(t.Context(), what+" of a closed log", op).endsWith(transport.ErrClosed)
		}
	}
	if m != nil {
		t.gets(m, "x-1#2")
	}
	t.put(other, records("y", 1)...)
	t.sees(r, "y-1")
}

// everything starts blocked calls on a link and returns them with the log.
func (t *trial) everything(link int) (transport.Log, []*call) {
	t.Helper()
	log := t.open(link, "orders")
	calls := []*call{t.blocks(t.Context(), "Next", next(t.follow(log, transport.Latest())))}
	if t.can.Groups {
		calls = append(calls, t.blocks(t.Context(), "Take", take(t.join(log, "workers", transport.GroupConfig{}))))
	}
	if t.can.Patterns {
		calls = append(calls, t.blocks(t.Context(), "Topics", func(ctx context.Context) error {
			return t.catalog(link).Topics(ctx, func(string) {})
		}))
	}
	return log, calls
}

// closed closes a link twice and checks that nothing works any more.
func (t *trial) closed(link int, log transport.Log) {
	t.Helper()
	ctx, cancel := t.within()
	defer cancel()
	for range 2 {
		if err := t.Links[link].Close(ctx); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	for what, op := range t.ops(link, log) {
		t.begin(t.Context(), what+" of a closed transport", op).endsWith(transport.ErrClosed)
	}
	if err := log.Close(); err != nil {
		t.Fatalf("Close of a log of a closed transport: %v", err)
	}
}

func closeTransport(t *trial) {
	far := t.open(1, "orders")
	r := t.follow(far, transport.Latest())
	log, calls := t.everything(0)
	t.closed(0, log)
	for _, c := range calls {
		c.endsWith(transport.ErrClosed)
	}
	t.put(far, records("x", 1)...)
	t.sees(r, "x-1")
}

func closeBroken(t *trial) {
	log, calls := t.everything(0)
	t.Faults.Cut(0)
	for _, c := range calls {
		c.endsWith(transport.ErrLinkDown)
	}
	t.closed(0, log)
}
