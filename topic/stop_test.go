package topic_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

func TestStopEndsNow(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		for name, opts := range map[string][]topic.SubscribeOption{"plain": nil, "group": {topic.Group("g")}, "queue": {topic.Overflow(topic.DropNewest)}} {
			c := hold(t)
			sub := subscribe(t, numbers, c.on, opts...)
			publish(t, numbers, 1, 2, 3)
			pass(time.Second)
			sub.Stop()
			sub.Stop()
			synctest.Wait()
			if ended(sub.Done()) {
				t.Fatalf("%s: ended with a message in the consumer's hands", name)
			}
			c.free()
			<-sub.Done()
			c.is(t, 1)
			if err := sub.Err(); err != nil {
				t.Fatal(name, err)
			}
		}
		if n := len(numbers.Stats().Subscriptions); n != 0 {
			t.Fatalf("%d subscriptions are left", n)
		}
	})
}

// A consumer may stop itself: nothing more comes.
func TestStopByTheConsumerItself(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got := open[int](t, sys, "numbers"), newRecord[int]()
		byPID, byHandle := newRecord[int](), make(chan *topic.Subscription, 1)
		sub := subscribe(t, numbers, func(_ topic.Context, n int) error {
			got.add(n)
			s := <-byHandle
			s.Stop()
			return nil
		})
		byHandle <- sub
		other := subscribe(t, numbers, func(ctx topic.Context, n int) error {
			byPID.add(n)
			ctx.Stop(ctx.Self())
			return nil
		})
		publish(t, numbers, 1, 2, 3)
		<-sub.Done()
		<-other.Done()
		got.is(t, 1)
		byPID.is(t, 1)
	})
}

func TestDrainHandlesWhatIsInTheLog(t *testing.T) {
	kinds := map[string][]topic.SubscribeOption{
		"plain":       nil,
		"parallel":    {topic.Parallel(3)},
		"group":       {topic.Group("g")},
		"drop oldest": {topic.Overflow(topic.DropOldest)},
		"drop newest": {topic.Overflow(topic.DropNewest)},
		"small":       {topic.Buffer(64)},
	}
	for name, opts := range kinds {
		for _, paused := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, paused %v", name, paused), func(t *testing.T) {
				bubble(t, func(t *testing.T, sys *actor.System) {
					numbers, got := open[int](t, sys, "numbers"), newRecord[int]()
					sub := subscribe(t, numbers, func(ctx topic.Context, n int) error {
						<-time.After(time.Millisecond)
						if n == 7 && ctx.Attempt() == 1 {
							panic("seven")
						}
						return got.on(ctx, n)
					}, opts...)
					if paused {
						sub.Pause()
					}
					publish(t, numbers, upTo(50)...)
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					if err := sub.Drain(ctx); err != nil {
						t.Fatal(err)
					}
					<-sub.Done()
					if n := len(got.all()); n != 50 || sub.Err() != nil {
						t.Fatal(n, sub.Err())
					}
					publish(t, numbers, 51)
					pass(time.Second)
					if n := len(got.all()); n != 50 {
						t.Fatal("a message after Drain")
					}
				})
			})
		}
	}
}

// Drain gives up with its context, and the subscription goes on to drain.
func TestDrainEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		c := hold(t)
		sub := subscribe(t, numbers, c.on, topic.Name("busy"))
		publish(t, numbers, 1, 2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := sub.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `"busy"`) {
			t.Fatal(err)
		}
		c.free()
		<-sub.Done()
		c.is(t, 1, 2)
	})
}

// A poison pill sent to the subscription's PID drains it.
func TestDrainByPoisonPill(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got := open[int](t, sys, "numbers"), newRecord[int]()
		sub := subscribe(t, numbers, got.on)
		sub.Pause()
		publish(t, numbers, upTo(10)...)
		sys.Engine().Root.Poison(sub.PID())
		<-sub.Done()
		got.is(t, upTo(10)...)
	})
}

func TestPauseKeepsMessagesForResume(t *testing.T) {
	kinds := map[string][]topic.SubscribeOption{"plain": nil, "parallel": {topic.Parallel(2)}, "group": {topic.Group("g")},
		"drop newest": {topic.Overflow(topic.DropNewest)}}
	for name, opts := range kinds {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers, got, other := open[int](t, sys, "numbers"), newRecord[int](), newRecord[int]()
				sub := subscribe(t, numbers, got.on, opts...)
				subscribe(t, numbers, other.on)
				publish(t, numbers, 1)
				synctest.Wait()
				sub.Pause()
				publish(t, numbers, 2, 3)
				synctest.Wait()
				got.is(t, 1)
				other.is(t, 1, 2, 3)
				if s := sub.Stats()[0]; s.State != "paused" || s.Lag != 2 {
					t.Fatalf("%+v", s)
				}
				sub.Resume()
				synctest.Wait()
				if n := len(got.all()); n != 3 {
					t.Fatal(got.all())
				}
				if s := sub.Stats()[0]; s.State != "idle" || s.Lag != 0 {
					t.Fatalf("%+v", s)
				}
			})
		})
	}
}

func TestRemoveFreesTheName(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		sub := subscribe(t, numbers, newRecord[int]().on)
		full := hold(t)
		slow := subscribe(t, numbers, full.on, topic.Buffer(1))
		publish(t, numbers, 1)
		synctest.Wait()
		waiting := make(chan error, 1)
		go func() { waiting <- numbers.Publish(t.Context(), 2) }()
		synctest.Wait()
		removed := make(chan error, 1)
		go func() { removed <- numbers.Remove(t.Context()) }()
		synctest.Wait()
		if err := <-waiting; !errors.Is(err, topic.ErrRemoved) {
			t.Error(err)
		}
		full.free()
		if err := <-removed; err != nil {
			t.Fatal(err)
		}
		for _, s := range []*topic.Subscription{sub, slow} {
			if !ended(s.Done()) || !errors.Is(s.Err(), topic.ErrRemoved) {
				t.Error(s.Err())
			}
		}
		if err := numbers.Publish(t.Context(), 3); !errors.Is(err, topic.ErrRemoved) {
			t.Error(err)
		}
		words, got := open[string](t, sys, "numbers"), newRecord[string]()
		subscribe(t, words, got.on, topic.From(topic.Earliest))
		publish(t, words, "a")
		synctest.Wait()
		got.is(t, "a")
		if err := numbers.Remove(t.Context()); err != nil {
			t.Error("a second time:", err)
		}
	})
}

// When Stop returns the message that is being handed out at that moment may still begin, and no other.
func TestStopHandsOutNoMoreThanTheMessageAtHand(t *testing.T) {
	sys := newSystem(t)
	numbers := open[int](t, sys, "numbers")
	for range 300 {
		var stopped atomic.Bool
		var late atomic.Int64
		began := make(chan struct{})
		begin := sync.OnceFunc(func() { close(began) })
		sub := subscribe(t, numbers, func(ctx topic.Context, n int) error {
			if stopped.Load() {
				late.Add(1)
			}
			begin()
			return nil
		})
		if err := numbers.PublishBatch(t.Context(), upTo(300)); err != nil {
			t.Fatal(err)
		}
		<-began
		sub.Stop()
		stopped.Store(true)
		<-sub.Done()
		if n := late.Load(); n > 1 {
			t.Fatalf("%d messages after Stop", n)
		}
	}
}
