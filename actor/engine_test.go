package actor_test

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
)

func TestPropsNeedASystem(t *testing.T) {
	engine := proto.NewActorSystem(proto.WithLoggerFactory(func(*proto.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
	defer func() {
		if recover() == nil {
			t.Error("spawned in an engine without a System")
		}
	}()
	engine.Root.Spawn(actor.NewProps(func() actor.Actor { return actor.Func(echo) }))
}

func TestContinuationSeesTheMessageAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		other := spawn(t, s, echo)
		pid := spawn(t, s, func(c actor.Context) {
			if c.Message() == "go" {
				c.ReenterAfter(c.RequestFuture(other, "m", time.Second), func(res any, err error) {
					c.Respond(fmt.Sprintln(c.Message(), res, err, c.MessageHeader().Get("k"))[:len("go m <nil> v")])
				})
			}
		})
		env := &actor.Envelope{Message: "go"}
		env.SetHeader("k", "v")
		if got, err := actor.Ask[string](t.Context(), s, pid, env); got != "go m <nil> v" || err != nil {
			t.Errorf("ask: %q, %v", got, err)
		}
	})
}

func TestTouchIsAnswered(t *testing.T) {
	s := newSystem(t)
	pid := spawn(t, s, func(actor.Context) {})
	got, err := actor.Ask[*proto.Touched](t.Context(), s, pid, &proto.Touch{})
	if err != nil || !got.Who.Equal(pid) {
		t.Errorf("ask: %v, %v", got, err)
	}
}

func TestMiddlewareAndDecoratorsOfPropsAreCalled(t *testing.T) {
	for name, option := range map[string]func() proto.PropsOption{
		"middleware": func() proto.PropsOption {
			return proto.WithReceiverMiddleware(func(next proto.ReceiverFunc) proto.ReceiverFunc {
				return func(c proto.ReceiverContext, env *proto.MessageEnvelope) {
					if env.Message == "a" {
						env = &proto.MessageEnvelope{Message: "b", Sender: env.Sender}
					}
					next(c, env)
				}
			})
		},
		"decorator": func() proto.PropsOption {
			return proto.WithContextDecorator(func(next proto.ContextDecoratorFunc) proto.ContextDecoratorFunc {
				return func(c proto.Context) proto.Context { return decorated{next(c)} }
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t)
			props := actor.NewProps(func() actor.Actor { return actor.Func(echo) }).Configure(option())
			pid, err := s.SpawnProps(props, "")
			if err != nil {
				t.Fatal(err)
			}
			if got, err := actor.Ask[string](t.Context(), s, pid, "a"); got != "b" || err != nil {
				t.Errorf("ask: %v, %v", got, err)
			}
		})
	}
}

// decorated is a context that answers "b" whatever the answer.
type decorated struct{ proto.Context }

func (d decorated) Send(pid *proto.PID, m any) {
	if m == "a" {
		m = "b"
	}
	d.Context.Send(pid, m)
}
