package topic_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// deadLetters records those of the topic.
func deadLetters[M any](t testing.TB, tp *topic.Topic[M]) *record[topic.DeadLetter] {
	t.Helper()
	dead, err := tp.DeadLetters()
	if err != nil {
		t.Fatal(err)
	}
	r := newRecord[topic.DeadLetter]()
	subscribe(t, dead, r.on)
	return r
}

func TestDeadLettersReadLikeATopic(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		subscribe(t, numbers, func(topic.Context, int) error { return errNo }, noRetries)
		publish(t, numbers, upTo(5)...)
		synctest.Wait()
		dead, err := numbers.DeadLetters()
		if err != nil || dead.Name() != "dead.numbers" {
			t.Fatal(dead.Name(), err)
		}
		if same, err := topic.Open[topic.DeadLetter](sys, "dead.numbers"); err != nil || same.PID() != dead.PID() {
			t.Fatal(err)
		}
		var got []int
		subscribe(t, dead, func(_ topic.Context, d topic.DeadLetter) error {
			got = append(got, d.Message.(int))
			return nil
		}, topic.From(topic.Earliest), topic.Group("readers"), topic.Filter(func(d topic.DeadLetter) bool { return d.Message != 3 }))
		synctest.Wait()
		equal(t, got, []int{1, 2, 4, 5})
	})
}

// Only the consumer that failed gets a redriven message, once, with its ID, key and headers.
func TestRedriveReachesOnlyTheConsumerThatFailed(t *testing.T) {
	kinds := map[string]func(tp *topic.Topic[int], on func(topic.Context, int) error) (*topic.Subscription, error){
		"subscription": func(tp *topic.Topic[int], on func(topic.Context, int) error) (*topic.Subscription, error) {
			return tp.Subscribe(on, topic.Name("it"), noRetries)
		},
		"group": func(tp *topic.Topic[int], on func(topic.Context, int) error) (*topic.Subscription, error) {
			return tp.Subscribe(on, topic.Group("it"), noRetries)
		},
		"parallel": func(tp *topic.Topic[int], on func(topic.Context, int) error) (*topic.Subscription, error) {
			return tp.Subscribe(on, topic.Name("it"), topic.Parallel(3), noRetries)
		},
		"without a name": func(tp *topic.Topic[int], on func(topic.Context, int) error) (*topic.Subscription, error) {
			return tp.Subscribe(on, noRetries)
		},
		"queue": func(tp *topic.Topic[int], on func(topic.Context, int) error) (*topic.Subscription, error) {
			return tp.Subscribe(on, topic.Name("it"), topic.Overflow(topic.DropNewest), noRetries)
		},
		"batch": func(tp *topic.Topic[int], on func(topic.Context, int) error) (*topic.Subscription, error) {
			return tp.SubscribeBatch(2, time.Second, func(ctx topic.Context, ns []int) error {
				for _, n := range ns {
					if err := on(ctx, n); err != nil {
						return err
					}
				}
				return nil
			}, topic.Name("it"), noRetries)
		},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers, got, other := open[int](t, sys, "numbers"), newRecord[string](), newRecord[int]()
				healthy := false
				if _, err := kind(numbers, func(ctx topic.Context, n int) error {
					if !healthy {
						return errNo
					}
					got.add(fmt.Sprint(n, ctx.ID(), ctx.Key(), ctx.Headers()["h"]))
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				subscribe(t, numbers, other.on, topic.Name("other"))
				subscribe(t, numbers, other.on, topic.Group("others"))
				if _, err := numbers.SubscribeBatch(1, 0, func(_ topic.Context, ns []int) error {
					other.add(ns[0])
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				if err := numbers.Publish(t.Context(), 7, topic.ID("id"), topic.Key("key"), topic.Header("h", "header")); err != nil {
					t.Fatal(err)
				}
				pass(time.Minute)
				healthy = true
				if n, err := numbers.Redrive(t.Context(), nil); n != 1 || err != nil {
					t.Fatal(n, err)
				}
				if n, err := numbers.Redrive(t.Context(), nil); n != 0 || err != nil {
					t.Fatal("a second time", n, err)
				}
				pass(time.Minute)
				got.is(t, "7idkeyheader")
				other.is(t, 7, 7, 7)
			})
		})
	}
}

