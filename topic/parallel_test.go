package topic_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// n consumers work at once, and one key's messages are never with two of them.
func TestParallelKeepsTheOrderOfAKey(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		jobs := open[job](t, sys, "jobs", topic.KeyBy(func(j job) string { return j.Key }))
		var mu sync.Mutex
		busy, last, done := map[string]bool{}, map[string]int{}, 0
		sub := subscribe(t, jobs, func(ctx topic.Context, j job) error {
			mu.Lock()
			if busy[j.Key] || last[j.Key] >= j.N {
				t.Errorf("%v: busy %v, last %d", j, busy[j.Key], last[j.Key])
			}
			busy[j.Key] = true
			mu.Unlock()
			<-time.After(time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			delete(busy, j.Key)
			if j.N%10 == 0 && ctx.Attempt() == 1 {
				return errNo // its key waits with it
			}
			last[j.Key] = j.N
			done++
			return nil
		}, topic.Parallel(4))
		for n := 1; n <= 200; n++ {
			publish(t, jobs, job{fmt.Sprint(n % 9), n})
		}
		pass(time.Minute)
		if mu.Lock(); done != 200 {
			t.Error(done)
		}
		mu.Unlock()
		if n := len(sub.Stats()); n != 4 {
			t.Errorf("%d consumers", n)
		}
	})
}

func TestParallelWorksAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got := open[int](t, sys, "numbers"), newRecord[int]()
		sub := subscribe(t, numbers, func(ctx topic.Context, n int) error {
			<-time.After(time.Second)
			return got.on(ctx, n)
		}, topic.Parallel(8))
		start := time.Now()
		publish(t, numbers, upTo(32)...)
		if err := sub.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != 4*time.Second || len(got.all()) != 32 {
			t.Fatal(d, got.all())
		}
	})
}

// Spawn makes a value for each of the n consumers.
func TestParallelMakesNValues(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, log := open[int](t, sys, "numbers"), newRecord[string]()
		sub, err := topic.Spawn(numbers, newFragile(log, func(*fragile, topic.Context, int) error { return nil }), topic.Parallel(3))
		if err != nil {
			t.Fatal(err)
		}
		log.is(t, "start 1", "start 2", "start 3")
		sub.Stop()
		<-sub.Done()
		if n := len(log.all()); n != 6 {
			t.Fatal(log.all())
		}
		pass(time.Second)
		if s := numbers.Stats(); len(s.Subscriptions) != 0 {
			t.Fatal(s)
		}
	})
}

// Block counts the messages of all n consumers together.
func TestParallelBlocksPublishers(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		c := hold(t)
		subscribe(t, numbers, c.on, topic.Parallel(2), topic.Buffer(3))
		done := make(chan struct{})
		go func() {
			defer close(done)
			publish(t, numbers, upTo(6)...)
		}()
		synctest.Wait()
		if s := numbers.Stats(); s.Published != 3 || s.Waiting != 1 {
			t.Fatalf("%+v", s)
		}
		c.free()
		<-done
		synctest.Wait()
		if n := len(c.all()); n != 6 {
			t.Fatal(n)
		}
	})
}
