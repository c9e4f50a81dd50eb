package transporttest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/azutoolkit/echo/transport"
)

var catalogCases = []contractCase{
	{name: "TopicsTellsOfEveryLogOnce", test: topicsOnce, needs: []need{patterns}},
	{name: "TopicsEndsWithItsLink", test: topicsEnd, needs: []need{patterns, cutting}},
	{name: "RemoveEndsEverybody", test: removeEnds, needs: []need{patterns}},
	{name: "ARemovedTopicCanBeOpenedAgain", test: removedAgain, needs: []need{patterns}},
	{name: "RemovingNothingIsFine", test: removeNothing, needs: []need{patterns}},
}

func (t *trial) catalog(link int) transport.Catalog { return t.Links[link].(transport.Catalog) }

// listing runs Topics in a goroutine.
type listing struct {
	*call
	t      *trial
	cancel context.CancelFunc
	change chan struct{} // has room for one

	mu    sync.Mutex
	names []string
}

func (t *trial) list(link int) *listing {
	ctx, cancel := context.WithCancel(t.Context())
	l := &listing{t: t, cancel: cancel, change: make(chan struct{}, 1)}
	l.call = t.begin(ctx, "Topics", func(ctx context.Context) error {
		return t.catalog(link).Topics(ctx, func(topic string) {
			l.mu.Lock()
			l.names = append(l.names, topic)
			l.mu.Unlock()
			select {
			case l.change <- struct{}{}:
			default:
			}
		})
	})
	return l
}

// shows waits until n topics were seen, and checks that they are these, in any order.
func (l *listing) shows(want ...string) {
	l.t.Helper()
	ctx, cancel := l.t.within()
	defer cancel()
	for {
		l.mu.Lock()
		names := slices.Sorted(slices.Values(l.names))
		l.mu.Unlock()
		if len(names) >= len(want) {
			slices.Sort(want)
			if !slices.Equal(names, want) {
				l.t.Fatalf("Topics told of %v, want %v", names, want)
			}
			return
		}
		select {
		case <-l.change:
		case <-l.done:
			l.t.Fatalf("Topics returned %v", l.err)
		case <-ctx.Done():
			l.t.Fatalf("Topics told of %v only, want %v", names, want)
		}
	}
}

func topicsOnce(t *trial) {
	t.open(0, "a.1")
	t.open(1, "a.2")
	t.open(1, "a.1")
	near, far := t.list(0), t.list(1)
	near.shows("a.1", "a.2")
	far.shows("a.1", "a.2")
	t.open(0, "b")
	t.open(0, "a.1")
	t.open(1, "b")
	near.shows("a.1", "a.2", "b")
	far.shows("a.1", "a.2", "b")
	near.cancel()
	near.endsWith(context.Canceled)
	want := []string{"a.1", "a.2", "b"}
	var wg sync.WaitGroup
	for i := range 20 {
		name := fmt.Sprint("many.", i)
		want = append(want, name)
		wg.Go(func() {
			if _, err := t.Links[i%2].Open(t.Context(), name, transport.Config{}); err != nil {
				t.Errorf("Open: %v", err)
			}
		})
	}
	wg.Wait()
	far.shows(want...)
	t.pass(t.Quiet)
	far.shows(want...)
	far.cancel()
	far.endsWith(context.Canceled)
}

func topicsEnd(t *trial) {
	t.open(0, "a")
	l := t.list(0)
	l.shows("a")
	t.Faults.Cut(0)
	l.endsWith(transport.ErrLinkDown)
	l.cancel()
	t.Faults.Heal(0)
}

func removeEnds(t *trial) {
	near, far := t.open(0, "orders"), t.open(1, "orders")
	t.put(near, records("x", 2)...)
	calls := []*call{
		t.blocks(t.Context(), "Next", next(t.follow(near, transport.Latest()))),
		t.blocks(t.Context(), "Next on the other link", next(t.follow(far, transport.Latest()))),
	}
	if t.can.Groups {
		calls = append(calls, t.blocks(t.Context(), "Take", take(t.join(near, "workers", transport.GroupConfig{}))))
	}
	ctx, cancel := t.within()
	defer cancel()
	if err := t.catalog(1).Remove(ctx, "orders"); err != nil {
		t.Fatalf("Remove: %v", err)
	}
	for _, c := range calls {
		c.endsWith(transport.ErrRemoved)
	}
	for _, log := range []transport.Log{near, far} {
		_, err := log.Append(ctx, records("y", 1))
		t.is("Append", err, transport.ErrRemoved)
		_, err = log.Follow(ctx, transport.Latest())
		t.is("Follow", err, transport.ErrRemoved)
		_, err = log.Stats(ctx)
		t.is("Stats", err, transport.ErrRemoved)
	}
}

func removedAgain(t *trial) {
	old := t.open(0, "orders")
	t.open(0, "other")
	p := t.put(old, records("x", 2)...)[1]
	l := t.list(1)
	l.shows("orders", "other")
	ctx, cancel := t.within()
	defer cancel()
	if err := t.catalog(0).Remove(ctx, "orders"); err != nil {
		t.Fatalf("Remove: %v", err)
	}
	log := t.open(1, "orders")
	l.shows("orders", "orders", "other")
	l.cancel()
	l.endsWith(context.Canceled)
	_, err := old.Append(ctx, records("y", 1))
	t.is("Append through an old handle", err, transport.ErrRemoved)
	fresh := t.put(log, records("x", 1)...)[0]
	if fresh.Epoch == p.Epoch {
		t.Fatalf("the log was removed and its epoch is %q as before", p.Epoch)
	}
	if t.can.Replay {
		r := t.follow(log, transport.After(p))
		_, err = r.Next(ctx)
		t.isGap("Next behind a place in the removed log", err, -1)
		t.sees(r, "x-1")
	}
}

func removeNothing(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	for range 2 {
		if err := t.catalog(0).Remove(ctx, "never.opened"); err != nil {
			t.Fatalf("Remove: %v", err)
		}
	}
}
