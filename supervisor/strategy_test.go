package supervisor_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/supervisor"
)

// family is a parent with bare children a, b and c under a strategy. Children record what they see, and panic on "!".
type family struct {
	engine *proto.ActorSystem
	parent *proto.PID
	kids   map[string]*proto.PID

	mu   sync.Mutex
	seen []string
}

func (f *family) add(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, fmt.Sprintf(format, args...))
}

// take returns what was seen since the last call, once all is at rest.
func (f *family) take() string {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	s := strings.Join(f.seen, " ")
	f.seen = nil
	return s
}

func (f *family) want(t *testing.T, want string) {
	t.Helper()
	if got := f.take(); got != want {
		t.Errorf("got:  %s\nwant: %s", got, want)
	}
}

func (f *family) send(to, m string) { f.engine.Root.Send(f.kids[to], m) }

func (f *family) kid(name string) *proto.Props {
	return proto.PropsFromFunc(func(c proto.Context) {
		switch m := c.Message().(type) {
		case string:
			f.add("%s:%s", name, m)
			if m == "!" {
				panic(errBad)
			}
			if m == "exit" {
				c.Stop(c.Self())
			}
		case *proto.Restarting:
			f.add("%s:restarting", name)
		case *proto.Stopped:
			f.add("%s:stopped", name)
		}
	})
}

