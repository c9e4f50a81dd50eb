package topic_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

var errNo = errors.New("no")

// The message comes again in its place, after delays between the bounds that the policy states.
func TestErrorRetriesInPlaceAfterABackOff(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		var times []time.Time
		got := newRecord[string]()
		subscribe(t, numbers, func(ctx topic.Context, n int) error {
			got.add(fmt.Sprint(n, ctx.Attempt()))
			if n == 2 {
				times = append(times, time.Now())
				if ctx.Attempt() <= 4 {
					return errNo
				}
			}
			return nil
		}, topic.Supervise(supervisor.Policy{Retries: 5, MinBackoff: 100 * time.Millisecond, MaxBackoff: 300 * time.Millisecond, Jitter: 0.5}))
		publish(t, numbers, 1, 2, 3)
		pass(10 * time.Second)
		got.is(t, "1 1", "2 1", "2 2", "2 3", "2 4", "2 5", "3 1")
		for i, most := range []time.Duration{100, 200, 300, 300} {
			most *= time.Millisecond
			if d := times[i+1].Sub(times[i]); d < most/2 || d > most {
				t.Errorf("delay %d is %v, want %v to %v", i+1, d, most/2, most)
			}
		}
	})
}

func TestBackOffWithoutJitterIsExact(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		var delays []time.Duration
		start := time.Now()
		subscribe(t, numbers, func(topic.Context, int) error {
			delays = append(delays, time.Since(start))
			return errNo
		}, topic.Supervise(supervisor.Policy{Retries: 4, MinBackoff: time.Second, MaxBackoff: 3 * time.Second, Jitter: -1}))
		publish(t, numbers, 1)
		pass(time.Minute)
		equal(t, delays, []time.Duration{0, time.Second, 3 * time.Second, 6 * time.Second, 9 * time.Second})
	})
}

// fragile is a consumer that shows whether it is fresh.
type fragile struct {
	id  int
	n   int
	log *record[string]
	do  func(f *fragile, ctx topic.Context, n int) error
}

func (f *fragile) On(ctx topic.Context, n int) error {
	f.n++
	f.log.add(fmt.Sprintf("value %d: %d, its message %d, attempt %d", f.id, n, f.n, ctx.Attempt()))
	return f.do(f, ctx, n)
}
func (f *fragile) Start(topic.Context) error { f.log.add(fmt.Sprintf("start %d", f.id)); return nil }
func (f *fragile) Stop(topic.Context) error  { f.log.add(fmt.Sprintf("stop %d", f.id)); return nil }

func newFragile(log *record[string], do func(*fragile, topic.Context, int) error) func() *fragile {
	made := 0
	return func() *fragile {
		made++
		return &fragile{id: made, log: log, do: do}
	}
}

func TestPanicBringsAFreshValueAndTheSameMessage(t *testing.T) {
	for name, fail := range map[string]func(){"panic": func() { panic("ouch") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers, log := open[int](t, sys, "numbers"), newRecord[string]()
				sub, err := topic.Spawn(numbers, newFragile(log, func(_ *fragile, ctx topic.Context, n int) error {
					if n == 2 && ctx.Attempt() == 1 {
						fail()
					}
					return nil
				}))
				if err != nil {
					t.Fatal(err)
				}
				publish(t, numbers, 1, 2, 3)
				pass(time.Second)
				log.is(t, "start 1", "value 1: 1, its message 1, attempt 1", "value 1: 2, its message 2, attempt 1", "stop 1",
					"start 2", "value 2: 2, its message 1, attempt 2", "value 2: 3, its message 2, attempt 1")
				if s := sub.Stats()[0]; s.Delivered != 3 || s.Retried != 1 || s.Restarts != 1 {
					t.Fatalf("%+v", s)
				}
			})
		})
	}
}

