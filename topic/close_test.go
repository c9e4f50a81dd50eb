package topic_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

// What was published is delivered before Close returns, whatever kind of consumer waits for it.
func TestCloseDrains(t *testing.T) {
	const n = 200
	slow := func(r *record[int]) func(topic.Context, int) error {
		return func(ctx topic.Context, m int) error {
			<-time.After(time.Millisecond)
			if m%50 == 0 && ctx.Attempt() == 1 {
				return errNo
			}
			r.add(m)
			return nil
		}
	}
	kinds := map[string]func(tp *topic.Topic[int], r *record[int]) (*topic.Subscription, error){
		"plain": func(tp *topic.Topic[int], r *record[int]) (*topic.Subscription, error) { return tp.Subscribe(slow(r)) },
		"parallel": func(tp *topic.Topic[int], r *record[int]) (*topic.Subscription, error) {
			return tp.Subscribe(slow(r), topic.Parallel(3))
		},
		"group": func(tp *topic.Topic[int], r *record[int]) (*topic.Subscription, error) {
			if _, err := tp.Subscribe(slow(r), topic.Group("g")); err != nil {
				return nil, err
			}
			return tp.Subscribe(slow(r), topic.Group("g"))
		},
		"queue": func(tp *topic.Topic[int], r *record[int]) (*topic.Subscription, error) {
			return tp.Subscribe(slow(r), topic.Overflow(topic.DropNewest))
		},
		"batch": func(tp *topic.Topic[int], r *record[int]) (*topic.Subscription, error) {
			return tp.SubscribeBatch(7, time.Hour, func(ctx topic.Context, ms []int) error {
				for _, m := range ms {
					r.add(m)
				}
				return nil
			})
		},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers, got := open[int](t, sys, "numbers"), newRecord[int]()
				if _, err := kind(numbers, got); err != nil {
					t.Fatal(err)
				}
				publish(t, numbers, upTo(n)...)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := sys.Close(ctx); err != nil {
					t.Fatal(err)
				}
				if all := got.all(); len(all) != n {
					t.Fatalf("%d of %d: %v", len(all), n, all)
				}
			})
		})
	}
}

func TestCloseDrainsPatternsAndConsumersOfSeveralTopics(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		a, b := open[int](t, sys, "a"), open[int](t, sys, "b")
		matched, both := newRecord[int](), newRecord[int]()
		subscribe(t, match[int](t, sys, "*"), matched.on)
		on := func(_ *struct{}, ctx topic.Context, m int) error { return both.on(ctx, m) }
		if _, err := topic.SpawnOn(sys, func() *struct{} { return new(struct{}) }, topic.With(a, on), topic.With(b, on)); err != nil {
			t.Fatal(err)
		}
		publish(t, a, upTo(100)...)
		publish(t, b, upTo(100)...)
		if err := sys.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if m, b := len(matched.all()), len(both.all()); m != 200 || b != 200 {
			t.Fatal(m, b)
		}
	})
}