// raise runs f in a bubble with a family under strategy. The parent itself is under above.
func raise(t *testing.T, strategy, above proto.SupervisorStrategy, f func(f *family)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		x := &family{kids: map[string]*proto.PID{}}
		x.engine = proto.NewActorSystem(
			proto.WithLoggerFactory(func(*proto.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
		x.parent = x.engine.Root.Spawn(proto.PropsFromFunc(func(c proto.Context) {
			switch m := c.Message().(type) {
			case *proto.Started:
				for _, name := range []string{"a", "b", "c"} {
					x.kids[name], _ = c.SpawnNamed(x.kid(name), name)
				}
			case *proto.Restarting:
				x.add("parent:restarting")
			case string:
				x.kids[m], _ = c.SpawnNamed(x.kid(m), m)
			}
		}, proto.WithSupervisor(strategy), proto.WithGuardian(above)))
		synctest.Wait()
		f(x)
		x.engine.Root.Stop(x.parent)
		synctest.Wait()
		time.Sleep(time.Minute) // in the bubble: what is due must find nobody
		synctest.Wait()
		for _, b := range x.engine.ProcessRegistry.LocalPIDs.LocalPIDs {
			for _, id := range b.Keys() {
				if strings.HasPrefix(id, x.parent.Id) {
					t.Errorf("%s is left", id)
				}
			}
		}
	})
}

var second = supervisor.Policy{MinBackoff: time.Second, Jitter: -1}

func deciding(d supervisor.Directive) supervisor.Policy {
	p := second
	p.Decide = func(error) supervisor.Directive { return d }
	return p
}

func guardian() proto.SupervisorStrategy {
	return supervisor.OneForOne(supervisor.Policy{MinBackoff: -1})
}

func TestOneForOneRestartsAfterABackoffThatGrows(t *testing.T) {
	raise(t, supervisor.OneForOne(second), guardian(), func(f *family) {
		for _, pause := range []time.Duration{1, 2, 4} {
			f.send("a", "!")
			f.send("a", "x")
			f.send("b", "x")
			time.Sleep(pause*time.Second - time.Nanosecond)
			if got := f.take(); strings.Contains(got, "restarting") || !strings.Contains(got, "b:x") {
				t.Errorf("too early: %s", got)
			}
			time.Sleep(time.Nanosecond)
			f.want(t, "a:restarting a:x")
		}
		time.Sleep(time.Hour) // forgotten
		f.send("a", "!")
		time.Sleep(time.Second)
		f.want(t, "a:! a:restarting")
	})
}

func TestBackoffStartsOverAfterQuiet(t *testing.T) {
	raise(t, supervisor.OneForOne(second), guardian(), func(f *family) {
		at := time.Now()
		for _, step := range []struct {
			second int
			child  string
		}{{0, "b"}, {10, "a"}, {95, "b"}} { // so that the record of a is still there
			time.Sleep(time.Until(at.Add(time.Duration(step.second) * time.Second)))
			f.send(step.child, "!")
		}
		time.Sleep(time.Until(at.Add(110 * time.Second)))
		f.take()
		f.send("a", "!")
		time.Sleep(time.Second)
		f.want(t, "a:! a:restarting")
	})
}

func TestOneForOneDirectives(t *testing.T) {
	for _, c := range []struct {
		d           supervisor.Directive
		first, then string // at once, and after the back-off
	}{
		{supervisor.Retry, "a:!", "a:x"},
		{supervisor.Skip, "a:! a:x", ""},
		{supervisor.DeadLetter, "a:! dead:! a:x", ""},
		{supervisor.Stop, "a:! a:stopped", ""},
		{supervisor.Restart, "a:!", "a:restarting a:x"},
	} {
		t.Run(c.d.String(), func(t *testing.T) {
			raise(t, supervisor.OneForOne(deciding(c.d)), guardian(), func(f *family) {
				f.engine.EventStream.Subscribe(func(e any) {
					if d, ok := e.(*proto.DeadLetterEvent); ok {
						f.add("dead:%v", d.Message)
					}
				})
				f.send("a", "!")
				f.send("a", "x")
				f.want(t, c.first)
				time.Sleep(time.Second)
				f.want(t, c.then)
			})
		})
	}
}

func TestEscalateStopsTheChildAndFailsTheParent(t *testing.T) {
	for name, strategy := range map[string]func(supervisor.Policy) proto.SupervisorStrategy{
		"one for one": supervisor.OneForOne, "all for one": supervisor.AllForOne} {
		t.Run(name, func(t *testing.T) {
			raise(t, strategy(deciding(supervisor.Escalate)), guardian(), func(f *family) {
				f.send("a", "!")
				got := f.take()
				for _, part := range []string{"a:stopped", "parent:restarting", "b:stopped", "c:stopped"} {
					if strings.Count(got, part) != 1 {
						t.Errorf("no %s in: %s", part, got)
					}
				}
				f.send("a", "x") // the new one
				f.want(t, "a:x")
			})
		})
	}
}

func TestGuardianThatEscalatesStops(t *testing.T) {
	for name, strategy := range map[string]func(supervisor.Policy) proto.SupervisorStrategy{
		"one for one": supervisor.OneForOne, "all for one": supervisor.AllForOne} {
		t.Run(name, func(t *testing.T) {
			raise(t, supervisor.OneForOne(deciding(supervisor.Escalate)), strategy(deciding(supervisor.Escalate)), func(f *family) {
				f.send("a", "!")
				if got := f.take(); strings.Count(got, "stopped") != 3 {
					t.Errorf("got: %s", got)
				}
			})
		})
	}
}

func TestAllForOneAsGuardianRestartsTheChild(t *testing.T) {
	raise(t, supervisor.OneForOne(deciding(supervisor.Escalate)), supervisor.AllForOne(second), func(f *family) {
		f.send("a", "!")
		f.take()
		time.Sleep(time.Second)
		if got := f.take(); !strings.Contains(got, "parent:restarting") {
			t.Errorf("got: %s", got)
		}
	})
}

func TestBudgetStopsTheChild(t *testing.T) {
	p := second
	p.Restarts, p.Within = 2, time.Minute
	raise(t, supervisor.OneForOne(p), guardian(), func(f *family) {
		for range 3 {
			f.send("a", "!")
			time.Sleep(10 * time.Second)
		}
		f.want(t, "a:! a:restarting a:! a:restarting a:! a:stopped")
		f.send("b", "!") // has its own
		time.Sleep(10 * time.Second)
		f.want(t, "b:! b:restarting")
	})
}

func TestChildStoppedDuringItsBackoffStaysStopped(t *testing.T) {
	raise(t, supervisor.OneForOne(second), guardian(), func(f *family) {
		f.send("a", "!")
		synctest.Wait()
		f.engine.Root.Stop(f.kids["a"])
		f.want(t, "a:! a:stopped")
		f.engine.Root.Send(f.parent, "a") // another life of the same name
		synctest.Wait()
		time.Sleep(time.Minute)
		f.want(t, "")
		f.send("a", "x")
		f.want(t, "a:x")
	})
}

func TestAllForOneSuspendsAndRestartsTogether(t *testing.T) {
	raise(t, supervisor.AllForOne(second), guardian(), func(f *family) {
		f.send("a", "!")
		synctest.Wait()
		f.send("b", "x") // waits: its sibling is broken
		f.want(t, "a:!")
		time.Sleep(time.Second)
		got := f.take()
		if strings.Count(got, "restarting") != 3 || strings.Index(got, "b:x") < strings.Index(got, "b:restarting") {
			t.Errorf("got: %s", got)
		}
	})
}

func TestAllForOneRestartsLatecomersToo(t *testing.T) {
	p := second
	p.Restarts = 1 // and they are part of one
	raise(t, supervisor.AllForOne(p), guardian(), func(f *family) {
		f.send("a", "!")
		synctest.Wait()
		f.engine.Root.Send(f.parent, "d")
		synctest.Wait()
		f.send("d", "!")
		f.send("d", "x")
		f.want(t, "a:! d:!")
		time.Sleep(time.Second)
		got := f.take()
		for _, part := range []string{"a:restarting", "b:restarting", "c:restarting", "d:restarting", "d:x"} {
			if strings.Count(got, part) != 1 {
				t.Errorf("not once %s in: %s", part, got)
			}
		}
	})
}

func TestAllForOneRestartsOnlyTheLiving(t *testing.T) {
	raise(t, supervisor.AllForOne(second), guardian(), func(f *family) {
		f.send("b", "exit")
		f.want(t, "b:exit b:stopped")
		f.send("a", "!")
		synctest.Wait()
		f.engine.Root.Stop(f.kids["c"])
		f.want(t, "a:! c:stopped")
		f.engine.Root.Send(f.parent, "c") // another life of the same name: it need not be restarted
		time.Sleep(time.Second)
		f.want(t, "a:restarting")
	})
}

func TestAllForOneStopsAll(t *testing.T) {
	p := second
	p.Restarts = -1
	raise(t, supervisor.AllForOne(p), guardian(), func(f *family) {
		f.send("a", "!")
		if got := f.take(); strings.Count(got, "stopped") != 3 {
			t.Errorf("got: %s", got)
		}
	})
}

func TestAllForOneOtherDirectivesConcernTheChildAlone(t *testing.T) {
	for d, want := range map[supervisor.Directive][2]string{
		supervisor.Retry: {"a:!", "a:x"}, supervisor.Skip: {"a:! a:x", ""}, supervisor.DeadLetter: {"a:! a:x", ""}} {
		t.Run(d.String(), func(t *testing.T) {
			raise(t, supervisor.AllForOne(deciding(d)), guardian(), func(f *family) {
				f.send("a", "!")
				f.send("a", "x")
				f.want(t, want[0])
				time.Sleep(time.Second)
				f.want(t, want[1])
			})
		})
	}
}

func TestStrategyEvents(t *testing.T) {
	var f *family
	p := second
	p.Restarts = 1
	p.Observe = func(e supervisor.Event) {
		f.add("%s/%d/%v/%v/%v", e.Directive, e.Attempt, e.Delay, e.Err, e.Message)
	}
	raise(t, supervisor.OneForOne(p), guardian(), func(x *family) {
		f = x
		f.send("a", "!")
		f.send("a", "!")
		time.Sleep(time.Minute)
		f.want(t, "a:! restart/1/1s/bad/! a:restarting a:! stop/2/0s/bad/! a:stopped")
	})
}

func TestStrategyForgetsChildren(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := supervisor.Remembered(func(fail func()) {
			for range 1000 {
				fail()
			}
			time.Sleep(time.Hour)
			fail()
		})
		if n != 1 {
			t.Errorf("%d children remembered", n)
		}
	})
}