func TestErrorKeepsTheValue(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, log := open[int](t, sys, "numbers"), newRecord[string]()
		if _, err := topic.Spawn(numbers, newFragile(log, func(_ *fragile, ctx topic.Context, n int) error {
			if ctx.Attempt() == 1 {
				return errNo
			}
			return nil
		})); err != nil {
			t.Fatal(err)
		}
		publish(t, numbers, 1)
		pass(time.Second)
		log.is(t, "start 1", "value 1: 1, its message 1, attempt 1", "value 1: 1, its message 2, attempt 2")
	})
}

// After the last attempt the message is a dead letter, and the subscription goes on.
func TestExhaustionMakesADeadLetter(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		letters := deadLetters(t, numbers)
		got := newRecord[int]()
		sub := subscribe(t, numbers, func(ctx topic.Context, n int) error {
			got.add(n)
			switch n {
			case 2:
				return fmt.Errorf("try %d: %w", ctx.Attempt(), errNo)
			case 3:
				panicHere()
			}
			return nil
		}, topic.Name("picky"), topic.Supervise(supervisor.Policy{Retries: 2, MinBackoff: time.Second, Jitter: -1}))
		start := time.Now()
		publish(t, numbers, 1)
		if err := numbers.Publish(t.Context(), 2, topic.Key("k"), topic.ID("the second"), topic.Header("a", "b")); err != nil {
			t.Fatal(err)
		}
		publish(t, numbers, 3, 4)
		pass(time.Minute)
		got.is(t, 1, 2, 2, 2, 3, 3, 3, 4)
		all := letters.all()
		if len(all) != 2 {
			t.Fatal(all)
		}
		two, three := all[0], all[1]
		if two.Topic != "numbers" || two.Consumer != "picky" || two.Message != 2 || two.Payload != nil || two.Err != "try 3: no" ||
			two.Stack != "" || two.Attempts != 3 || two.ID != "the second" || two.Key != "k" || two.Headers["a"] != "b" || two.Position.Major != 2 {
			t.Errorf("%+v", two)
		}
		if !two.Published.Equal(start) || !two.First.Equal(start) || !two.Last.Equal(start.Add(3*time.Second)) {
			t.Errorf("published %v, first %v, last %v; began %v", two.Published, two.First, two.Last, start)
		}
		if three.Message != 3 || three.Err != "panic: here" || !strings.Contains(three.Stack, "panicHere") || three.Attempts != 3 || three.ID == "" || three.Headers != nil {
			t.Errorf("%+v", three)
		}
		s := sub.Stats()[0]
		if s.Delivered != 2 || s.Retried != 4 || s.DeadLettered != 2 || s.Restarts != 3 || s.Lag != 0 || numbers.Stats().DeadLettered != 2 {
			t.Errorf("%+v", s)
		}
	})
}

func panicHere() { panic("here") }

func TestRejectMakesADeadLetterAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		letters := deadLetters(t, numbers)
		subscribe(t, numbers, func(_ topic.Context, n int) error {
			if n == 1 {
				return fmt.Errorf("in a wrapper: %w", topic.Reject(errNo))
			}
			return topic.Reject(nil)
		})
		publish(t, numbers, 1, 2)
		synctest.Wait()
		if all := letters.all(); len(all) != 1 || all[0].Attempts != 1 || all[0].Err != "in a wrapper: no" || all[0].Stack != "" {
			t.Fatalf("%+v", all)
		}
		if err := topic.Reject(errNo); !errors.Is(err, errNo) || err.Error() != "no" {
			t.Fatal(err)
		}
	})
}

