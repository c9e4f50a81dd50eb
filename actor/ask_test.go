package actor_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
)

// echo answers with what it gets; func() messages decide for themselves.
func echo(c actor.Context) {
	switch m := c.Message().(type) {
	case func(actor.Context):
		m(c)
	case string, int, error:
		c.Respond(m)
	}
}

// asks runs f with an echo of ours, and with one from bare engine props.
func asks(t *testing.T, f func(t *testing.T, s *actor.System, pid *actor.PID)) {
	for _, kind := range []string{"ours", "bare"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSystem(t)
				if kind == "ours" {
					f(t, s, spawn(t, s, echo, actor.Named("e"), actor.Supervise(exact)))
					return
				}
				pid, err := s.SpawnProps(proto.PropsFromFunc(echo), "e")
				if err != nil {
					t.Fatal(err)
				}
				f(t, s, pid)
			})
		})
	}
}

func TestAskReturnsTheAnswer(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		got, err := actor.Ask[string](t.Context(), s, pid, "7")
		if got != "7" || err != nil {
			t.Errorf("ask: %q, %v", got, err)
		}
	})
}

func TestAskForAnotherTypeNamesBoth(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		_, err := actor.Ask[int](t.Context(), s, pid, "7")
		var wrong *actor.TypeError
		if !errors.As(err, &wrong) || wrong.Want != reflect.TypeFor[int]() || wrong.Got != reflect.TypeFor[string]() {
			t.Errorf("ask: %v", err)
		}
		if want := `actor: ask "e": it answered with string, not with int`; err.Error() != want {
			t.Errorf("ask: %v, want %s", err, want)
		}
	})
}

func TestAskReturnsAnErrorThatIsTheAnswer(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		_, err := actor.Ask[string](t.Context(), s, pid, errBad)
		if !errors.Is(err, errBad) || err.Error() != `actor: ask "e": bad` {
			t.Errorf("ask: %v", err)
		}
	})
}

func TestAskNobody(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		_ = s.Stop(t.Context(), pid)
		for _, pid := range []*actor.PID{pid, nil, actor.NewPID(s.Name(), "nobody"), actor.NewPID("else", "where")} {
			if _, err := actor.Ask[string](t.Context(), s, pid, "m"); !errors.Is(err, actor.ErrDead) {
				t.Errorf("ask %v: %v", pid.GetId(), err)
			}
		}
	})
}

func TestAskNil(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		for _, m := range []any{nil, &actor.Envelope{}, (*actor.Envelope)(nil)} {
			if _, err := actor.Ask[string](t.Context(), s, pid, m); !errors.Is(err, actor.ErrNil) {
				t.Errorf("ask: %v", err)
			}
		}
	})
}

func TestAskEndsWhenTheActorStopsFirst(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		// Handled, never answered.
		_, err := actor.Ask[string](t.Context(), s, pid, func(c actor.Context) { c.Stop(c.Self()) })
		if !errors.Is(err, actor.ErrDead) && !errors.Is(err, actor.ErrStopped) {
			t.Errorf("ask: %v", err)
		}
	})
}

func TestAskEndsWhenTheMessageIsLeftInAStoppedMailbox(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		gate := make(chan struct{})
		s.Send(pid, func(c actor.Context) { <-gate; c.Stop(c.Self()) })
		go func() { synctest.Wait(); close(gate) }()
		_, err := actor.Ask[string](t.Context(), s, pid, "m")
		if !errors.Is(err, actor.ErrDead) && !errors.Is(err, actor.ErrStopped) {
			t.Errorf("ask: %v", err)
		}
	})
}

func TestAskEndsWithItsContext(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		dead := deadLetters(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		var asker *actor.PID
		_, err := actor.Ask[string](ctx, s, pid, func(c actor.Context) { asker = c.Sender() })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("ask: %v after %v", err, time.Since(began))
		}
		s.Send(asker, "late") // dropped
		s.Send(actor.NewPID(asker.Address, asker.Id), "late")
		dead.want(t, "")
		if _, ok := s.Engine().ProcessRegistry.Get(asker); ok {
			t.Error("the asker is still registered")
		}
	})
}

func TestAskDoesNotWaitForRoomLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		pid, seen, release := held(t, s, actor.Mailbox(1, actor.Block))
		s.Send(pid, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := actor.Ask[int](ctx, s, pid, 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ask: %v", err)
		}
		go s.Send(pid, 3) // must get the room that the ask no longer waits for
		synctest.Wait()
		release()
		synctest.Wait()
		seen.want(t, "Started hold 1 3")
	})
}

