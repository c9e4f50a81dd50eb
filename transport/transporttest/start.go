package transporttest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/azutoolkit/echo/transport"
)

var startCases = []contractCase{
	{name: "LatestSeesOnlyWhatIsLater", test: latestOnly},
	{name: "FollowIsInEffectWhenItReturns", test: followInEffect},
	{name: "EarliestSeesAllThatIsRetained", test: earliestAll, needs: []need{replay}},
	{name: "AfterGoesOnBehindAPosition", test: afterPosition, needs: []need{replay}},
	{name: "AfterAnUnknownPlaceIsAGap", test: afterNowhere, needs: []need{replay}},
	{name: "SinceStartsAtATime", test: sinceTime, needs: []need{clock}},
	{name: "StartSaysWhatWillBeRead", test: startSays, needs: []need{replay}},
	{name: "ReplayJoinsTheLiveFlow", test: replayJoins, needs: []need{replay}},
}

func latestOnly(t *trial) {
	log := t.open(0, "orders")
	t.put(log, records("old", 3)...)
	r := t.follow(t.open(1, "orders"), transport.Latest())
	zero := t.follow(log, transport.Start{})
	t.put(log, records("new", 2)...)
	t.sees(r, "new-1", "new-2")
	t.sees(zero, "new-1", "new-2")
}

func followInEffect(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	for i := range 50 {
		r := t.follow(far, transport.Latest())
		all := records(fmt.Sprint("round", i), 1)
		t.put(near, all...)
		if got := ids(t.read(r, 1)); got[0] != all[0].ID {
			t.Fatalf("round %d: the reader sees %v, want %s", i, got, all[0].ID)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func earliestAll(t *trial) {
	log := t.open(0, "orders")
	t.sees(t.follow(log, transport.Earliest()))
	all := records("x", 9)
	t.put(log, all...)
	t.sees(t.follow(t.open(1, "orders"), transport.Earliest()), ids(all)...)
	t.sees(t.follow(log, transport.After(transport.Position{})), ids(all)...)
}

func afterPosition(t *trial) {
	log := t.open(0, "orders")
	all := records("x", 6)
	ps := slices.Concat(t.put(log, all[:4]...), t.put(log, all[4:]...))
	for i, p := range ps {
		t.sees(t.follow(t.open(1, "orders"), transport.After(p)), ids(all[i+1:])...)
	}
	end := t.follow(t.open(1, "orders"), transport.After(ps[5]))
	t.put(log, records("later", 1)...)
	t.sees(end, "later-1")
}

func afterNowhere(t *trial) {
	log := t.open(0, "orders")
	last := t.put(log, records("x", 3)...)[2]
	other, ahead := last, last
	other.Epoch += "x"
	ahead.Major++
	for what, p := range map[string]transport.Position{"another epoch": other, "a place ahead of the end": ahead} {
		r := t.follow(log, transport.After(p))
		ctx, cancel := t.within()
		defer cancel()
		_, err := r.Next(ctx)
		if gap := t.isGap("Next after "+what, err, -1); gap.Next.Epoch != last.Epoch {
			t.Fatalf("after %s: reading goes on in epoch %q, want %q", what, gap.Next.Epoch, last.Epoch)
		}
		t.sees(r, "x-1", "x-2", "x-3")
	}
}

func sinceTime(t *trial) {
	log := t.open(0, "orders")
	begin := time.Now()
	t.pass(50 * time.Millisecond)
	t.put(log, records("old", 3)...)
	t.pass(50 * time.Millisecond)
	middle := time.Now()
	t.pass(50 * time.Millisecond)
	t.put(log, records("new", 2)...)
	since := func(at time.Time) transport.Reader { return t.follow(t.open(1, "orders"), transport.Since(at)) }
	future := since(time.Now().Add(time.Hour))
	t.sees(since(middle), "new-1", "new-2")
	t.sees(since(middle.In(time.FixedZone("x", -3600))), "new-1", "new-2")
	t.sees(since(begin), "old-1", "old-2", "old-3", "new-1", "new-2")
	t.sees(since(time.Time{}), "old-1", "old-2", "old-3", "new-1", "new-2")
	t.put(log, records("later", 1)...)
	t.sees(future, "later-1")
}

// startSays follows again from every reader's Start, and sees the same.
func startSays(t *trial) {
	log := t.open(0, "orders")
	ps := t.put(log, records("x", 4)...)
	starts := []transport.Start{transport.Latest(), transport.Earliest(), transport.After(ps[1]), transport.After(ps[3])}
	if t.can.Time {
		starts = append(starts, transport.Since(time.Time{}), transport.Since(time.Now().Add(time.Hour)))
	}
	var readers []transport.Reader
	for _, s := range starts {
		readers = append(readers, t.follow(log, s))
	}
	t.put(log, records("y", 2)...)
	for i, n := range []int{2, 6, 4, 2, 6, 2}[:len(starts)] {
		first, again := t.read(readers[i], n), t.read(t.follow(log, transport.After(readers[i].Start())), n)
		if !slices.Equal(ids(first), ids(again)) {
			t.Fatalf("from %v: %v; after its Start %v: %v", starts[i], ids(first), readers[i].Start(), ids(again))
		}
		t.seesNoMore(readers[i])
	}
}

// replayJoins starts readers while a publisher writes: each sees all, without a gap or a repeat at the seam.
func replayJoins(t *trial) {
	const n, readers = 300, 8
	log := t.open(0, "orders")
	all := records("x", n)
	first := t.put(log, all[0])[0]
	var wg sync.WaitGroup
	wg.Go(func() {
		ctx, cancel := t.within()
		defer cancel()
		for _, r := range all[1:] {
			if _, err := log.Append(ctx, []transport.Record{r}); err != nil {
				t.Errorf("Append: %v", err)
				return
			}
		}
	})
	for i := range readers {
		far := t.open(1, "orders")
		wg.Go(func() {
			ctx, cancel := t.within()
			defer cancel()
			from, want := transport.Earliest(), ids(all)
			if i%2 == 1 {
				from, want = transport.After(first), ids(all[1:])
			}
			r, err := far.Follow(ctx, from)
			if err != nil {
				t.Errorf("Follow: %v", err)
				return
			}
			got, err := readN(ctx, r, len(want))
			if err != nil || !slices.Equal(ids(got), want) {
				t.Errorf("reader %d sees %v, %v; want %v", i, ids(got), err, want)
			}
		})
	}
	wg.Wait()
}
