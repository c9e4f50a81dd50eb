package topic_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

func respond[M, R any](t testing.TB, tp *topic.Topic[M], fn func(topic.Context, M) (R, error), opts ...topic.SubscribeOption) *topic.Subscription {
	t.Helper()
	sub, err := topic.Respond(tp, fn, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func double(_ topic.Context, n int) (string, error) { return fmt.Sprint(2 * n), nil }

func TestRequestGetsOneTypedAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, plain := open[int](t, sys, "numbers"), newRecord[int]()
		subscribe(t, numbers, plain.on)
		respond(t, numbers, double)
		publish(t, numbers, 1) // no request: the responder passes it over
		answer, err := topic.Request[string](t.Context(), numbers, 21, topic.Key("k"))
		if answer != "42" || err != nil {
			t.Fatal(answer, err)
		}
		if _, err := topic.Request[int](t.Context(), numbers, 21); err == nil || !strings.Contains(err.Error(), "the answer is a string, want int") {
			t.Fatal(err)
		}
		synctest.Wait()
		plain.is(t, 1, 21, 21)
	})
}

func TestRequestWithoutResponderFailsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, plain := open[int](t, sys, "numbers"), newRecord[int]()
		subscribe(t, numbers, plain.on)
		none := func() {
			t.Helper()
			if _, err := topic.Request[string](context.Background(), numbers, 1); !errors.Is(err, topic.ErrNoResponder) {
				t.Fatal(err)
			}
		}
		none()
		sub := respond(t, numbers, double)
		sub.Stop()
		<-sub.Done()
		none()
		synctest.Wait()
		plain.is(t)
	})
}

// What goes wrong with the responder is the asker's error, at once and without a retry; the responder goes on.
func TestRequestFailsWithItsResponder(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, calls := open[int](t, sys, "numbers"), newRecord[int]()
		letters := deadLetters(t, numbers)
		respond(t, numbers, func(_ topic.Context, n int) (string, error) {
			switch calls.add(n); n {
			case 1:
				return "", errNo
			case 2:
				panic("two")
			}
			return "fine", nil
		})
		if _, err := topic.Request[string](t.Context(), numbers, 1); !errors.Is(err, errNo) {
			t.Fatal(err)
		}
		var crash *supervisor.PanicError
		if _, err := topic.Request[string](t.Context(), numbers, 2); !errors.As(err, &crash) || crash.Value != "two" {
			t.Fatal(err)
		}
		if a, err := topic.Request[string](t.Context(), numbers, 3); a != "fine" || err != nil {
			t.Fatal(a, err)
		}
		calls.is(t, 1, 2, 3)
		letters.is(t)
	})
}

// A responder that stops before it has taken the request, or while it has it, leaves no asker waiting.
func TestRequestSurvivesTheEndOfResponders(t *testing.T) {
	for _, others := range []bool{false, true} {
		t.Run(fmt.Sprint("others ", others), func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers := open[int](t, sys, "numbers")
				sub := respond(t, numbers, func(ctx topic.Context, n int) (string, error) {
					<-ctx.Done()
					return "", ctx.Err()
				})
				type result struct {
					answer string
					err    error
				}
				results := make(chan result, 3)
				for range 3 {
					go func() {
						a, err := topic.Request[string](context.Background(), numbers, 21)
						results <- result{a, err}
					}()
				}
				pass(time.Second)
				if others {
					respond(t, numbers, double)
				}
				sub.Stop()
				for range 3 {
					r := <-results
					if others && (r.answer != "42" || r.err != nil) || !others && !errors.Is(r.err, topic.ErrNoResponder) {
						t.Error(r)
					}
				}
			})
		})
	}
}

