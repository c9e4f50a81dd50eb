package actor_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
)

func TestResumedActorWithoutAValueStartsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		seen := &record{}
		made := 0
		kid := actor.NewProps(func() actor.Actor {
			if made++; made < 3 {
				panic(errBad)
			}
			return actor.Func(func(c actor.Context) { seen.add("%s", name(c.Message())) })
		}, actor.Supervise(with(exact, supervisor.Escalate)))
		pid := spawn(t, s, func(c actor.Context) {
			if m, ok := c.Message().(string); ok {
				c.Send(c.Spawn(kid), m)
			}
		}, actor.Children(supervisor.OneForOne(with(exact, supervisor.Retry))))
		s.Send(pid, "m")
		time.Sleep(time.Minute)
		seen.want(t, "Started m")
	})
}

// asked is a process that answers with nothing but its system messages.
type asked struct{ record }

func (a *asked) SendUserMessage(*actor.PID, any)       { a.add("message") }
func (a *asked) SendSystemMessage(_ *actor.PID, m any) { a.add("%T", m) }
func (a *asked) Stop(*actor.PID)                       {}

func TestAskWatchesNoLongerThanItWaits(t *testing.T) {
	s := newSystem(t)
	p := &asked{}
	pid, _ := s.Engine().ProcessRegistry.Add(p, "p")
	defer s.Engine().ProcessRegistry.Remove(pid)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := actor.Ask[int](ctx, s, pid, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	p.want(t, "message *actor.Watch *actor.Unwatch")
}

// lane is a dispatcher with one worker for all.
type lane chan func()

func (l lane) Schedule(f func()) { go func() { l <- f }() }
func (l lane) Throughput() int   { return 10 }

func TestBusyActorsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		work := make(lane)
		defer close(work)
		go func() {
			for f := range work {
				f()
			}
		}()
		onLane := func(f actor.Func) *actor.PID {
			pid, err := s.SpawnProps(actor.NewProps(func() actor.Actor { return f }).Configure(proto.WithDispatcher(work)), "")
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
		going, done := make(chan struct{}), make(chan struct{})
		handled := 0
		busy := onLane(func(c actor.Context) {
			if c.Message() == "go" {
				select {
				case <-done:
				default:
					if handled++; handled == 100 {
						close(going)
					}
					c.Send(c.Self(), "go") // for ever
				}
			}
		})
		other := onLane(func(c actor.Context) {
			if c.Message() == "m" {
				close(done)
			}
		})
		s.Send(busy, "go")
		<-going
		s.Send(other, "m")
		<-done
		_ = s.Close(t.Context())
	})
}

func TestFailureInAContinuationRestarts(t *testing.T) {
	for _, fail := range []func(){func() { panic(errBad) }, runtime.Goexit} {
		synctest.Test(t, func(t *testing.T) {
			s := newSystem(t)
			seen := &record{}
			other := spawn(t, s, echo)
			pid := spawn(t, s, func(c actor.Context) {
				seen.add("%s", name(c.Message()))
				if c.Message() == "go" {
					c.ReenterAfter(c.RequestFuture(other, "m", time.Second), func(any, error) { fail() })
				}
			}, actor.Supervise(exact))
			s.Send(pid, "go")
			time.Sleep(time.Second)
			s.Send(pid, "a")
			_ = s.Drain(t.Context(), pid)
			seen.want(t, "Started go Restarting Started a Stopping Stopped")
		})
	}
}

func TestEscalationRestartsTheFamily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead := deadLetters(t, s)
		seen := &record{}
		kid := func(id string) *actor.Props {
			return actor.NewProps(func() actor.Actor {
				return actor.Func(func(c actor.Context) {
					seen.add("%s:%s", id, name(c.Message()))
					if c.Message() == "!" {
						panic(errBad)
					}
				})
			}, actor.Supervise(with(exact, supervisor.Escalate)))
		}
		var a, b *actor.PID
		spawn(t, s, func(c actor.Context) {
			if _, ok := c.Message().(*actor.Started); ok {
				a = c.Spawn(kid("a"))
				b = c.Spawn(kid("b"))
			}
		}, actor.Children(supervisor.AllForOne(exact)))
		synctest.Wait()
		seen.take()
		s.Send(a, "!")
		s.Send(a, "x")
		synctest.Wait()
		s.Send(b, "y")
		time.Sleep(time.Second)
		got := seen.take()
		for _, part := range []string{"a:Restarting", "b:Restarting", "a:x", "b:y"} {
			if strings.Count(got, part) != 1 {
				t.Errorf("not once %s in: %s", part, got)
			}
		}
		dead.want(t, "!(panic: bad)")
	})
}
