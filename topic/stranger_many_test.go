package topic_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
)

// heap is how many bytes are in use after a collection.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// keeps fails the test if f leaves more than 4 MB behind, or a goroutine; n is how many things f makes. It calls f twice: the
// first time tables grow to the size that they need, the engine's alone to 9 MB.
func keeps(t *testing.T, n int, f func()) {
	t.Helper()
	f()
	before, goroutines := heap(), runtime.NumGoroutine()
	f()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); ; <-tick.C { // goroutines end a moment after what they did
		more := runtime.NumGoroutine() - goroutines
		if more <= 0 {
			break
		}
		if time.Now().After(end) {
			t.Errorf("%d goroutines are left", more)
			break
		}
	}
	if grown := heap() - before; grown > 4<<20 {
		t.Errorf("%d KiB are left, which is %d bytes for each of %d", grown>>10, grown/int64(n), n)
	}
}

func TestSubscribingAndStoppingLeavesNothing(t *testing.T) {
	const n = 50_000 // twice
	sys := topictest.NewSystem(t)
	tp := mustOpen[World](t, sys, "worlds")
	rec := topictest.Record(t, tp)
	mustPublish(t, tp, World{"a"})
	rec.Wait(1)
	keeps(t, n, func() {
		kinds := [][]topic.SubscribeOption{nil, {topic.Name("n")}, {topic.Group("g")}, {topic.Overflow(topic.Latest)}, {topic.Parallel(2)}, {topic.From(topic.Earliest)}}
		for i := range n {
			sub := mustSubscribe(t, tp, nothing, kinds[i%len(kinds)]...)
			sub.Stop()
			await(t, "end of the subscription", sub.Done())
		}
	})
	if s := tp.Stats().Subscriptions; len(s) != 1 {
		t.Errorf("%d subscriptions are left", len(s)-1)
	}
	mustPublish(t, tp, World{"b"})
	rec.Wait(2)
}

func TestManySubscriptionsAtOnceLeaveNothing(t *testing.T) {
	const n = 20_000
	sys := topictest.NewSystem(t)
	tp := mustOpen[World](t, sys, "worlds")
	mustPublish(t, tp, World{"a"})
	keeps(t, n, func() {
		var handled atomic.Int64
		subs := make([]*topic.Subscription, n)
		for i := range subs {
			subs[i] = mustSubscribe(t, tp, func(topic.Context, World) error { handled.Add(1); return nil })
		}
		mustPublish(t, tp, World{"b"})
		ctx := within(t, 20*time.Second)
		rand.Shuffle(n, func(i, j int) { subs[i], subs[j] = subs[j], subs[i] })
		var wg sync.WaitGroup
		for part := range 4 {
			wg.Go(func() {
				for i := part; i < n; i += 4 {
					if err := subs[i].Drain(ctx); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		if handled.Load() != n {
			t.Errorf("%d of %d handled the message", handled.Load(), n)
		}
	})
}

func TestTopicsOpenedAndRemovedLeaveNothing(t *testing.T) {
	const n = 10_000
	sys := topictest.NewSystem(t)
	ctx := within(t, 30*time.Second)
	keeps(t, n, func() {
		for i := range n {
			name := fmt.Sprintf("topic.%d", i%100)
			if i%2 == 0 {
				tp := mustOpen[World](t, sys, name)
				mustSubscribe(t, tp, nothing, topic.Name("n"))
				mustPublish(t, tp, World{"a"})
				if err := tp.Remove(ctx); err != nil {
					t.Fatal(err)
				}
				continue
			}
			// again at once, with another type
			tp := mustOpen[int](t, sys, fmt.Sprintf("topic.%d", (i-1)%100))
			if err := tp.Publish(ctx, i); err != nil {
				t.Fatal(err)
			}
			if err := tp.Remove(ctx); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestManyTopicsAtOnceLeaveNothing(t *testing.T) {
	const n = 10_000
	sys := topictest.NewSystem(t)
	ctx := within(t, 30*time.Second)
	all, err := topic.Match[World](sys, "many.>")
	if err != nil {
		t.Fatal(err)
	}
	keeps(t, n, func() {
		rec := topictest.Record(t, all)
		topics := make([]*topic.Topic[World], n)
		for i := range topics {
			topics[i] = mustOpen[World](t, sys, fmt.Sprintf("many.%d", i))
			mustPublish(t, topics[i], World{"a"})
		}
		rec.Wait(n)
		for _, tp := range topics {
			if err := tp.Remove(ctx); err != nil {
				t.Fatal(err)
			}
		}
		rec.Subscription().Stop()
		await(t, "end of the recorder", rec.Subscription().Done())
	})
}
