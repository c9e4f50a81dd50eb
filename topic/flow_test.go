package topic_test

import (
	"context"
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

// A held consumer keeps its first message until it is let go.
type held struct {
	*record[int]
	skipped *record[uint64]
	freed   chan struct{}
	free    func()
}

func hold(t *testing.T) held {
	h := held{record: newRecord[int](), skipped: newRecord[uint64](), freed: make(chan struct{})}
	h.free = sync.OnceFunc(func() { close(h.freed) })
	t.Cleanup(h.free)
	return h
}

func (h held) on(ctx topic.Context, n int) error {
	h.add(n)
	h.skipped.add(ctx.Skipped())
	<-h.freed
	return nil
}

func dropped(sub *topic.Subscription) (n uint64) {
	for _, s := range sub.Stats() {
		n += s.Dropped
	}
	return n
}

func TestBlockMakesPublishersWait(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		c := hold(t)
		sub := subscribe(t, numbers, c.on, topic.Name("slow"), topic.Buffer(4))
		publish(t, numbers, 1, 2, 3, 4)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		err := numbers.Publish(ctx, 5)
		if !errors.Is(err, topic.ErrFull) || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		if s := numbers.Stats(); s.Published != 4 || s.Waiting != 0 {
			t.Fatalf("%+v", s)
		}
		go func() {
			if err := numbers.Publish(t.Context(), 5); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		if s := numbers.Stats(); s.Waiting != 1 {
			t.Fatalf("%+v", s)
		}
		c.free()
		synctest.Wait()
		c.is(t, upTo(5)...)
		c.skipped.is(t, 0, 0, 0, 0, 0)
		if dropped(sub) != 0 {
			t.Fatal(sub.Stats())
		}
	})
}

// 1 is in the consumer's hands and 2 to 10 come: of those the newest four stay.
func TestDropOldestKeepsTheNewest(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		c := hold(t)
		sub := subscribe(t, numbers, c.on, topic.Overflow(topic.DropOldest), topic.Buffer(4))
		publish(t, numbers, 1)
		synctest.Wait()
		publish(t, numbers, span(2, 10)...)
		c.free()
		synctest.Wait()
		c.is(t, 1, 7, 8, 9, 10)
		c.skipped.is(t, 0, 5, 0, 0, 0)
		if dropped(sub) != 5 || sub.Stats()[0].Delivered != 5 {
			t.Fatal(sub.Stats())
		}
	})
}

func TestDropNewestKeepsTheOldest(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		c := hold(t)
		sub := subscribe(t, numbers, c.on, topic.Overflow(topic.DropNewest), topic.Buffer(4))
		publish(t, numbers, 1)
		synctest.Wait()
		publish(t, numbers, span(2, 10)...)
		synctest.Wait()
		if s := sub.Stats()[0]; s.Lag != 4 || s.Dropped != 5 {
			t.Fatalf("%+v", s)
		}
		c.free()
		synctest.Wait()
		c.is(t, 1, 2, 3, 4, 5)
		c.skipped.is(t, 0, 5, 0, 0, 0)
		publish(t, numbers, 11)
		synctest.Wait()
		c.is(t, 1, 2, 3, 4, 5, 11)
		if dropped(sub) != 5 || sub.Stats()[0].Delivered != 6 {
			t.Fatal(sub.Stats())
		}
	})
}

func TestLatestKeepsTheNewestOfEachKey(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		for _, keyed := range []bool{false, true} {
			numbers := open[int](t, sys, fmt.Sprint("numbers", keyed))
			c := hold(t)
			sub := subscribe(t, numbers, c.on, topic.Overflow(topic.Latest), topic.Buffer(3))
			publish(t, numbers, 1)
			synctest.Wait()
			for n := 2; n <= 10; n++ {
				key := ""
				if keyed {
					key = fmt.Sprint(n % 2)
				}
				if err := numbers.Publish(t.Context(), n, topic.Key(key)); err != nil {
					t.Fatal(err)
				}
			}
			c.free()
			synctest.Wait()
			if keyed {
				c.is(t, 1, 9, 10)
				c.skipped.is(t, 0, 7, 0)
			} else {
				c.is(t, 1, 10)
				c.skipped.is(t, 0, 8)
			}
			if want := uint64(10 - len(c.all())); dropped(sub) != want {
				t.Fatal(sub.Stats())
			}
		}
	})
}

