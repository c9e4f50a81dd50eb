package topic_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

// batches records them with the time that has passed since it was made.
func batches(r *record[string]) func(topic.Context, []int) error {
	start := time.Now()
	return func(ctx topic.Context, ns []int) error {
		r.add(fmt.Sprint(ns, " ", time.Since(start)))
		return nil
	}
}

func subscribeBatch[M any](t testing.TB, src interface {
	SubscribeBatch(int, time.Duration, func(topic.Context, []M) error, ...topic.SubscribeOption) (*topic.Subscription, error)
}, n int, wait time.Duration, fn func(topic.Context, []M) error, opts ...topic.SubscribeOption) *topic.Subscription {
	t.Helper()
	sub, err := src.SubscribeBatch(n, wait, fn, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// batchKinds are the ways to subscribe that collect differently.
var batchKinds = map[string][]topic.SubscribeOption{"plain": nil, "group": {topic.Group("g")}, "queue": {topic.Overflow(topic.DropNewest)},
	"drop oldest": {topic.Overflow(topic.DropOldest)}, "filter": {topic.Filter(func(int) bool { return true })}}

func TestBatchHoldsUpToNMessages(t *testing.T) {
	for name, opts := range batchKinds {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers, got := open[int](t, sys, "numbers"), newRecord[string]()
				sub := subscribeBatch(t, numbers, 3, time.Second, batches(got), opts...)
				sub.Pause()
				publish(t, numbers, upTo(8)...)
				sub.Resume()
				pass(time.Minute)
				got.is(t, "[1 2 3] 0s", "[4 5 6] 0s", "[7 8] 1s")
			})
		})
	}
}

// A batch that is not full is handed out when its first message has waited for d, not sooner and not later.
func TestBatchWaitsForD(t *testing.T) {
	for name, opts := range batchKinds {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers, got := open[int](t, sys, "numbers"), newRecord[string]()
				subscribeBatch(t, numbers, 2, 100*time.Millisecond, batches(got), opts...)
				publish(t, numbers, 1)
				pass(10 * time.Millisecond)
				publish(t, numbers, 2) // the first alarm is off
				pass(80 * time.Millisecond)
				publish(t, numbers, 3) // at 90 ms
				pass(time.Second)
				publish(t, numbers, 4, 5, 6)
				pass(time.Second)
				got.is(t, "[1 2] 10ms", "[3] 190ms", "[4 5] 1.09s", "[6] 1.19s")
			})
		})
	}
}

func TestBatchWithoutWaitTakesWhatThereIs(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got := open[int](t, sys, "numbers"), newRecord[string]()
		subscribeBatch(t, numbers, 100, 0, batches(got))
		publish(t, numbers, 1)
		synctest.Wait()
		if err := numbers.PublishBatch(t.Context(), []int{2, 3, 4}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got.is(t, "[1] 0s", "[2 3 4] 0s")
	})
}

// Messages that a filter takes away do not fill a batch, and do not keep publishers waiting.
func TestBatchCountsWhatTheFilterLeaves(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got := open[int](t, sys, "numbers"), newRecord[string]()
		subscribeBatch(t, numbers, 2, time.Minute, batches(got), topic.Buffer(4), topic.Filter(func(n int) bool { return n%10 == 0 }))
		publish(t, numbers, span(1, 9)...)
		synctest.Wait()
		got.is(t)
		publish(t, numbers, 10, 11, 20)
		synctest.Wait()
		got.is(t, "[10 20] 0s")
		publish(t, numbers, 30, 31, 32, 33, 34) // the buffer is full: what there is has to go
		synctest.Wait()
		got.is(t, "[10 20] 0s", "[30] 0s")
	})
}