// A consumer may publish to the next topic while the system closes: all that was in the first arrives in the last.
func TestCloseDrainsPipelines(t *testing.T) {
	for round := range 60 {
		sys := newSystem(t)
		const stages, n = 8, 3
		var last atomic.Int64
		next := open[int](t, sys, "stage0")
		first := next
		for i := 1; i <= stages; i++ {
			in := next
			next = open[int](t, sys, fmt.Sprint("stage", i))
			out := next
			subscribe(t, in, func(ctx topic.Context, m int) error { return out.Publish(ctx, m) }, topic.Buffer(2))
		}
		subscribe(t, next, func(topic.Context, int) error {
			last.Add(1)
			return nil
		})
		publish(t, first, upTo(n)...)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if err := sys.Close(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		if last.Load() != n {
			t.Fatalf("round %d: %d of %d arrived", round, last.Load(), n)
		}
	}
}

// A publication is refused or delivered: Publish does not return nil for what nobody will see.
func TestClosePublishIsRefusedOrDelivered(t *testing.T) {
	for range 30 {
		sys := newSystem(t)
		numbers := open[int](t, sys, "numbers")
		var accepted, delivered atomic.Int64
		subscribe(t, numbers, func(topic.Context, int) error {
			delivered.Add(1)
			return nil
		}, topic.Buffer(4))
		var publishers sync.WaitGroup
		started := make(chan struct{}, 20)
		for range 20 {
			publishers.Go(func() {
				for first := true; ; first = false {
					err := numbers.Publish(t.Context(), 1)
					if first {
						started <- struct{}{}
					}
					if err == nil {
						accepted.Add(1)
						continue
					}
					if !errors.Is(err, topic.ErrClosed) {
						t.Error(err)
					}
					return
				}
			})
		}
		for range 20 {
			<-started
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if err := sys.Close(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		publishers.Wait()
		if a, d := accepted.Load(), delivered.Load(); a != d {
			t.Fatalf("%d accepted, %d delivered", a, d)
		}
	}
}

func TestCloseRefusesEverythingAfterwards(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		sub := subscribe(t, numbers, newRecord[int]().on)
		p := match[int](t, sys, ">")
		for range 2 {
			if err := sys.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !ended(sub.Done()) || !errors.Is(sub.Err(), topic.ErrClosed) {
			t.Fatal(sub.Err())
		}
		errs := map[string]error{"publish": numbers.Publish(t.Context(), 1), "batch": numbers.PublishBatch(t.Context(), []int{1})}
		_, errs["subscribe"] = numbers.Subscribe(newRecord[int]().on)
		_, errs["open"] = topic.Open[int](sys, "another")
		_, errs["dead letters"] = numbers.DeadLetters()
		_, errs["group"] = numbers.Subscribe(newRecord[int]().on, topic.Group("g"))
		for what, err := range errs {
			if !errors.Is(err, topic.ErrClosed) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := p.Subscribe(newRecord[int]().on); err == nil {
			t.Error("a pattern subscription to a closed system")
		}
		sub.Stop()
		if err := sub.Drain(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Close gives up with its context, names who is left, and ends what it can.
func TestCloseNamesWhoDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := actor.NewSystem(actor.WithLogger(slog.New(slog.DiscardHandler)))
		numbers, release := open[int](t, sys, "numbers"), make(chan struct{})
		var told error
		stuck := subscribe(t, numbers, func(ctx topic.Context, _ int) error {
			<-ctx.Done()
			told = ctx.Err()
			<-release
			return nil
		}, topic.Name("stuck"))
		other := newRecord[int]()
		subscribe(t, numbers, other.on)
		publish(t, numbers, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		err := sys.Close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `subscription "stuck" of topic "numbers" is still busy`) {
			t.Error(err)
		}
		if d := time.Since(start); d < time.Minute || d > time.Minute+2*actor.Grace {
			t.Errorf("took %v", d)
		}
		other.is(t, 1)
		close(release)
		<-stuck.Done()
		if told == nil {
			t.Error("the consumer's context has not ended")
		}
	})
}

// A paused subscription is not waited for, and neither is one that was stopped.
func TestClosePassesOverPausedSubscriptions(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		sub := subscribe(t, numbers, newRecord[int]().on)
		sub.Pause()
		publish(t, numbers, 1, 2)
		start := time.Now()
		if err := sys.Close(t.Context()); err != nil || time.Since(start) > 0 {
			t.Fatal(err, time.Since(start))
		}
	})
}

// Close waits for a message between its attempts.
func TestCloseWaitsForBackOffs(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got := open[int](t, sys, "numbers"), newRecord[int]()
		subscribe(t, numbers, func(ctx topic.Context, n int) error {
			if ctx.Attempt() < 4 {
				return errNo
			}
			return got.on(ctx, n)
		}, topic.Supervise(supervisor.Policy{MinBackoff: time.Second}))
		publish(t, numbers, 1, 2)
		if err := sys.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		got.is(t, 1, 2)
	})
}

// A publisher that waits for room when Close begins is refused, instead of let in when the others have gone.
func TestCloseRefusesPublishersThatWait(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		c := hold(t)
		subscribe(t, numbers, c.on, topic.Buffer(2))
		publish(t, numbers, 1, 2)
		result := make(chan error, 1)
		go func() { result <- numbers.Publish(t.Context(), 3) }()
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- sys.Close(t.Context()) }()
		synctest.Wait()
		c.free()
		if err := <-closed; err != nil {
			t.Fatal(err)
		}
		if err := <-result; !errors.Is(err, topic.ErrClosed) {
			t.Fatal(err)
		}
		c.is(t, 1, 2)
	})
}