// What the policy says about an error is done.
func TestPolicyMapsErrors(t *testing.T) {
	for _, c := range []struct {
		directive supervisor.Directive
		calls     string
		letters   int
		stopped   bool
		starts    int
	}{
		{supervisor.Retry, "1 1 1 1 2", 1, false, 1},
		{supervisor.Skip, "1 2", 0, false, 1},
		{supervisor.DeadLetter, "1 2", 1, false, 1},
		{supervisor.Restart, "1 1 1 1 2", 1, false, 4},
		{supervisor.Stop, "1", 0, true, 1},
	} {
		t.Run(c.directive.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers, log, calls := open[int](t, sys, "numbers"), newRecord[string](), newRecord[int]()
				letters := deadLetters(t, numbers)
				var events []supervisor.Event
				sub, err := topic.Spawn(numbers, newFragile(log, func(_ *fragile, _ topic.Context, n int) error {
					if calls.add(n); n == 1 {
						return errNo
					}
					return nil
				}), topic.Name("me"), topic.Supervise(supervisor.Policy{
					Decide:  func(error) supervisor.Directive { return c.directive },
					Observe: func(e supervisor.Event) { events = append(events, e) }}))
				if err != nil {
					t.Fatal(err)
				}
				publish(t, numbers, 1, 2)
				pass(time.Minute)
				if got := strings.Trim(fmt.Sprint(calls.all()), "[]"); got != c.calls {
					t.Errorf("calls %v, want %v", got, c.calls)
				}
				if n := len(letters.all()); n != c.letters {
					t.Errorf("%d dead letters", n)
				}
				starts := 0
				for _, s := range log.all() {
					if strings.HasPrefix(s, "start") {
						starts++
					}
				}
				if starts != c.starts {
					t.Errorf("%d starts, want %d", starts, c.starts)
				}
				if ended(sub.Done()) != c.stopped || (c.stopped && !errors.Is(sub.Err(), errNo)) {
					t.Errorf("ended %v: %v", ended(sub.Done()), sub.Err())
				}
				e := events[0]
				if e.Topic != "numbers" || e.Consumer != "me" || e.Message != 1 || e.Attempt != 1 || e.Directive != c.directive || !errors.Is(e.Err, errNo) || e.Actor == nil {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}

// Escalate restarts the other consumers of the topic as well.
func TestEscalateRestartsTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, log, other := open[int](t, sys, "numbers"), newRecord[string](), newRecord[string]()
		bystander, err := topic.Spawn(numbers, newFragile(other, func(*fragile, topic.Context, int) error { return nil }))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := topic.Spawn(numbers, newFragile(log, func(_ *fragile, ctx topic.Context, n int) error {
			if ctx.Attempt() == 1 && n == 1 {
				return errNo
			}
			return nil
		}), topic.Supervise(supervisor.Policy{Decide: func(error) supervisor.Directive { return supervisor.Escalate }})); err != nil {
			t.Fatal(err)
		}
		publish(t, numbers, 1)
		pass(time.Second)
		publish(t, numbers, 2)
		synctest.Wait()
		log.is(t, "start 1", "value 1: 1, its message 1, attempt 1", "stop 1", "start 2", "value 2: 1, its message 1, attempt 2",
			"value 2: 2, its message 2, attempt 1")
		other.is(t, "start 1", "value 1: 1, its message 1, attempt 1", "stop 1", "start 2", "value 2: 2, its message 1, attempt 1")
		if s := bystander.Stats()[0]; s.Restarts != 1 {
			t.Fatalf("%+v", s)
		}
	})
}

func TestRestartBudgetEndsTheSubscription(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, calls := open[int](t, sys, "numbers"), newRecord[int]()
		sub := subscribe(t, numbers, func(_ topic.Context, n int) error {
			calls.add(n)
			panic(errNo)
		}, topic.Supervise(supervisor.Policy{Retries: 100, Restarts: 2, Within: time.Minute}))
		publish(t, numbers, 1)
		<-sub.Done()
		calls.is(t, 1, 1, 1)
		if err := sub.Err(); !errors.Is(err, topic.ErrRestarts) || !errors.Is(err, errNo) {
			t.Fatal(err)
		}
		// Those that lie longer back than the window do not count.
		rare := subscribe(t, numbers, func(ctx topic.Context, n int) error {
			if ctx.Attempt() == 1 {
				panic("now and then")
			}
			return nil
		}, topic.Supervise(supervisor.Policy{Restarts: 2, Within: time.Minute}))
		for range 10 {
			publish(t, numbers, 1)
			pass(31 * time.Second)
		}
		if err := rare.Err(); err != nil || rare.Stats()[0].Delivered != 10 {
			t.Fatal(err, rare.Stats())
		}
	})
}