func TestRedriveChooses(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, healthy, got := open[int](t, sys, "numbers"), false, newRecord[int]()
		subscribe(t, numbers, func(ctx topic.Context, n int) error {
			if !healthy {
				return errNo
			}
			got.add(n)
			return nil
		}, topic.Name("it"), noRetries)
		publish(t, numbers, upTo(6)...)
		synctest.Wait()
		healthy = true
		even := func(d topic.DeadLetter) bool { return d.Message.(int)%2 == 0 }
		if n, err := numbers.Redrive(t.Context(), even); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		synctest.Wait()
		got.is(t, 2, 4, 6)
		if n, err := numbers.Redrive(t.Context(), nil); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		synctest.Wait()
		got.is(t, 2, 4, 6, 1, 3, 5)
	})
}

// A redriven message that fails again is another dead letter, and can be redriven again.
func TestRedriveThatFailsMakesAnotherDeadLetter(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, calls := open[int](t, sys, "numbers"), newRecord[int]()
		letters := deadLetters(t, numbers)
		subscribe(t, numbers, func(ctx topic.Context, n int) error {
			calls.add(n)
			return errNo
		}, noRetries)
		publish(t, numbers, 1)
		synctest.Wait()
		for range 3 {
			if n, err := numbers.Redrive(t.Context(), nil); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			synctest.Wait()
		}
		calls.is(t, 1, 1, 1, 1)
		if n := len(letters.all()); n != 4 {
			t.Fatalf("%d dead letters", n)
		}
	})
}

// Without the consumer that failed a dead letter stays, and Redrive names who is missing.
func TestRedriveNamesWhoIsMissing(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		sub := subscribe(t, numbers, func(topic.Context, int) error { return errNo }, topic.Name("gone"), noRetries)
		publish(t, numbers, 1)
		synctest.Wait()
		sub.Stop()
		<-sub.Done()
		n, err := numbers.Redrive(t.Context(), nil)
		if n != 0 || err == nil || !strings.Contains(err.Error(), `no subscription or group named ["gone"]`) {
			t.Fatal(n, err)
		}
		got := newRecord[int]()
		subscribe(t, numbers, got.on, topic.Name("gone"))
		if n, err := numbers.Redrive(t.Context(), nil); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		synctest.Wait()
		got.is(t, 1)
	})
}

// What fails on dead letters goes to the system's, instead of round and round.
func TestDeadLettersOfDeadLettersGoToTheSystem(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		dead, err := numbers.DeadLetters()
		if err != nil {
			t.Fatal(err)
		}
		subscribe(t, dead, func(topic.Context, topic.DeadLetter) error { return errors.New("not me either") }, noRetries)
		var letters []actor.DeadLetter
		defer sys.OnDeadLetter(func(d actor.DeadLetter) { letters = append(letters, d) })()
		subscribe(t, numbers, func(topic.Context, int) error { return errNo }, noRetries)
		publish(t, numbers, 1)
		synctest.Wait()
		if len(letters) != 1 || !strings.Contains(letters[0].Reason.Error(), "not me either") {
			t.Fatal(letters)
		}
		if d, ok := letters[0].Message.(topic.DeadLetter); !ok || d.Message.(topic.DeadLetter).Message != 1 {
			t.Fatalf("%+v", letters[0].Message)
		}
	})
}

// While the dead-letter topic has no room the consumer waits with the next message: nothing is lost.
func TestDeadLettersWaitForRoom(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, calls := open[int](t, sys, "numbers"), newRecord[int]()
		dead, err := numbers.DeadLetters()
		if err != nil {
			t.Fatal(err)
		}
		reader := newRecord[int]()
		sub := subscribe(t, dead, func(_ topic.Context, d topic.DeadLetter) error {
			reader.add(d.Message.(int))
			return nil
		}, topic.Buffer(2))
		sub.Pause()
		subscribe(t, numbers, func(_ topic.Context, n int) error {
			calls.add(n)
			return errNo
		}, noRetries)
		publish(t, numbers, upTo(5)...)
		pass(time.Minute)
		calls.is(t, 1, 2, 3)
		sub.Resume()
		pass(time.Minute)
		calls.is(t, upTo(5)...)
		reader.is(t, upTo(5)...)
	})
}
