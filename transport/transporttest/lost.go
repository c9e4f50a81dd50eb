package transporttest

import (
	"context"
	"errors"
	"fmt"

	"github.com/azutoolkit/echo/transport"
)

var lostCases = []contractCase{
	{name: "ADeadMembersRecordsComeAfterIdle", test: deadMember, needs: []need{groups, killing}},
	{name: "ABlockedTakeGetsADeadMembersRecords", test: deadWhileBlocked, needs: []need{groups, killing}},
	{name: "ASlowMemberIsNotSilent", test: slowMember, needs: []need{groups}},
	{name: "ASilentMemberComesTooLate", test: tooLate, needs: []need{groups, cutting}},
	{name: "AMemberOfTheSameNameTakesOver", test: takesOver, needs: []need{groups}},
	{name: "ADeadMemberComesBackAtOnce", test: comesBack, needs: []need{groups, killing}},
}

// stays checks that the member gets nothing for half of Idle.
func (t *trial) stays(m transport.Group) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), t.Idle/2)
	defer cancel()
	if ds, err := m.Take(ctx, 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("half of Idle is not over and the member gets %v, %v", names(ds), err)
	}
}

func deadMember(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	cfg := transport.GroupConfig{Idle: t.Idle}
	dead, alive := t.join(near, "workers", cfg), t.join(far, "workers", cfg)
	t.put(far, records("x", 4)...)
	ds := t.gets(dead, "x-1", "x-2", "x-3")
	t.ack(dead, ds[1])
	t.gets(alive, "x-4")
	t.kill(0)
	t.stays(alive)
	t.gets(alive, "x-1#2", "x-3#2")
	t.put(far, records("y", 1)...)
	t.gets(alive, "y-1")
	t.getsNoMore(alive)
}

// deadWhileBlocked lets a node die while a Take elsewhere blocks.
func deadWhileBlocked(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	cfg := transport.GroupConfig{Idle: t.Idle}
	lost, alive := t.join(near, "workers", cfg), t.join(far, "workers", cfg)
	t.put(far, records("x", 1)...)
	t.gets(lost, "x-1")
	c := t.blocks(t.Context(), "Take", func(ctx context.Context) error {
		ds, err := alive.Take(ctx, 1)
		if err == nil && names(ds)[0] != "x-1#2" {
			err = fmt.Errorf("got %v, want x-1#2", names(ds))
		}
		return err
	})
	t.kill(0)
	if err := c.end(); err != nil {
		t.Fatal(err)
	}
}

// slowMember holds records for much longer than Idle; it is open and its link is up, so nobody else gets them.
func slowMember(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	cfg := transport.GroupConfig{Idle: t.Idle}
	slow, other := t.join(near, "workers", cfg), t.join(far, "workers", cfg)
	t.put(far, records("x", 2)...)
	ds := t.gets(slow, "x-1", "x-2")
	for range 5 {
		t.stays(other)
	}
	t.ack(slow, ds[0])
	t.leave(slow)
	t.gets(other, "x-2#2")
	t.getsNoMore(other)
}

// tooLate cuts a member off for longer than Idle. Its records are with another member then, and what it says of
// them counts for nothing.
func tooLate(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	cfg := transport.GroupConfig{Idle: t.Idle}
	late, other := t.join(near, "workers", cfg), t.join(far, "workers", cfg)
	t.put(far, records("x", 2)...)
	ds := t.gets(late, "x-1", "x-2")
	c := t.blocks(t.Context(), "Take", take(other))
	t.Faults.Cut(0)
	if err := c.end(); err != nil { // x-1#2
		t.Fatal(err)
	}
	t.gets(other, "x-2#2")
	t.Faults.Heal(0)
	t.persist("a late Ack", func(ctx context.Context) error { return late.Ack(ctx, ds[0].Position) })
	t.persist("a late GiveBack", func(ctx context.Context) error { return late.GiveBack(ctx, ds[1].Position) })
	t.getsNoMore(late)
	t.getsNoMore(other)
	t.leave(other)
	t.gets(late, "x-1#3", "x-2#3")
	t.put(far, records("y", 1)...)
	t.gets(late, "y-1")
}

func takesOver(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	cfg := transport.GroupConfig{Member: "worker 1", Idle: t.Idle}
	old := t.join(near, "workers", cfg)
	t.put(far, records("x", 3)...)
	ds := t.gets(old, "x-1", "x-2")
	c := t.begin(t.Context(), "Take", func(ctx context.Context) error {
		for {
			if _, err := old.Take(ctx, 1); err != nil {
				return err
			}
		}
	})
	t.pass(t.Quiet)
	young := t.join(far, "workers", cfg)
	c.endsWith(transport.ErrClosed)
	ctx, cancel := t.within()
	defer cancel()
	t.is("Ack of a member that was replaced", old.Ack(ctx, ds[0].Position), transport.ErrClosed)
	t.gets(young, "x-1#2", "x-2#2", "x-3#2")
	t.leave(old)
	t.put(near, records("y", 1)...)
	t.gets(young, "y-1")
}

func comesBack(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	cfg := transport.GroupConfig{Member: "a", Idle: 100 * t.Patience}
	dead := t.join(near, "workers", cfg)
	t.put(far, records("x", 3)...)
	t.ack(dead, t.gets(dead, "x-1", "x-2")[1])
	t.kill(0)
	t.gets(t.join(far, "workers", cfg), "x-1#2", "x-3")
}