func TestAskEndedContext(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errBad)
		if _, err := actor.Ask[string](ctx, s, pid, "m"); !errors.Is(err, errBad) {
			t.Errorf("ask: %v", err)
		}
	})
}

func TestAskLearnsOfTheFailure(t *testing.T) {
	for _, d := range []supervisor.Directive{supervisor.Retry, supervisor.Restart, supervisor.Skip, supervisor.DeadLetter, supervisor.Stop, supervisor.Escalate} {
		t.Run(d.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSystem(t)
				tries := 0
				pid := spawn(t, s, func(c actor.Context) {
					if c.Message() == "m" {
						tries++
						panic(errBad)
					}
				}, actor.Supervise(with(exact, d)))
				_, err := actor.Ask[string](t.Context(), s, pid, "m")
				want := 1
				if d == supervisor.Retry || d == supervisor.Restart {
					want = 3
				}
				if !errors.Is(err, errBad) || tries != want {
					t.Errorf("ask: %v after %d tries", err, tries)
				}
			})
		})
	}
}

func TestAnswerAfterARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		tries := 0
		pid := spawn(t, s, func(c actor.Context) {
			if c.Message() == "m" {
				if tries++; tries < 3 {
					panic(errBad)
				}
				c.Respond(tries)
			}
		}, actor.Supervise(exact))
		if n, err := actor.Ask[int](t.Context(), s, pid, "m"); n != 3 || err != nil {
			t.Errorf("ask: %v, %v", n, err)
		}
	})
}

func TestDroppedAskLearnsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		pid, _, release := held(t, s, actor.Mailbox(1, actor.DropNewest))
		defer release()
		s.Send(pid, 1)
		if _, err := actor.Ask[string](t.Context(), s, pid, "m"); !errors.Is(err, actor.ErrFull) {
			t.Errorf("ask: %v", err)
		}
	})
}

func TestForwardedAsk(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		front := spawn(t, s, func(c actor.Context) {
			switch c.Message().(type) {
			case string, func(actor.Context):
				c.Forward(pid)
			}
		})
		if got, err := actor.Ask[string](t.Context(), s, front, "m"); got != "m" || err != nil {
			t.Errorf("ask: %v, %v", got, err)
		}
		// The one it was handed to dies.
		if _, err := actor.Ask[string](t.Context(), s, front, func(c actor.Context) { c.Stop(c.Self()) }); err == nil {
			t.Error("ask: no error")
		}
	})
}

func TestAskOutlivesWhoHandedItOn(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		gate := make(chan struct{})
		s.Send(pid, func(actor.Context) { <-gate })
		front := spawn(t, s, func(c actor.Context) {
			if _, ok := c.Message().(string); ok {
				c.Forward(pid)
				c.Stop(c.Self())
			}
		})
		go func() {
			<-s.Watch(front)
			close(gate)
		}()
		if got, err := actor.Ask[string](t.Context(), s, front, "m"); got != "m" || err != nil {
			t.Errorf("ask: %v, %v", got, err)
		}
	})
}

func TestRespondNilIsATypeError(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		_, err := actor.Ask[string](t.Context(), s, pid, func(c actor.Context) { c.Respond(nil) })
		var wrong *actor.TypeError
		if !errors.As(err, &wrong) || wrong.Got != nil {
			t.Errorf("ask: %v", err)
		}
	})
}

func TestAskKeepsHeaders(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		env := &actor.Envelope{Message: func(c actor.Context) { c.Respond(c.MessageHeader().Get("k")) }}
		env.SetHeader("k", "v")
		if got, err := actor.Ask[string](t.Context(), s, pid, env); got != "v" || err != nil {
			t.Errorf("ask: %v, %v", got, err)
		}
	})
}

func TestAskWatchesNoLongerThanItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		pid, _ := s.SpawnProps(proto.PropsFromFunc(echo), "e")
		for range 100 {
			if _, err := actor.Ask[string](t.Context(), s, pid, "m"); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		events := 0
		s.Engine().EventStream.Subscribe(func(any) { events++ })
		_ = s.Stop(t.Context(), pid)
		if events > 0 {
			t.Errorf("%d Terminated to those who asked long ago", events)
		}
	})
}

func TestManyAsksAtOnce(t *testing.T) {
	s := newSystem(t)
	pid := spawn(t, s, echo)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for j := range 100 {
				want := fmt.Sprint(i, "-", j)
				if got, err := actor.Ask[string](context.Background(), s, pid, want); got != want || err != nil {
					t.Errorf("ask: %v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}
