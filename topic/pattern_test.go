package topic_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

func TestPatternMatchesTokens(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		patterns := []string{"*", ">", "a.*", "a.>", "*.b", "a.b", "a.*.c", "*.*"}
		want := map[string][]string{
			"a": {"*", ">"}, "b": {"*", ">"}, "a.b": {">", "a.*", "a.>", "*.b", "a.b", "*.*"}, "a.c": {">", "a.*", "a.>", "*.*"},
			"a.b.c": {">", "a.>", "a.*.c"}, "b.b": {">", "*.b", "*.*"}, "ä.b": {">", "*.b", "*.*"},
		}
		var mu sync.Mutex
		got := map[string][]string{}
		early := open[string](t, sys, "a.b")
		for _, p := range patterns {
			subscribe(t, match[string](t, sys, p), func(ctx topic.Context, s string) error {
				mu.Lock()
				defer mu.Unlock()
				got[ctx.Topic()] = append(got[ctx.Topic()], p)
				return nil
			})
		}
		publish(t, early, "")
		for name := range want {
			if name != "a.b" {
				publish(t, open[string](t, sys, name), "")
			}
			synctest.Wait()
		}
		for name, want := range want {
			slices.Sort(got[name])
			slices.Sort(want)
			equal(t, got[name], want)
		}
		for _, bad := range []string{"", ">.a", "a.**", "a..b", "a b"} {
			if _, err := topic.Match[string](sys, bad); err == nil {
				t.Errorf("%q is no pattern", bad)
			}
		}
	})
}

// The type chooses as well: a pattern of an interface takes all topics whose messages implement it.
func TestPatternMatchesTypes(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		anything, errs, ints := newRecord[any](), newRecord[error](), newRecord[int]()
		subscribe(t, match[any](t, sys, ">"), anything.on)
		subscribe(t, match[error](t, sys, ">"), errs.on)
		subscribe(t, match[int](t, sys, ">"), ints.on)
		publish(t, open[int](t, sys, "ints"), 1)
		synctest.Wait()
		publish(t, open[string](t, sys, "words"), "two")
		synctest.Wait()
		crash := &supervisor.PanicError{Value: 3}
		publish(t, open[*supervisor.PanicError](t, sys, "crashes"), crash)
		synctest.Wait()
		anything.is(t, 1, "two", crash)
		errs.is(t, crash)
		ints.is(t, 1)
	})
}

// Topics that are opened while others publish and subscribe: a pattern gets every message from the first on, once and in order.
func TestPatternMissesNothingOfLaterTopics(t *testing.T) {
	sys := newSystem(t)
	const topics, messages, patterns = 60, 20, 8
	var got [patterns]*record[string]
	var subs sync.WaitGroup
	begin := make(chan struct{})
	for i := range got {
		got[i] = newRecord[string]()
		p := match[int](t, sys, "n.*")
		subs.Go(func() {
			<-begin
			if _, err := p.Subscribe(func(ctx topic.Context, n int) error {
				got[i].add(fmt.Sprint(ctx.Topic(), " ", n))
				return nil
			}, topic.From(topic.Earliest), topic.Parallel(1+i%2)); err != nil {
				t.Error(err)
			}
		})
	}
	var publishers sync.WaitGroup
	for i := range topics {
		publishers.Go(func() {
			<-begin
			tp, err := topic.Open[int](sys, fmt.Sprint("n.", i))
			if err != nil {
				t.Error(err)
				return
			}
			for n := range messages {
				if err := tp.Publish(t.Context(), n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	close(begin)
	publishers.Wait()
	subs.Wait()
	for i, r := range got {
		all := r.wait(t, topics*messages)
		seen, next := map[string]bool{}, map[string]int{}
		for _, s := range all {
			var name string
			var n int
			if _, err := fmt.Sscan(s, &name, &n); err != nil {
				t.Fatal(err)
			}
			if seen[s] {
				t.Fatalf("twice: %s", s)
			}
			if seen[s] = true; i%2 == 0 && n != next[name] {
				t.Fatalf("%s: %d, want %d", name, n, next[name])
			}
			next[name]++
		}
	}
}

// The start holds for topics that there are; those that come later are read from their first message.
func TestPatternStart(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		a := open[int](t, sys, "a")
		publish(t, a, 1, 2)
		early, late := newRecord[int](), newRecord[int]()
		p := match[int](t, sys, "*")
		subscribe(t, p, early.on, topic.From(topic.Earliest))
		subscribe(t, p, late.on)
		synctest.Wait()
		publish(t, a, 3)
		synctest.Wait()
		publish(t, open[int](t, sys, "b"), 4)
		synctest.Wait()
		early.is(t, 1, 2, 3, 4)
		late.is(t, 3, 4)
	})
}

// A consumer of a pattern handles one message at a time, whatever the number of topics.
func TestPatternIsOneConsumer(t *testing.T) {
	sys := newSystem(t)
	var busy sync.Mutex
	got := newRecord[int]()
	subscribe(t, match[int](t, sys, "*"), func(ctx topic.Context, n int) error {
		if !busy.TryLock() {
			t.Error("two messages at once")
		}
		defer busy.Unlock()
		return got.on(ctx, n)
	})
	for i := range 4 {
		tp := open[int](t, sys, fmt.Sprint("t", i))
		go func() {
			for n := range 500 {
				_ = tp.Publish(t.Context(), n)
			}
		}()
	}
	got.wait(t, 2000)
}

func TestPatternInGroupsAndParallel(t *testing.T) {
	for name, opts := range map[string][]topic.SubscribeOption{"group": {topic.Group("g")}, "parallel": {topic.Parallel(3)}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				var mu sync.Mutex
				most, now, last := 0, 0, map[string]int{}
				got := newRecord[int]()
				on := func(ctx topic.Context, n int) error {
					key := ctx.Topic() + ctx.Key()
					mu.Lock()
					now++
					most = max(most, now)
					if last[key] >= n {
						t.Errorf("%s: %d after %d", key, n, last[key])
					}
					last[key] = n
					mu.Unlock()
					<-time.After(time.Millisecond)
					mu.Lock()
					now--
					mu.Unlock()
					return got.on(ctx, n)
				}
				p := match[int](t, sys, "*")
				subscribe(t, p, on, opts...)
				if name == "group" {
					subscribe(t, p, on, opts...)
					subscribe(t, p, on, opts...)
				}
				for i := range 3 {
					tp := open[int](t, sys, fmt.Sprint("t", i))
					for n := 1; n <= 50; n++ {
						if err := tp.Publish(t.Context(), n, topic.Key(fmt.Sprint(n%4))); err != nil {
							t.Fatal(err)
						}
					}
				}
				pass(time.Minute)
				if n := len(got.all()); n != 150 || most != 3 {
					t.Fatalf("%d messages, %d at once", n, most)
				}
			})
		})
	}
}

