package actor_test

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
)

func TestFailureInTerminatedFollowsThePolicy(t *testing.T) {
	for d, want := range map[supervisor.Directive]string{
		supervisor.Retry:      "Terminated a Stopping Stopped | skip",
		supervisor.Skip:       "Terminated a Stopping Stopped | skip",
		supervisor.DeadLetter: "Terminated a Stopping Stopped | skip",
		supervisor.Restart:    "Terminated Restarting Started a Stopping Stopped | restart",
		supervisor.Stop:       "Terminated Stopping Stopped | stop",
		supervisor.Escalate:   "Terminated Stopping Stopped | escalate",
	} {
		t.Run(d.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSystem(t)
				seen, events := &record{}, &record{}
				p := with(exact, d)
				p.Observe = func(e supervisor.Event) { events.add("%s", e.Directive) }
				other := spawn(t, s, echo)
				watched := false
				pid := spawn(t, s, func(c actor.Context) {
					switch c.Message().(type) {
					case *actor.Started:
						if !watched {
							watched = true
							c.Watch(other)
						}
					case *actor.Terminated:
						seen.add("Terminated")
						panic(errBad)
					}
					seen.add("%s", name(c.Message()))
				}, actor.Supervise(p))
				synctest.Wait()
				seen.take()
				_ = s.Stop(t.Context(), other)
				time.Sleep(time.Second)
				s.Send(pid, "a")
				_ = s.Drain(t.Context(), pid)
				if got := seen.String() + " | " + events.String(); got != want {
					t.Errorf("got:  %s\nwant: %s", got, want)
				}
			})
		})
	}
}

func TestEarlyMessagesWaitForTheActor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		seen := &record{}
		// The engine registers the name before the mailbox is connected; a stranger may send in between.
		props := actor.NewProps(func() actor.Actor {
			return actor.Func(func(c actor.Context) { seen.add("%s", name(c.Message())) })
		}).Configure(proto.WithOnInit(func(c proto.Context) {
			s.Send(c.Self(), "early")
			s.Send(c.Self(), nil)
			s.Engine().Root.Request(c.Self(), nil)
		}))
		pid, err := s.SpawnProps(props, "x")
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Drain(t.Context(), pid)
		seen.want(t, "Started early Stopping Stopped")
	})
}

func TestChildrenOfAnActorAreRestartedUnlessItSaysOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		seen := &record{}
		spawn(t, s, func(c actor.Context) {
			if m, ok := c.Message().(string); ok {
				kid := c.Spawn(proto.PropsFromFunc(func(c actor.Context) {
					seen.add("%s", name(c.Message()))
					if c.Message() == m {
						panic(errBad)
					}
				}))
				c.Send(kid, m)
			}
		}, actor.Named("p"))
		s.Send(actor.NewPID("test", "p"), "m")
		time.Sleep(time.Second)
		seen.want(t, "Started m Restarting Started")
	})
}

func TestTheRootIsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{level: slog.LevelDebug}
		s := newSystem(t, actor.WithLogger(l.logger()))
		dead := deadLetters(t, s)
		ended := make(chan struct{})
		pid := spawn(t, s, func(c actor.Context) {
			switch c.Message().(type) {
			case *actor.Started:
				c.Watch(c.Parent())
				c.Stop(c.Parent())
				c.Send(c.Parent(), "m")
				close(ended)
			}
		})
		<-ended
		dead.want(t, "m(actor: the root takes no messages)")
		select {
		case <-s.Watch(pid):
			t.Error("it has ended")
		default:
		}
	})
}

func TestLoggerIsTheUsers(t *testing.T) {
	l := &logs{}
	log := l.logger()
	s := newSystem(t, actor.WithLogger(log))
	if s.Logger() != log || s.Name() != "test" {
		t.Error("not what was given")
	}
	s.Engine().Logger().With("a", 1).WithGroup("g").Info("quiet")
	s.Engine().Logger().With("a", 1).WithGroup("g").Warn("loud")
	if l.count("quiet") != 0 || l.count("loud") != 1 {
		t.Errorf("log: %s", l)
	}
	if d := actor.NewSystem(); d.Name() == actor.NewSystem().Name() {
		t.Error("two systems of one name")
	}
}
