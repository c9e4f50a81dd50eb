package actor_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
)

// exact is a policy without jitter.
var exact = supervisor.Policy{Retries: 2, MinBackoff: 10 * time.Millisecond, Jitter: -1}

func with(p supervisor.Policy, d supervisor.Directive) supervisor.Policy {
	p.Decide = func(error) supervisor.Directive { return d }
	return p
}

var errBad = errors.New("bad")

// scene runs a fresh system with one actor in a bubble. The actor records "value:message" and calls fail for each
// user message; the message of the failing one is "b".
func scene(t *testing.T, p supervisor.Policy, fail func(c actor.Context, m any, try int), then func(s *actor.System, pid *actor.PID)) (seen, dead *record) {
	t.Helper()
	seen = &record{}
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead = deadLetters(t, s)
		values, tries := 0, map[any]int{}
		sent := make(chan struct{})
		pid, err := s.Spawn(func() actor.Actor {
			values++
			value := values
			return actor.Func(func(c actor.Context) {
				m := c.Message()
				seen.add("%d:%s", value, name(m))
				if _, ok := m.(string); ok {
					<-sent
					tries[m]++
					fail(c, m, tries[m])
				}
			})
		}, actor.Named("x"), actor.Supervise(p))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []string{"a", "b", "c"} {
			s.Send(pid, m)
		}
		close(sent)
		if then != nil {
			synctest.Wait()
			then(s, pid)
		}
		if err := s.Drain(t.Context(), pid); err != nil {
			t.Fatal(err)
		}
	})
	return seen, dead
}

func failB(times int) func(actor.Context, any, int) {
	return func(_ actor.Context, m any, try int) {
		if m == "b" && try <= times {
			panic(errBad)
		}
	}
}

func TestPanicRestartsAndGivesTheSameMessageAgain(t *testing.T) {
	seen, dead := scene(t, exact, failB(1), nil)
	seen.want(t, "1:Started 1:a 1:b 1:Restarting 2:Started 2:b 2:c 2:Stopping 2:Stopped")
	dead.want(t, "")
}

func TestRetryKeepsTheValueAndTheOrder(t *testing.T) {
	seen, dead := scene(t, with(exact, supervisor.Retry), failB(2), nil)
	seen.want(t, "1:Started 1:a 1:b 1:b 1:b 1:c 1:Stopping 1:Stopped")
	dead.want(t, "")
}

func TestMessageThatKeepsFailingBecomesADeadLetter(t *testing.T) {
	seen, dead := scene(t, with(exact, supervisor.Retry), failB(99), nil)
	seen.want(t, "1:Started 1:a 1:b 1:b 1:b 1:c 1:Stopping 1:Stopped")
	dead.want(t, "b(panic: bad)")
}

func TestValueThatPanickedForTheLastTimeIsReplaced(t *testing.T) {
	seen, dead := scene(t, supervisor.Policy{Retries: -1}, failB(99), nil)
	seen.want(t, "1:Started 1:a 1:b 1:Restarting 2:Started 2:c 2:Stopping 2:Stopped")
	dead.want(t, "b(panic: bad)")
}

func TestSkipForgetsTheMessage(t *testing.T) {
	seen, dead := scene(t, with(exact, supervisor.Skip), failB(99), nil)
	seen.want(t, "1:Started 1:a 1:b 1:c 1:Stopping 1:Stopped")
	dead.want(t, "")
}

func TestDeadLetterGivesUpAtOnce(t *testing.T) {
	seen, dead := scene(t, with(exact, supervisor.DeadLetter), failB(99), nil)
	seen.want(t, "1:Started 1:a 1:b 1:c 1:Stopping 1:Stopped")
	dead.want(t, "b(panic: bad)")
}

func TestStopDeadLettersTheRest(t *testing.T) {
	seen, dead := scene(t, with(exact, supervisor.Stop), failB(99), nil)
	seen.want(t, "1:Started 1:a 1:b 1:Stopping 1:Stopped")
	dead.want(t, "b(panic: bad) c(actor: stopped before the message was handled)")
}

func TestEscalateToTheRootStops(t *testing.T) {
	seen, dead := scene(t, with(exact, supervisor.Escalate), failB(99), nil)
	seen.want(t, "1:Started 1:a 1:b 1:Stopping 1:Stopped")
	dead.want(t, "b(panic: bad) c(actor: stopped before the message was handled)")
}

