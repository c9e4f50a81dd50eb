package actor_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
)

// slowChild is an actor that spawns, in Started, a child that takes a minute to stop.
func slowChild(seen *record) func() actor.Actor {
	values := 0
	kid := actor.NewProps(func() actor.Actor {
		return actor.Func(func(c actor.Context) {
			if _, ok := c.Message().(*actor.Stopping); ok {
				time.Sleep(time.Minute)
			}
		})
	})
	return func() actor.Actor {
		values++
		value := values
		return actor.Func(func(c actor.Context) {
			seen.add("%d:%s", value, name(c.Message()))
			switch c.Message().(type) {
			case *actor.Started:
				_, _ = c.SpawnNamed(kid, "k")
			case error:
				panic(c.Message())
			}
		})
	}
}

func TestNoUserMessageWhileStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead := deadLetters(t, s)
		seen := &record{}
		pid, _ := s.Spawn(slowChild(seen), actor.Named("p"))
		synctest.Wait()
		s.Engine().Root.Stop(pid)
		p, _ := s.Engine().ProcessRegistry.Get(pid)
		synctest.Wait()
		s.Send(pid, "m")
		p.SendSystemMessage(pid, &proto.Unwatch{Watcher: pid}) // so that it has something to do
		<-s.Watch(pid)
		seen.want(t, "1:Started 1:Stopping 1:Terminated(p/k) 1:Stopped")
		dead.want(t, "m(actor: stopped before the message was handled)")
		p.SendUserMessage(pid, "late") // past the registry, as who still holds the process can
		dead.want(t, "m(actor: stopped before the message was handled) late(actor: no such actor)")
	})
}

func TestNoUserMessageToAValueThatIsBeingReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		seen := &record{}
		pid, _ := s.Spawn(slowChild(seen), actor.Named("p"), actor.Supervise(supervisor.Policy{Retries: -1}))
		s.Send(pid, errBad)
		s.Send(pid, "m")
		synctest.Wait()
		p, _ := s.Engine().ProcessRegistry.Get(pid)
		p.SendSystemMessage(pid, &proto.ResumeMailbox{})
		p.SendSystemMessage(pid, &proto.Restart{}) // it is under way
		_ = s.Drain(t.Context(), pid)
		seen.want(t, "1:Started 1:bad 1:Restarting 1:Terminated(p/k) 2:Started 2:m 2:Terminated(p/k) 2:Stopping 2:Stopped")
	})
}

func TestMessagesAreNotLostWhenStoppedExits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead := deadLetters(t, s)
		pid := spawn(t, s, func(c actor.Context) {
			switch c.Message().(type) {
			case string:
				c.Stop(c.Self())
			case *actor.Stopped:
				runtime.Goexit()
			}
		})
		s.Send(pid, "stop")
		s.Send(pid, "m")
		<-s.Watch(pid)
		dead.want(t, "m(actor: stopped before the message was handled)")
	})
}

func TestNameIsTakenUntilTheActorHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		gate := make(chan struct{})
		again := func() error {
			_, err := s.Spawn(func() actor.Actor {
				return actor.Func(func(c actor.Context) {
					if _, ok := c.Message().(*actor.Stopped); ok {
						<-gate // the engine has forgotten the name already
					}
				})
			}, actor.Named("x"))
			return err
		}
		if err := again(); err != nil {
			t.Fatal(err)
		}
		s.Engine().Root.Stop(actor.NewPID("test", "x"))
		synctest.Wait()
		if err := again(); !errors.Is(err, actor.ErrNameTaken) {
			t.Errorf("spawn: %v", err)
		}
		close(gate)
		synctest.Wait()
		if err := again(); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseCatchesUpWithSpawnsUnderWay(t *testing.T) {
	for _, limit := range []time.Duration{time.Minute, 0} {
		synctest.Test(t, func(t *testing.T) {
			s := actor.NewSystem()
			gate := make(chan struct{})
			go func() {
				_, err := s.SpawnProps(proto.PropsFromProducer(func() actor.Actor { <-gate; return actor.Func(echo) }), "slow")
				if err != nil {
					t.Error(err)
				}
			}()
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			go func() { time.Sleep(actor.Grace / 2); close(gate) }()
			if err := s.Close(ctx); (err != nil) != (limit == 0) || errors.Is(err, actor.ErrClosed) {
				t.Errorf("close: %v", err)
			}
			if _, ok := s.Engine().ProcessRegistry.Get(actor.NewPID(s.Name(), "slow")); ok {
				t.Error("it is left")
			}
		})
	}
}

func TestWatchOfAStoppingActorWaitsForItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		var kid *actor.PID
		spawn(t, s, func(c actor.Context) {
			if _, ok := c.Message().(*actor.Started); ok {
				kid = c.Spawn(actor.NewProps(slowChild(&record{})))
			}
		})
		top, _ := s.Spawn(slowChild(&record{}))
		bare, _ := s.SpawnProps(proto.PropsFromProducer(slowChild(&record{})), "bare")
		synctest.Wait()
		for _, pid := range []*actor.PID{kid, top, bare} {
			began := time.Now()
			s.Engine().Root.Stop(pid)
			synctest.Wait()
			if err := s.Stop(t.Context(), pid); err != nil {
				t.Error(err)
			}
			if d := time.Since(began); d != time.Minute {
				t.Errorf("%s ended after %v", pid.Id, d)
			}
		}
	})
}

func TestOnlyPackagesSpawnWhileTheSystemDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead := deadLetters(t, s)
		seen := &record{}
		pid := spawn(t, s, func(c actor.Context) {
			if c.Message() == "m" {
				time.Sleep(time.Second)
				_, err := s.Spawn(func() actor.Actor { return actor.Func(echo) })
				seen.add("%v", errors.Is(err, actor.ErrClosed))
				p, err := s.SpawnProps(proto.PropsFromFunc(func(c actor.Context) { seen.add("%s", name(c.Message())) }), "p")
				seen.add("%v", err)
				s.Send(p, "last")
			}
		})
		s.Send(pid, "m")
		synctest.Wait()
		_ = s.Close(t.Context())
		seen.want(t, "true <nil> Started last Stopping Stopped")
		dead.want(t, "")
	})
}
