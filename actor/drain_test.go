package actor_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
)

// tree is an actor that sends "child:n" up for each n that it hands to its child.
func tree(seen *record) actor.Func {
	var child *actor.PID
	return func(c actor.Context) {
		switch m := c.Message().(type) {
		case *actor.Started:
			child, _ = c.SpawnNamed(actor.NewProps(func() actor.Actor {
				return actor.Func(func(c actor.Context) {
					switch m := c.Message().(type) {
					case int:
						time.Sleep(time.Second)
						c.Send(c.Parent(), fmt.Sprint("child:", m))
					}
				})
			}), "c")
		case int:
			time.Sleep(time.Second)
			c.Send(child, m)
		case string:
			seen.add("%s", m)
		case *actor.Stopped:
			seen.add("parent-stopped")
		}
	}
}

func TestDrainLetsParentAndChildrenFinishForEachOther(t *testing.T) {
	for _, verb := range []string{"drain", "close", "poison"} {
		t.Run(verb, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSystem(t)
				dead := deadLetters(t, s)
				seen := &record{}
				pid := spawn(t, s, tree(seen))
				for i := range 3 {
					s.Send(pid, i)
				}
				switch verb {
				case "drain":
					_ = s.Drain(t.Context(), pid)
				case "close":
					_ = s.Close(t.Context())
				case "poison":
					s.Engine().Root.Poison(pid)
					<-s.Watch(pid)
				}
				seen.want(t, "child:0 child:1 child:2 parent-stopped")
				dead.want(t, "")
			})
		})
	}
}

func TestDrainIncludesChildrenSpawnedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		seen := &record{}
		kid := actor.NewProps(func() actor.Actor {
			return actor.Func(func(c actor.Context) {
				if m, ok := c.Message().(int); ok {
					seen.add("%d", m)
				}
			})
		})
		pid := spawn(t, s, func(c actor.Context) {
			switch m := c.Message().(type) {
			case int:
				c.Send(c.Spawn(kid), m)
			case *actor.Terminated:
				if seen.String() == "1" {
					c.Send(c.Self(), 2)
				}
			}
		})
		s.Send(pid, 1)
		_ = s.Drain(t.Context(), pid)
		seen.want(t, "1 2")
	})
}

func TestActorsEndThoughChildrenAreSpawnedAnew(t *testing.T) {
	for _, verb := range []string{"drain", "stop", "restart"} {
		t.Run(verb, func(t *testing.T) { respawner(t, verb) })
	}
}

func respawner(t *testing.T, verb string) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		kid := actor.NewProps(func() actor.Actor { return actor.Func(func(actor.Context) {}) })
		refused, started := false, 0
		pid := spawn(t, s, func(c actor.Context) {
			switch c.Message().(type) {
			case *actor.Started:
				started++
				c.Spawn(kid)
				c.SpawnPrefix(kid, "x")
				_, _ = c.SpawnNamed(kid, "kid")
			case *actor.Terminated, *actor.Stopped:
				c.Spawn(kid)
				c.SpawnPrefix(kid, "x")
				_, err := c.SpawnNamed(kid, "kid")
				refused = refused || errors.Is(err, actor.ErrStopping)
			case string:
				panic(errBad)
			}
		}, actor.Supervise(exact))
		switch verb {
		case "restart":
			s.Send(pid, "fail")
			time.Sleep(time.Second)
			_ = s.Stop(t.Context(), pid)
			if started != 4 {
				t.Errorf("%d times started", started)
			}
		case "stop":
			_ = s.Stop(t.Context(), pid)
		case "drain":
			_ = s.Drain(t.Context(), pid)
		}
		if !refused {
			t.Error("a child was spawned that nobody would have stopped")
		}
		for _, b := range s.Engine().ProcessRegistry.LocalPIDs.LocalPIDs {
			for _, id := range b.Keys() {
				if strings.HasPrefix(id, pid.Id) {
					t.Errorf("%s is left", id)
				}
			}
		}
	})
}
