package actor_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
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