// The buffer bounds the keys of Latest: with one more the oldest goes.
func TestLatestBoundsItsKeys(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers", topic.KeyBy(func(n int) string { return fmt.Sprint(n % 5) }))
		c := hold(t)
		subscribe(t, numbers, c.on, topic.Overflow(topic.Latest), topic.Buffer(3))
		publish(t, numbers, 100)
		synctest.Wait()
		publish(t, numbers, 1, 2, 3, 6, 4) // 6 takes over from 1 and goes behind 3; 4 is a fourth key, and 2 goes
		c.free()
		synctest.Wait()
		c.is(t, 100, 3, 6, 4)
	})
}

func TestDisconnectEndsTheSubscription(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		c := hold(t)
		sub := subscribe(t, numbers, c.on, topic.Overflow(topic.Disconnect), topic.Buffer(4))
		publish(t, numbers, 1)
		pass(time.Second)
		publish(t, numbers, 2, 3, 4)
		synctest.Wait()
		if err := sub.Err(); err != nil {
			t.Fatalf("ended with 4 messages: %v", err)
		}
		publish(t, numbers, 5)
		synctest.Wait()
		if err := sub.Err(); !errors.Is(err, topic.ErrSlowConsumer) {
			t.Fatal(err)
		}
		c.free()
		<-sub.Done()
		c.is(t, 1)
		publish(t, numbers, upTo(100)...) // and nobody waits for it
	})
}

// A slow consumer that may lose messages holds up neither publishers nor other consumers.
func TestFlowPoliciesHoldNobodyUp(t *testing.T) {
	for _, flow := range []topic.Flow{topic.DropOldest, topic.DropNewest, topic.Latest, topic.Disconnect} {
		t.Run(flow.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers := open[int](t, sys, "numbers")
				c, other := hold(t), newRecord[int]()
				subscribe(t, numbers, c.on, topic.Overflow(flow), topic.Buffer(2))
				subscribe(t, numbers, other.on)
				start := time.Now()
				publish(t, numbers, upTo(20_000)...)
				synctest.Wait()
				pass(10 * time.Millisecond) // for the watchdog to see
				other.is(t, upTo(20_000)...)
				if d := time.Since(start); d > 15*time.Millisecond {
					t.Fatalf("took %v", d)
				}
				c.free()
			})
		})
	}
}

// The consumer learns of what it has skipped with the next message that it sees, however often that one fails or whatever a
// filter takes away before it.
func TestSkippedIsTold(t *testing.T) {
	t.Run("with a filter", func(t *testing.T) {
		bubble(t, func(t *testing.T, sys *actor.System) {
			numbers := open[int](t, sys, "numbers")
			c := hold(t)
			subscribe(t, numbers, c.on, topic.Overflow(topic.DropOldest), topic.Buffer(4),
				topic.Filter(func(n int) bool { return n == 1 || n > 8 }))
			publish(t, numbers, 1)
			synctest.Wait()
			publish(t, numbers, span(2, 10)...)
			c.free()
			synctest.Wait()
			c.is(t, 1, 9, 10)
			c.skipped.is(t, 0, 5, 0)
		})
	})
	for _, flow := range []topic.Flow{topic.DropOldest, topic.DropNewest, topic.Latest} {
		t.Run("with a failure, "+flow.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers := open[int](t, sys, "numbers")
				got, release := newRecord[string](), make(chan struct{})
				subscribe(t, numbers, func(ctx topic.Context, n int) error {
					<-release
					got.add(fmt.Sprint(n, ctx.Attempt(), ctx.Skipped()))
					if n > 1 && ctx.Attempt() == 1 {
						return errors.New("once")
					}
					return nil
				}, topic.Overflow(flow), topic.Buffer(1))
				publish(t, numbers, 1)
				synctest.Wait()
				publish(t, numbers, 2, 3)
				synctest.Wait()
				close(release)
				pass(time.Second)
				kept := 3
				if flow == topic.DropNewest {
					kept = 2
				}
				got.is(t, "1 1 0", fmt.Sprint(kept, 1, 1), fmt.Sprint(kept, 2, 1))
			})
		})
	}
}