func TestGoexitIsAFailure(t *testing.T) {
	seen, dead := scene(t, exact, func(_ actor.Context, m any, try int) {
		if m == "b" && try == 1 {
			runtime.Goexit()
		}
	}, nil)
	seen.want(t, "1:Started 1:a 1:b 1:Restarting 2:Started 2:b 2:c 2:Stopping 2:Stopped")
	dead.want(t, "")
}

func TestRestartBudgetStops(t *testing.T) {
	p := exact
	p.Restarts, p.Retries = 1, 9
	seen, dead := scene(t, p, failB(99), nil)
	seen.want(t, "1:Started 1:a 1:b 1:Restarting 2:Started 2:b 2:Stopping 2:Stopped")
	dead.want(t, "b(panic: bad) c(actor: stopped before the message was handled)")
}

func TestBackoffHoldsNoGoroutineAndGrows(t *testing.T) {
	var at []time.Duration
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		began := time.Now()
		p := with(exact, supervisor.Retry)
		p.Retries = 3
		p.Observe = func(e supervisor.Event) { at = append(at, time.Since(began), e.Delay) }
		pid := spawn(t, s, func(c actor.Context) {
			if c.Message() == "b" {
				panic(errBad)
			}
		}, actor.Supervise(p))
		before := runtime.NumGoroutine()
		s.Send(pid, "b")
		synctest.Wait()
		if n := runtime.NumGoroutine(); n > before {
			t.Errorf("%d goroutines during the back-off, %d before", n, before)
		}
		_ = s.Drain(t.Context(), pid)
	})
	const ms = time.Millisecond
	want := fmt.Sprint([]time.Duration{0, 10 * ms, 10 * ms, 20 * ms, 30 * ms, 40 * ms, 70 * ms, 0})
	if got := fmt.Sprint(at); got != want {
		t.Errorf("times and delays %v, want %v", got, want)
	}
}

func TestStopDuringBackoffStaysStopped(t *testing.T) {
	p := exact
	p.MinBackoff = time.Hour
	seen, dead := scene(t, p, failB(99), func(s *actor.System, pid *actor.PID) {
		if err := s.Stop(context.Background(), pid); err != nil {
			t.Error(err)
		}
		time.Sleep(100 * time.Hour) // in the bubble: nothing is due any more
	})
	seen.want(t, "1:Started 1:a 1:b 1:Stopping 1:Stopped")
	dead.want(t, "b(actor: stopped before the message was handled: panic: bad) c(actor: stopped before the message was handled: panic: bad)")
}

func TestEventsTellWhatWasDecided(t *testing.T) {
	events := &record{}
	p := exact
	p.Observe = func(e supervisor.Event) {
		var panicked *supervisor.PanicError
		stack := errors.As(e.Err, &panicked) && strings.Contains(string(panicked.Stack), "failB")
		events.add("%s/%d/%v/%v/%v/%s", e.Directive, e.Attempt, e.Message, errors.Is(e.Err, errBad), stack, e.Actor.Id)
	}
	scene(t, p, failB(99), nil)
	events.want(t, "restart/1/b/true/true/x restart/2/b/true/true/x dead letter/3/b/true/true/x")
}

func TestObserverThatPanicsChangesNothing(t *testing.T) {
	p := exact
	p.Observe = func(supervisor.Event) { panic("observer") }
	seen, _ := scene(t, p, failB(1), nil)
	seen.want(t, "1:Started 1:a 1:b 1:Restarting 2:Started 2:b 2:c 2:Stopping 2:Stopped")
}

func TestRestartStopsTheChildrenFirst(t *testing.T) {
	seen := &record{}
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		values := 0
		pid, _ := s.Spawn(func() actor.Actor {
			values++
			value := values
			return actor.Func(func(c actor.Context) {
				seen.add("%d:%s", value, name(c.Message()))
				switch c.Message() {
				case "spawn":
					_, _ = c.SpawnNamed(actor.NewProps(func() actor.Actor {
						return actor.Func(func(c actor.Context) {
							if _, ok := c.Message().(*actor.Stopped); ok {
								seen.add("child-stopped")
							}
						})
					}), "kid")
				case "b":
					if value == 1 {
						panic(errBad)
					}
				}
			})
		}, actor.Named("x"), actor.Supervise(exact))
		for _, m := range []string{"spawn", "b", "spawn", "d"} {
			s.Send(pid, m)
		}
		_ = s.Drain(t.Context(), pid)
	})
	seen.want(t, "1:Started 1:spawn 1:b 1:Restarting child-stopped 1:Terminated(x/kid) 2:Started 2:b 2:spawn 2:d "+
		"child-stopped 2:Terminated(x/kid) 2:Stopping 2:Stopped")
}