// A batch fails and comes again as a whole, then each of its messages is a dead letter.
func TestBatchFailsAsAWhole(t *testing.T) {
	for name, opts := range batchKinds {
		for _, crash := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, panic %v", name, crash), func(t *testing.T) {
				bubble(t, func(t *testing.T, sys *actor.System) {
					numbers, got := open[int](t, sys, "numbers"), newRecord[string]()
					letters := deadLetters(t, numbers)
					opts := append(opts, topic.Name("b"), topic.Supervise(supervisor.Policy{Retries: 1, MinBackoff: time.Second, Jitter: -1}))
					sub := subscribeBatch(t, numbers, 2, time.Second, func(ctx topic.Context, ns []int) error {
						got.add(fmt.Sprint(ns, ctx.Attempt()))
						switch {
						case ns[0] == 1 && crash:
							panic("one")
						case ns[0] == 1:
							return errNo
						}
						return nil
					}, opts...)
					publish(t, numbers, upTo(4)...)
					pass(time.Minute)
					got.is(t, "[1 2] 1", "[1 2] 2", "[3 4] 1")
					var dead []int
					for _, d := range letters.all() {
						dead = append(dead, d.Message.(int))
						if d.Attempts != 2 || (d.Stack != "") != crash {
							t.Errorf("%+v", d)
						}
					}
					equal(t, dead, []int{1, 2})
					if s := sub.Stats()[0]; s.Delivered != 2 || s.DeadLettered != 2 || s.Retried != 1 || s.Lag != 0 {
						t.Errorf("%+v", s)
					}
				})
			})
		}
	}
}

// Drain and Close do not wait for a batch to fill, or for its time.
func TestBatchDrainsAtOnce(t *testing.T) {
	for name, opts := range batchKinds {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers, got, closed := open[int](t, sys, "numbers"), newRecord[string](), newRecord[string]()
				sub := subscribeBatch(t, numbers, 4, time.Hour, batches(got), opts...)
				publish(t, numbers, upTo(10)...)
				if err := sub.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				if all := got.all(); all[len(all)-1] != "[9 10] 0s" {
					t.Fatal(all)
				}
				subscribeBatch(t, numbers, 4, time.Hour, batches(closed), opts...)
				publish(t, numbers, 11)
				synctest.Wait()
				if err := sys.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				closed.is(t, "[11] 0s")
			})
		})
	}
}

// Members of a group take batches of one log; each message is in one batch, and a key with one member at a time.
func TestBatchesOfAGroupShareTheLog(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[job](t, sys, "jobs", topic.KeyBy(func(j job) string { return j.Key }))
		got, busy := newRecord[int](), newRecord[string]()
		last := map[string]int{}
		for range 3 {
			subscribeBatch(t, numbers, 5, time.Millisecond, func(_ topic.Context, js []job) error {
				for _, j := range js {
					busy.mu.Lock()
					if last[j.Key] >= j.N {
						t.Errorf("%v after %d", j, last[j.Key])
					}
					last[j.Key] = j.N
					busy.mu.Unlock()
					got.add(j.N)
				}
				<-time.After(time.Millisecond)
				return nil
			}, topic.Group("g"))
		}
		for n := 1; n <= 300; n++ {
			publish(t, numbers, job{fmt.Sprint(n % 7), n})
		}
		pass(time.Minute)
		if n := len(got.all()); n != 300 {
			t.Fatalf("%d messages", n)
		}
	})
}

// A pattern hands out batches of one topic each, with Context.Topic to tell which.
func TestBatchOfAPatternIsOfOneTopic(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		a, b, got := open[int](t, sys, "a"), open[int](t, sys, "b"), newRecord[string]()
		subscribeBatch(t, match[int](t, sys, "*"), 2, time.Second, func(ctx topic.Context, ns []int) error {
			got.add(fmt.Sprint(ctx.Topic(), ns))
			return nil
		})
		publish(t, a, 1)
		publish(t, b, 1)
		synctest.Wait()
		got.is(t)
		publish(t, a, 2)
		synctest.Wait()
		got.is(t, "a[1 2]")
		pass(time.Second)
		got.is(t, "a[1 2]", "b[1]")
	})
}
