package transporttest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/azutoolkit/echo/transport"
)

var keyedCases = []contractCase{
	{name: "AKeyIsWithOneMemberAtATime", test: keyOneMember, needs: []need{keyed}},
	{name: "AKeyKeepsItsOrder", test: keyOrder, needs: []need{keyed}},
	{name: "AKeyMovesOnWhenItsMemberIsLost", test: keyMoves, needs: []need{keyed, killing}},
	{name: "AMemberGivesBackItsKeysInOrder", test: keyGivenBack, needs: []need{keyed}},
	{name: "MembersAgreeOnKeyed", test: keyedAgree, needs: []need{keyed}},
}

// keyedRecords makes one record for each key, with IDs like x-1/key.
func keyedRecords(prefix string, keys ...string) []transport.Record {
	rs := records(prefix, len(keys))
	for i := range rs {
		rs[i].Key = keys[i]
		rs[i].ID += "/" + keys[i]
	}
	return rs
}

var byKey = transport.GroupConfig{Keyed: true}

func keyOneMember(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	a, b := t.join(near, "workers", byKey), t.join(far, "workers", byKey)
	t.put(near, keyedRecords("x", "red", "red", "blue", "", "red", "blue", "")...)
	first := t.gets(a, "x-1/red")
	// Everything of other keys, and without one, passes; red waits for a.
	other := t.gets(b, "x-3/blue", "x-4/", "x-6/blue", "x-7/")
	t.getsNoMore(b)
	second := t.gets(a, "x-2/red")
	t.ack(a, first...)
	t.getsNoMore(b)
	// b has finished blue, so a gets its next one; red is still a's.
	t.ack(b, other...)
	t.put(far, keyedRecords("y", "blue")...)
	third := t.gets(a, "x-5/red", "y-1/blue")
	t.put(far, keyedRecords("z", "red", "blue", "green")...)
	t.gets(b, "z-3/green")
	c := t.blocks(t.Context(), "Take", take(b))
	t.ack(a, append(second, third[0])...)
	if err := c.end(); err != nil { // z-1/red
		t.Fatal(err)
	}
	t.gets(a, "z-2/blue")
}

// keyOrder lets members work at random, acknowledge and give back, and checks that the records of every key are
// finished in order, by one member at a time.
func keyOrder(t *trial) {
	const n, members = 120, 4
	keys := []string{"a", "b", "c", ""}
	far := t.open(1, "orders")
	var mu sync.Mutex
	holder, finished, done := map[string]int{}, map[string]int{}, 0
	held := map[string]int{}
	ctx, cancel := t.within()
	defer cancel()
	var wg sync.WaitGroup
	work := func(who int, m transport.Group, rnd *rand.Rand) error {
		ds, err := m.Take(ctx, 1+rnd.IntN(4))
		if err != nil {
			return err
		}
		mu.Lock()
		for _, d := range ds {
			if held[d.Key] > 0 && holder[d.Key] != who && d.Key != "" {
				t.Errorf("member %d got %s while member %d holds that key", who, d.ID, holder[d.Key])
			}
			holder[d.Key] = who
			held[d.Key]++
		}
		mu.Unlock()
		t.pass(time.Duration(rnd.IntN(300)) * time.Microsecond)
		for i, d := range ds {
			// Once one is given back, the later ones go with it, or they would be finished before it.
			back := rnd.IntN(4) == 0
			mu.Lock()
			var turn int
			fmt.Sscanf(d.Type, "%d", &turn)
			if !back && d.Key != "" && turn != finished[d.Key] {
				t.Errorf("member %d got %s, number %d of its key, after %d were finished", who, d.ID, turn, finished[d.Key])
			}
			some := ds[i : i+1]
			if back {
				some = ds[i:]
			} else {
				finished[d.Key]++
				done++
			}
			for _, d := range some {
				held[d.Key]--
			}
			if done == n {
				defer cancel()
			}
			mu.Unlock()
			if back {
				return m.GiveBack(ctx, places(some)...)
			}
			if err := m.Ack(ctx, d.Position); err != nil {
				return err
			}
		}
		return nil
	}
	for who := range members {
		m := t.join(t.open(who%2, "orders"), "workers", byKey)
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(1, uint64(who)))
			for ctx.Err() == nil {
				if err := work(who, m, rnd); err != nil && ctx.Err() == nil {
					t.Errorf("member %d: %v", who, err)
					return
				}
			}
		})
	}
	turns := map[string]int{}
	for i := range n {
		r := keyedRecords(fmt.Sprint("x", i), keys[i*i%7%len(keys)])[0]
		r.Type = fmt.Sprint(turns[r.Key])
		turns[r.Key]++
		t.put(far, r)
	}
	wg.Wait()
	if done != n {
		t.Errorf("%d of %d records were finished: %v", done, n, finished)
	}
}

func keyMoves(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	cfg := transport.GroupConfig{Keyed: true, Idle: t.Idle}
	dead, alive := t.join(near, "workers", cfg), t.join(far, "workers", cfg)
	t.put(far, keyedRecords("x", "red", "red", "blue", "red")...)
	t.gets(dead, "x-1/red", "x-2/red")
	t.gets(alive, "x-3/blue")
	t.kill(0)
	t.stays(alive)
	t.gets(alive, "x-1/red#2", "x-2/red#2", "x-4/red")
	t.getsNoMore(alive)
}

func keyGivenBack(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	a, b := t.join(near, "workers", byKey), t.join(far, "workers", byKey)
	t.put(far, keyedRecords("x", "red", "red", "red", "red")...)
	ds := t.gets(a, "x-1/red", "x-2/red", "x-3/red")
	// What is given back stays a's while it holds another one of the key.
	t.giveBack(a, ds[1])
	t.getsNoMore(b)
	again := t.gets(a, "x-2/red#2")
	t.giveBack(a, ds[2], again[0], ds[0])
	t.gets(b, "x-1/red#2", "x-2/red#3", "x-3/red#2", "x-4/red")
	t.getsNoMore(a)
	c := t.begin(t.Context(), "Take", take(a))
	t.leave(b)
	if err := c.end(); err != nil {
		t.Fatal(err)
	}
	t.gets(a, "x-2/red#4", "x-3/red#3", "x-4/red#2")
}

func keyedAgree(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	t.join(t.open(0, "orders"), "workers", byKey)
	if _, err := t.open(1, "orders").Group(ctx, "workers", transport.GroupConfig{}); err == nil {
		t.Error("a member joined a keyed group without Keyed")
	}
}