// What was dropped is not counted as delivered, also when the consumer panics right behind it.
func TestPanicBehindDroppedMessagesCountsRight(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		release := make(chan struct{})
		sub := subscribe(t, numbers, func(ctx topic.Context, n int) error {
			<-release
			if n == 7 && ctx.Attempt() == 1 {
				panic("seven")
			}
			return nil
		}, topic.Overflow(topic.DropOldest), topic.Buffer(4))
		publish(t, numbers, 1)
		synctest.Wait()
		publish(t, numbers, span(2, 10)...)
		close(release)
		pass(time.Second)
		if s := sub.Stats()[0]; s.Delivered != 5 || s.Dropped != 5 || s.Retried != 1 || s.Restarts != 1 || s.Lag != 0 {
			t.Fatalf("%+v", s)
		}
	})
}

// A message redriven to one consumer neither replaces nor displaces what another has in its buffer.
func TestRedriveLeavesTheBuffersOfOthersAlone(t *testing.T) {
	for _, flow := range []topic.Flow{topic.DropNewest, topic.Latest} {
		t.Run(flow.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers := open[int](t, sys, "numbers")
				fail := true
				subscribe(t, numbers, func(_ topic.Context, n int) error {
					if fail {
						return errors.New("no")
					}
					return nil
				}, topic.Name("failing"), noRetries)
				publish(t, numbers, 1)
				pass(time.Second)
				fail = false
				c := hold(t)
				sub := subscribe(t, numbers, c.on, topic.Overflow(flow), topic.Buffer(2))
				publish(t, numbers, 2)
				synctest.Wait()
				publish(t, numbers, 3)
				for range 2 {
					if flow == topic.DropNewest {
						publish(t, numbers, 4)
					}
				}
				if n, err := numbers.Redrive(t.Context(), nil); n != 1 || err != nil {
					t.Fatal(n, err)
				}
				synctest.Wait()
				c.free()
				synctest.Wait()
				if flow == topic.DropNewest {
					c.is(t, 2, 3, 4)
				} else {
					c.is(t, 2, 3)
				}
				want := uint64(0)
				if flow == topic.DropNewest {
					want = 1
				}
				if dropped(sub) != want {
					t.Fatal(sub.Stats())
				}
			})
		})
	}
}

// A consumer that publishes to its own topic gets an error where waiting would never end.
func TestConsumerThatPublishesDoesNotWaitForItself(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		errs := newRecord[error]()
		sub := subscribe(t, numbers, func(ctx topic.Context, n int) error {
			if n == 1 {
				for range 5 {
					errs.add(numbers.Publish(ctx, 0))
				}
				ctx.Send(numbers.PID(), 0) // the same, without an answer
			}
			return nil
		}, topic.Buffer(4), topic.Supervise(supervisor.Policy{}))
		letters := newRecord[error]()
		defer sys.OnDeadLetter(func(d actor.DeadLetter) {
			letters.add(d.Reason)
		})()
		start := time.Now()
		publish(t, numbers, 1)
		synctest.Wait()
		all := errs.all()
		if len(all) != 5 || slices.ContainsFunc(all[:3], func(err error) bool { return err != nil }) ||
			!errors.Is(all[3], topic.ErrFull) || !errors.Is(all[4], topic.ErrFull) {
			t.Fatal(all)
		}
		if all := letters.all(); len(all) != 1 || !errors.Is(all[0], topic.ErrFull) || time.Since(start) != 0 {
			t.Fatal(all, time.Since(start))
		}
		if s := sub.Stats()[0]; s.Delivered != 4 {
			t.Fatalf("%+v", s)
		}
	})
}