// parent is a consumer with a child.
type parent struct {
	id   int
	log  *record[string]
	kids *sync.WaitGroup
}

func (p *parent) Start(ctx topic.Context) error {
	p.log.add(fmt.Sprint("start ", p.id))
	ctx.Spawn(actor.NewProps(func() actor.Actor {
		return actor.Func(func(ctx actor.Context) {
			switch ctx.Message().(type) {
			case *actor.Started:
				p.log.add(fmt.Sprint("child started ", p.id))
				p.kids.Done()
			case *actor.Stopped:
				p.log.add(fmt.Sprint("child stopped ", p.id))
			}
		})
	}))
	return nil
}

func (p *parent) On(ctx topic.Context, n int) error {
	p.log.add(fmt.Sprint("on ", p.id))
	if ctx.Attempt() == 1 {
		panic("again")
	}
	return nil
}

// The children of a consumer that restarts have ended before its successor begins.
func TestRestartStopsTheChildrenFirst(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, log, made := open[int](t, sys, "numbers"), newRecord[string](), 0
		var kids sync.WaitGroup
		kids.Add(2)
		sub, err := topic.Spawn(numbers, func() *parent { made++; return &parent{made, log, &kids} })
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		publish(t, numbers, 1)
		pass(time.Second)
		kids.Wait()
		all := log.all()
		if i := slices.Index(all, "child stopped 1"); i < 0 || i > slices.Index(all, "start 2") || slices.Contains(all, "child stopped 2") {
			t.Fatal(all)
		}
		sub.Stop()
		<-sub.Done()
		if all := log.all(); all[len(all)-1] != "child stopped 2" {
			t.Fatal(all)
		}
	})
}

// A thousand consumers wait for their next attempts, without a goroutine for one of them, and the others go on.
func TestWaitingHoldsNoGoroutineAndNobodyUp(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, other := open[int](t, sys, "numbers"), newRecord[int]()
		var subs []*topic.Subscription
		for range 1000 {
			subs = append(subs, subscribe(t, numbers, func(ctx topic.Context, n int) error {
				if ctx.Attempt() < 3 {
					return errNo
				}
				return nil
			}, topic.Supervise(supervisor.Policy{MinBackoff: time.Hour, MaxBackoff: time.Hour, Jitter: -1})))
		}
		subscribe(t, numbers, other.on)
		before := runtime.NumGoroutine()
		publish(t, numbers, upTo(100)...)
		pass(time.Minute) // pumps and watchdog have ended
		if n := runtime.NumGoroutine() - before; n > 0 {
			t.Errorf("%d goroutines more", n)
		}
		other.is(t, upTo(100)...)
		for _, sub := range subs {
			if s := sub.Stats()[0]; s.State != "waiting" || s.Retried != 1 || s.Lag != 100 {
				t.Fatalf("%+v", s)
			}
			sub.Stop()
		}
	})
}

// A consumer that cannot start is tried again, and gets its message when it can.
func TestConsumerThatDoesNotStartIsTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got := open[int](t, sys, "numbers"), newRecord[int]()
		starts := 0
		if _, err := topic.Spawn(numbers, func() *starter {
			starts++
			return &starter{starts, got}
		}); err != nil {
			t.Fatal(err)
		}
		publish(t, numbers, 1, 2)
		pass(time.Minute)
		got.is(t, 1, 2)
		if starts != 4 {
			t.Fatalf("%d starts", starts)
		}
	})
}

type starter struct {
	id  int
	got *record[int]
}

func (s *starter) Start(topic.Context) error {
	switch s.id {
	case 2:
		return errNo
	case 3:
		panic("in Start")
	}
	return nil
}

func (s *starter) On(_ topic.Context, n int) error {
	if s.id == 1 {
		panic("the first one")
	}
	s.got.add(n)
	return nil
}