// A topic that is removed leaves its pattern subscriptions, also in the middle of a back-off; one of the same name joins again.
func TestPatternOutlivesItsTopics(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		got := newRecord[string]()
		sub := subscribe(t, match[string](t, sys, "*"), func(_ topic.Context, s string) error {
			if s == "bad" {
				return errNo
			}
			got.add(s)
			return nil
		}, topic.Supervise(supervisor.Policy{MinBackoff: time.Second, Retries: 1000}))
		a, b := open[string](t, sys, "a"), open[string](t, sys, "b")
		publish(t, a, "a1", "bad")
		pass(2 * time.Second)
		publish(t, b, "b1")
		pass(2 * time.Second)
		got.is(t, "a1")
		if err := a.Remove(t.Context()); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		got.is(t, "a1", "b1")
		publish(t, open[string](t, sys, "a"), "new a")
		synctest.Wait()
		got.is(t, "a1", "b1", "new a")
		if err := sub.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		publish(t, open[string](t, sys, "c"), "c")
		synctest.Wait()
		got.is(t, "a1", "b1", "new a")
	})
}

// The subscription of an actor to a pattern ends with the actor.
func TestPatternForgetsAnActorThatDies(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		got := newRecord[int]()
		pid := recorder(t, sys, got)
		sub, err := match[int](t, sys, "*").SubscribePID(pid)
		if err != nil {
			t.Fatal(err)
		}
		publish(t, open[int](t, sys, "a"), 1)
		synctest.Wait()
		got.is(t, 1)
		if err := sys.Stop(t.Context(), pid); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !ended(sub.Done()) {
			t.Fatal("the subscription lives")
		}
	})
}

// recorder is an actor that records numbers.
func recorder(t testing.TB, sys *actor.System, r *record[int]) *actor.PID {
	t.Helper()
	pid, err := sys.Spawn(func() actor.Actor {
		return actor.Func(func(ctx actor.Context) {
			if n, ok := ctx.Message().(int); ok {
				r.add(n)
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// A dead letter of a pattern goes to its topic's dead letters, and comes back by Redrive.
func TestPatternDeadLetters(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		healthy, got := false, newRecord[int]()
		subscribe(t, match[int](t, sys, "*"), func(ctx topic.Context, n int) error {
			if !healthy {
				return errNo
			}
			return got.on(ctx, n)
		}, topic.Name("all"), noRetries)
		a := open[int](t, sys, "a")
		letters := deadLetters(t, a)
		publish(t, a, 1)
		synctest.Wait()
		if all := letters.all(); len(all) != 1 || all[0].Consumer != "all" || all[0].Topic != "a" {
			t.Fatal(all)
		}
		healthy = true
		if n, err := a.Redrive(t.Context(), nil); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		synctest.Wait()
		got.is(t, 1)
	})
}

func TestPatternDisconnectsAsAWhole(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		c := hold(t)
		sub := subscribe(t, match[int](t, sys, "*"), c.on, topic.Overflow(topic.Disconnect), topic.Buffer(2))
		a := open[int](t, sys, "a")
		publish(t, a, 1, 2, 3, 4)
		synctest.Wait()
		if err := sub.Err(); !errors.Is(err, topic.ErrSlowConsumer) {
			t.Fatal(err)
		}
	})
}
