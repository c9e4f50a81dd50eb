package transporttest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/azutoolkit/echo/transport"
)

var groupCases = []contractCase{
	{name: "AGroupGivesEachRecordToOneMember", test: oneMember, needs: []need{groups}},
	{name: "GroupsAndFollowersDoNotDisturbEachOther", test: groupsBeside, needs: []need{groups}},
	{name: "AGroupStartsWhereItIsTold", test: groupStarts, needs: []need{groups, replay}},
	{name: "AGroupKeepsItsPlaceWithoutMembers", test: groupKeeps, needs: []need{groups}},
	{name: "TakeReturnsAtMostMax", test: takeMax, needs: []need{groups}},
	{name: "GivenBackComesAgainFirst", test: givenBack, needs: []need{groups}},
	{name: "AttemptsAreCounted", test: attempts, needs: []need{groups}},
	{name: "AcknowledgedIsFinal", test: ackFinal, needs: []need{groups}},
	{name: "OnlyTheHolderAcknowledges", test: onlyHolder, needs: []need{groups}},
	{name: "AClosedMemberGivesBack", test: closedGivesBack, needs: []need{groups}},
	{name: "StatsDescribeGroups", test: groupStats, needs: []need{groups}},
}

func oneMember(t *trial) {
	const n = 90
	var members []transport.Group
	for i := range 4 {
		members = append(members, t.join(t.open(i%2, "orders"), "workers", transport.GroupConfig{}))
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[string]int{}
	ctx, cancel := t.within()
	defer cancel()
	for i, m := range members {
		wg.Go(func() {
			var last transport.Position
			for ctx.Err() == nil {
				ds, err := m.Take(ctx, 3)
				if err != nil {
					if ctx.Err() == nil {
						t.Errorf("member %d: Take: %v", i, err)
					}
					return
				}
				for _, d := range ds {
					if d.Attempt != 1 || d.Position.Compare(last) <= 0 {
						t.Errorf("member %d got %s at %v, attempt %d, after %v", i, d.ID, d.Position, d.Attempt, last)
					}
					last = d.Position
				}
				if err := m.Ack(ctx, places(ds)...); err != nil && ctx.Err() == nil {
					t.Errorf("member %d: Ack: %v", i, err)
				}
				mu.Lock()
				for _, d := range ds {
					got[d.ID]++
				}
				if len(got) == n {
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	publish(t, "orders", 3, n/3/5, 5)
	wg.Wait()
	for id, times := range got {
		if times != 1 {
			t.Errorf("%s was given %d times", id, times)
		}
	}
	if len(got) != n {
		t.Errorf("%d records were given, %d were appended", len(got), n)
	}
}

func groupsBeside(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	a, b := t.join(near, "a", transport.GroupConfig{}), t.join(far, "b", transport.GroupConfig{})
	elsewhere := t.join(t.open(0, "other"), "a", transport.GroupConfig{})
	r := t.follow(near, transport.Latest())
	t.put(far, records("x", 3)...)
	t.ack(a, t.gets(a, "x-1", "x-2", "x-3")...)
	t.gets(b, "x-1", "x-2", "x-3")
	t.sees(r, "x-1", "x-2", "x-3")
	t.leave(b)
	t.getsNoMore(a)
	t.getsNoMore(elsewhere)
	t.seesNoMore(r)
}

func groupStarts(t *trial) {
	log := t.open(0, "orders")
	ps := t.put(log, records("x", 3)...)
	latest := t.join(log, "latest", transport.GroupConfig{})
	earliest := t.join(log, "earliest", transport.GroupConfig{Start: transport.Earliest()})
	after := t.join(log, "after", transport.GroupConfig{Start: transport.After(ps[1])})
	// The group is there: where this member would start does not matter.
	late := t.join(t.open(1, "orders"), "latest", transport.GroupConfig{Start: transport.Earliest()})
	t.getsNoMore(late)
	t.leave(late)
	t.put(log, records("y", 1)...)
	t.gets(latest, "y-1")
	t.gets(earliest, "x-1", "x-2", "x-3", "y-1")
	t.gets(after, "x-3", "y-1")
	for _, m := range []transport.Group{latest, earliest, after} {
		t.getsNoMore(m)
	}
}

func groupKeeps(t *trial) {
	log := t.open(0, "orders")
	m := t.join(log, "workers", transport.GroupConfig{})
	t.put(log, records("x", 3)...)
	t.ack(m, t.gets(m, "x-1", "x-2")...)
	t.leave(m)
	t.put(log, records("y", 2)...)
	m = t.join(t.open(1, "orders"), "workers", transport.GroupConfig{})
	t.gets(m, "x-3", "y-1", "y-2")
	t.getsNoMore(m)
}

func takeMax(t *trial) {
	log := t.open(0, "orders")
	m := t.join(log, "workers", transport.GroupConfig{})
	t.put(log, records("x", 7)...)
	ctx, cancel := t.within()
	defer cancel()
	for _, max := range []int{-1, 0, 1, 2} {
		ds, err := m.Take(ctx, max)
		if err != nil || len(ds) == 0 || len(ds) > 1 && len(ds) > max {
			t.Fatalf("Take of at most %d: %v, %v", max, names(ds), err)
		}
	}
}

func givenBack(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	a, b := t.join(near, "workers", transport.GroupConfig{}), t.join(far, "workers", transport.GroupConfig{})
	t.put(near, records("x", 6)...)
	ds := t.gets(a, "x-1", "x-2", "x-3", "x-4")
	t.giveBack(a, ds[3], ds[1])
	t.giveBack(a, ds[2])
	t.gets(b, "x-2#2", "x-3#2", "x-4#2", "x-5", "x-6")
	t.ack(a, ds[0])
	// A blocked Take gets what is given back.
	c := t.blocks(t.Context(), "Take", take(b))
	t.put(near, records("y", 1)...)
	if err := c.end(); err != nil {
		t.Fatal(err)
	}
	c = t.blocks(t.Context(), "Take", take(a))
	t.leave(b)
	if err := c.end(); err != nil {
		t.Fatal(err)
	}
}

func attempts(t *trial) {
	log := t.open(0, "orders")
	m := t.join(log, "workers", transport.GroupConfig{})
	t.put(log, records("x", 2)...)
	ds := t.gets(m, "x-1", "x-2")
	for attempt := 2; attempt <= 5; attempt++ {
		t.giveBack(m, ds[0])
		ds[0] = t.gets(m, fmt.Sprintf("x-1#%d", attempt))[0]
	}
	t.ack(m, ds...)
	t.getsNoMore(m)
}

func ackFinal(t *trial) {
	log := t.open(0, "orders")
	m := t.join(log, "workers", transport.GroupConfig{})
	t.put(log, records("x", 3)...)
	ds := t.gets(m, "x-1", "x-2", "x-3")
	t.ack(m, ds[2], ds[0])
	t.ack(m, ds[2], ds[0]) // again, as after a lost reply
	t.giveBack(m, ds[0])   // it does not hold it any more
	t.leave(m)
	m = t.join(t.open(1, "orders"), "workers", transport.GroupConfig{})
	t.gets(m, "x-2#2")
	t.getsNoMore(m)
}

// onlyHolder shows that positions that a member does not hold are passed over.
func onlyHolder(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	a, b := t.join(near, "workers", transport.GroupConfig{}), t.join(far, "workers", transport.GroupConfig{})
	t.put(near, records("x", 3)...)
	ds := t.gets(a, "x-1", "x-2")
	nowhere, ahead := ds[0], ds[1]
	nowhere.Position.Epoch += "x"
	ahead.Position.Major += 1000
	t.ack(b, ds...)
	t.giveBack(b, ds...)
	t.ack(a, nowhere, ahead, transport.Delivery{})
	t.giveBack(a, nowhere, ahead, transport.Delivery{})
	ctx, cancel := t.within()
	defer cancel()
	if err := a.Ack(ctx); err != nil {
		t.Fatalf("Ack of nothing: %v", err)
	}
	t.gets(b, "x-3")
	t.getsNoMore(b)
	t.giveBack(a, ds...)
	t.gets(b, "x-1#2", "x-2#2")
	t.ack(a, ds...) // too late: b has them
	t.leave(b)
	t.gets(a, "x-1#3", "x-2#3", "x-3#2")
}

func closedGivesBack(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	a, b := t.join(near, "workers", transport.GroupConfig{}), t.join(far, "workers", transport.GroupConfig{})
	t.put(far, records("x", 4)...)
	ds := t.gets(a, "x-1", "x-2", "x-3")
	t.ack(a, ds[1])
	t.leave(a)
	t.leave(a)
	t.gets(b, "x-1#2", "x-3#2", "x-4")
	ctx, cancel := t.within()
	defer cancel()
	_, err := a.Take(ctx, 1)
	t.is("Take of a closed member", err, transport.ErrClosed)
	t.is("Ack of a closed member", a.Ack(ctx, ds[0].Position), transport.ErrClosed)
	t.is("GiveBack of a closed member", a.GiveBack(ctx, ds[0].Position), transport.ErrClosed)
}

func groupStats(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	log := t.open(0, "orders")
	b := t.join(log, "b", transport.GroupConfig{})
	t.join(t.open(1, "orders"), "b", transport.GroupConfig{})
	t.join(log, "a", transport.GroupConfig{})
	t.put(log, records("x", 5)...)
	ds := t.take(b, 3)
	t.ack(b, ds[0])
	t.giveBack(b, ds[2])
	st, err := log.Stats(ctx)
	want := []transport.GroupStats{{Name: "a", Lag: 5, Members: 1}, {Name: "b", Pending: 1, Lag: 3, Members: 2}}
	if err != nil || !slices.Equal(st.Groups, want) {
		t.Fatalf("Stats has the groups %+v, %v; want %+v", st.Groups, err, want)
	}
}
