package actor_test

import (
	"runtime"
	"testing"
	"testing/synctest"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
)

// lifecycle runs an actor whose value number n calls bad(n, message name) on every message, with "a", "boom" (which
// panics in value 1), "b", and two children, drains it, and checks that its parent went on and saw its end.
func lifecycle(t *testing.T, bad func(value int, message string)) *record {
	t.Helper()
	seen := &record{}
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		values := 0
		fragile := actor.NewProps(func() actor.Actor {
			values++
			value := values
			bad(value, "make")
			return actor.Func(func(c actor.Context) {
				m := name(c.Message())
				seen.add("%d:%s", value, m)
				if m == "Started" {
					_, _ = c.SpawnNamed(actor.NewProps(func() actor.Actor { return actor.Func(func(actor.Context) {}) }), "k")
				}
				bad(value, m)
				if m == "boom" && value == 1 {
					panic(errBad)
				}
			})
		}, actor.Supervise(exact))
		var kid *actor.PID
		parent := spawn(t, s, func(c actor.Context) {
			switch m := c.Message().(type) {
			case *actor.Started:
				kid, _ = c.SpawnNamed(fragile, "f")
			case *actor.Terminated:
				seen.add("parent:%s", name(m))
			case string:
				c.Send(kid, m)
			}
		}, actor.Named("p"))
		for _, m := range []string{"a", "boom", "b"} {
			s.Send(parent, m)
		}
		if err := s.Drain(t.Context(), parent); err != nil {
			t.Fatal(err)
		}
	})
	return seen
}

const healthy = "1:Started 1:a 1:boom 1:Restarting 1:Terminated(p/f/k) 2:Started 2:boom 2:b 2:Terminated(p/f/k) 2:Stopping 2:Stopped parent:Terminated(p/f)"

func TestFailuresInHooksBreakNothing(t *testing.T) {
	for _, hook := range []string{"Restarting", "Stopping", "Stopped"} {
		t.Run(hook+" panics", func(t *testing.T) {
			lifecycle(t, func(_ int, m string) {
				if m == hook {
					panic(m)
				}
			}).want(t, healthy)
		})
		t.Run(hook+" exits", func(t *testing.T) {
			lifecycle(t, func(_ int, m string) {
				if m == hook {
					runtime.Goexit()
				}
			}).want(t, healthy)
		})
	}
	for _, end := range []struct {
		verb string
		do   func()
	}{{"panics", func() { panic("x") }}, {"exits", runtime.Goexit}} {
		t.Run("Terminated "+end.verb+" while restarting", func(t *testing.T) {
			lifecycle(t, func(value int, m string) {
				if value == 1 && m == "Terminated(p/f/k)" {
					end.do()
				}
			}).want(t, healthy)
		})
		t.Run("Started "+end.verb+" once", func(t *testing.T) {
			lifecycle(t, func(value int, m string) {
				if value == 1 && m == "Started" {
					end.do()
				}
			}).want(t, "1:Started 1:Restarting 1:Terminated(p/f/k) 2:Started 2:a 2:boom 2:b 2:Terminated(p/f/k) 2:Stopping 2:Stopped parent:Terminated(p/f)")
		})
		t.Run("make "+end.verb+" once", func(t *testing.T) {
			lifecycle(t, func(value int, m string) {
				if value == 1 && m == "make" {
					end.do()
				}
			}).want(t, "2:Started 2:a 2:boom 2:b 2:Terminated(p/f/k) 2:Stopping 2:Stopped parent:Terminated(p/f)")
		})
	}
}

func TestHookLifecycleWhenHealthy(t *testing.T) {
	lifecycle(t, func(int, string) {}).want(t, healthy)
}

func TestActorThatNeverStartsIsStopped(t *testing.T) {
	for _, start := range []struct {
		name string
		make func() actor.Actor
	}{
		{"nil", func() actor.Actor { return nil }},
		{"panic", func() actor.Actor { panic("x") }},
		{"exit", func() actor.Actor { runtime.Goexit(); return nil }},
	} {
		t.Run(start.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSystem(t)
				events := &record{}
				p := exact
				p.Observe = func(e supervisor.Event) { events.add("%s/%d", e.Directive, e.Attempt) }
				pid, err := s.Spawn(start.make, actor.Supervise(p))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := actor.Ask[int](t.Context(), s, pid, 1); err == nil {
					t.Error("an actor that did not start answered")
				}
				<-s.Watch(pid)
				events.want(t, "restart/1 restart/2 stop/3")
			})
		})
	}
}

func TestPanicInTerminatedRestarts(t *testing.T) {
	seen := &record{}
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		first := true
		pid := spawn(t, s, func(c actor.Context) {
			seen.add("%s", name(c.Message()))
			switch m := c.Message().(type) {
			case *actor.Terminated:
				if first {
					first = false
					panic(errBad)
				}
			case *actor.PID:
				c.Watch(m)
			}
		}, actor.Supervise(exact))
		other := spawn(t, s, func(actor.Context) {}, actor.Named("o"))
		s.Send(pid, other)
		synctest.Wait()
		_ = s.Stop(t.Context(), other)
		synctest.Wait()
		s.Send(pid, "a")
		_ = s.Drain(t.Context(), pid)
	})
	seen.lines[1] = "pid"
	seen.want(t, "Started pid Terminated(o) Restarting Started a Stopping Stopped")
}

func TestRestartAfterStopIsIgnored(t *testing.T) {
	seen := &record{}
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		hold := make(chan struct{})
		pid := spawn(t, s, func(c actor.Context) {
			seen.add("%s", name(c.Message()))
			if c.Message() == "hold" {
				<-hold
			}
		})
		s.Send(pid, "hold")
		synctest.Wait()
		p, _ := s.Engine().ProcessRegistry.Get(pid)
		s.Engine().Root.Stop(pid)
		p.SendSystemMessage(pid, &proto.Restart{})
		close(hold)
		synctest.Wait()
		p.SendSystemMessage(pid, &proto.Restart{})
		synctest.Wait()
	})
	seen.want(t, "Started hold Stopping Stopped")
}