// Responders that come and go while many ask: everyone gets an answer or an error.
func TestRequestAlwaysEnds(t *testing.T) {
	sys := newSystem(t)
	numbers := open[int](t, sys, "numbers")
	stop := make(chan struct{})
	var responders, askers sync.WaitGroup
	responders.Go(func() {
		for !ended(stop) {
			sub, err := topic.Respond(numbers, double)
			if err != nil {
				t.Error(err)
				return
			}
			sub.Stop()
			<-sub.Done()
		}
	})
	for range 4 {
		askers.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			for range 300 {
				a, err := topic.Request[string](ctx, numbers, 21)
				if !errors.Is(err, topic.ErrNoResponder) && (a != "42" || err != nil) {
					t.Error(a, err)
					return
				}
			}
		})
	}
	askers.Wait()
	close(stop)
	responders.Wait()
}

func TestRequestEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, calls := open[int](t, sys, "numbers"), newRecord[int]()
		release := make(chan struct{})
		respond(t, numbers, func(_ topic.Context, n int) (string, error) {
			calls.add(n)
			<-release
			return "late", nil
		})
		start := time.Now()
		for n := 1; n <= 2; n++ {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := topic.Request[string](ctx, numbers, n); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			cancel()
		}
		if d := time.Since(start); d != 2*time.Second {
			t.Fatal(d)
		}
		close(release)
		synctest.Wait()
		calls.is(t, 1) // nobody waits for the second
	})
}

func TestRequestEndsWithTheTopic(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		respond(t, numbers, func(ctx topic.Context, n int) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		})
		result := make(chan error, 1)
		go func() {
			_, err := topic.Request[string](context.Background(), numbers, 1)
			result <- err
		}()
		pass(time.Second)
		if err := numbers.Remove(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-result; err == nil {
			t.Fatal("an answer from nobody")
		}
	})
}

// Several responders share the requests, and work at once.
func TestRespondersShareTheRequests(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		var counts [3]int
		for i := range counts {
			respond(t, numbers, func(_ topic.Context, n int) (int, error) {
				counts[i]++
				<-time.After(time.Second)
				return n, nil
			})
		}
		start := time.Now()
		var all sync.WaitGroup
		for n := range 9 {
			all.Go(func() {
				if a, err := topic.Request[int](t.Context(), numbers, n); a != n || err != nil {
					t.Error(a, err)
				}
			})
		}
		all.Wait()
		if d := time.Since(start); d != 3*time.Second || counts != [3]int{3, 3, 3} {
			t.Fatal(d, counts)
		}
	})
}

// Actors ask a topic like any actor: by Ask, and by Request from within one.
func TestRequestToThePID(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		if _, err := actor.Ask[string](t.Context(), sys, numbers.PID(), 21); !errors.Is(err, topic.ErrNoResponder) {
			t.Fatal(err)
		}
		respond(t, numbers, func(ctx topic.Context, n int) (string, error) {
			if ctx.Sender() == nil {
				t.Error("no sender")
			}
			if n == 0 {
				return "", errNo
			}
			return fmt.Sprint(2 * n), nil
		})
		if a, err := actor.Ask[string](t.Context(), sys, numbers.PID(), 21); a != "42" || err != nil {
			t.Fatal(a, err)
		}
		if _, err := actor.Ask[string](t.Context(), sys, numbers.PID(), 0); !errors.Is(err, errNo) {
			t.Fatal(err)
		}
		got := make(chan any, 1)
		if _, err := sys.Spawn(func() actor.Actor {
			return actor.Func(func(ctx actor.Context) {
				switch m := ctx.Message().(type) {
				case *actor.Started:
					ctx.Request(numbers.PID(), 4)
				case string:
					got <- m
				}
			})
		}); err != nil {
			t.Fatal(err)
		}
		if a := <-got; a != "8" {
			t.Fatal(a)
		}
	})
}

// A plain subscriber may answer as well, with Context.Respond.
func TestRespondByTheContext(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		respond(t, numbers, func(ctx topic.Context, n int) (any, error) {
			ctx.Respond("first")
			return "second", nil
		})
		if a, err := topic.Request[string](t.Context(), numbers, 1); a != "first" || err != nil {
			t.Fatal(a, err)
		}
	})
}
