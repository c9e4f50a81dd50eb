package actor_test

import (
	"errors"
	"testing"
	"testing/synctest"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
)

// inside runs f inside an actor of a fresh system.
func inside(t *testing.T, f func(s *actor.System, c actor.Context)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		done := make(chan struct{})
		pid := spawn(t, s, func(c actor.Context) {
			if c.Message() == "go" {
				defer close(done)
				f(s, c)
			}
		}, actor.Named("p"))
		s.Send(pid, "go")
		<-done
	})
}

func TestChildNamesAreEscaped(t *testing.T) {
	inside(t, func(s *actor.System, c actor.Context) {
		props := actor.NewProps(func() actor.Actor { return actor.Func(func(actor.Context) {}) })
		a, err := c.SpawnNamed(props, "a")
		if err != nil || a.Id != "p/a" {
			t.Errorf("spawn: %v, %v", a, err)
		}
		b, err := c.SpawnNamed(props, "a/b")
		if err != nil || b.Id != "p/a%2Fb" {
			t.Errorf("spawn: %v, %v", b, err)
		}
		if _, err := c.SpawnNamed(props, "a"); !errors.Is(err, actor.ErrNameTaken) {
			t.Errorf("spawn: %v", err)
		}
		if d := c.SpawnPrefix(props, "x/"); d.Id[:7] != "p/x%2F$" {
			t.Errorf("spawn: %v", d)
		}
		if n := len(c.Children()); n != 3 {
			t.Errorf("%d children", n)
		}
		c.Children()[0] = nil
		if c.Children()[0] == nil {
			t.Error("the engine's own slice was given away")
		}
	})
}

func TestChildNameIsFreeAfterTerminated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		seen := &record{}
		props := actor.NewProps(func() actor.Actor { return actor.Func(func(actor.Context) {}) })
		spawnIt := func(c actor.Context) {
			_, err := c.SpawnNamed(props, "a")
			seen.add("%v", errors.Is(err, actor.ErrNameTaken))
		}
		pid := spawn(t, s, func(c actor.Context) {
			switch c.Message().(type) {
			case string:
				spawnIt(c)
				ended := s.Watch(c.Children()[0])
				c.Stop(c.Children()[0])
				<-ended // it has ended, but its Terminated waits behind this message
				spawnIt(c)
			case *actor.Terminated:
				if spawnIt(c); seen.String() == "false true false" && len(c.Children()) != 1 {
					t.Error("the child is lost")
				}
			}
		})
		s.Send(pid, "go")
		synctest.Wait()
		seen.want(t, "false true false")
		_ = s.Stop(t.Context(), pid)
	})
}

func TestContextKnowsTheUsersValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		v := &itself{}
		pid, _ := s.Spawn(func() actor.Actor { return v })
		if ok, err := actor.Ask[bool](t.Context(), s, pid, "m"); !ok || err != nil {
			t.Errorf("ask: %v, %v", ok, err)
		}
	})
}

type itself struct{}

func (v *itself) Receive(c actor.Context) {
	if c.Message() == "m" {
		c.Respond(c.Actor() == v && actor.Of(c) != nil)
	}
}

func TestRespondWithoutSenderIsADeadLetter(t *testing.T) {
	inside(t, func(s *actor.System, c actor.Context) {
		var got actor.DeadLetter
		s.OnDeadLetter(func(d actor.DeadLetter) { got = d })
		c.Respond(7)
		if got.Message != 7 || !errors.Is(got.Reason, actor.ErrNoSender) || !got.From.Equal(c.Self()) {
			t.Errorf("dead letter: %v", got)
		}
	})
}

func TestForwardToNobodyIsADeadLetter(t *testing.T) {
	inside(t, func(s *actor.System, c actor.Context) {
		dead := deadLetters(t, s)
		c.Forward(nil)
		dead.want(t, "go(actor: no such actor)")
	})
}

func TestGoroutineOfAnActorMaySend(t *testing.T) {
	s := newSystem(t)
	done := make(chan struct{})
	pid := spawn(t, s, func(c actor.Context) {
		switch c.Message() {
		case "go":
			go func() {
				for range 1000 {
					c.Send(c.Self(), "m")
				}
				c.Send(c.Self(), "end")
			}()
		case "end":
			close(done)
		}
	})
	s.Send(pid, "go")
	for range 1000 {
		s.Send(pid, "x")
	}
	<-done
}

func TestSupervisionOfChildrenByAnActor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		seen := &record{}
		v := &boss{seen: seen}
		pid, _ := s.Spawn(func() actor.Actor { return v })
		s.Send(pid, "fail")
		synctest.Wait()
		s.Send(pid, "panic")
		_ = s.Drain(t.Context(), pid)
		seen.want(t, "bad/true Terminated panic/false Terminated")
	})
}

// boss stops children that fail, and panics about those that panic.
type boss struct{ seen *record }

func (b *boss) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case string:
		c.Send(c.Spawn(proto.PropsFromFunc(func(c actor.Context) {
			switch c.Message() {
			case "fail":
				panic(errBad)
			case "panic":
				panic("panic")
			}
		})), m)
	case *actor.Terminated:
		b.seen.add("Terminated")
	}
}

func (b *boss) HandleFailure(_ *proto.ActorSystem, sup proto.Supervisor, child *proto.PID, _ *proto.RestartStatistics, reason, _ any) {
	err, ok := reason.(error)
	b.seen.add("%v/%v", reason, ok && err == errBad)
	if !ok {
		panic("strategy")
	}
	sup.StopChildren(child)
}
