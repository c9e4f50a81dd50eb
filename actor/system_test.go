package actor_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
)

func TestNewSystemStartsNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	s := newSystem(t)
	pid := spawn(t, s, echo)
	_, _ = actor.Ask[int](t.Context(), s, pid, 1)
	for range 100 { // the actor's own ends when it is at rest
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before+1 {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

func TestNamesAreUniqueAndEscaped(t *testing.T) {
	s := newSystem(t)
	empty := func() actor.Actor { return actor.Func(func(actor.Context) {}) }
	a, err := s.Spawn(empty, actor.Named("a/b%\n$1"))
	if err != nil || a.Id != "a%2Fb%25%0A%241" || a.Address != "test" {
		t.Errorf("spawn: %v, %v", a, err)
	}
	for _, taken := range []string{"a/b%\n$1", "eventstream", "deadletter"} {
		_, err := s.Spawn(empty, actor.Named(taken))
		if !errors.Is(err, actor.ErrNameTaken) {
			t.Errorf("spawn %q: %v", taken, err)
		}
		_, err = s.SpawnProps(actor.NewProps(empty), taken)
		if !errors.Is(err, actor.ErrNameTaken) {
			t.Errorf("spawn %q: %v", taken, err)
		}
	}
	if _, err := s.Spawn(empty, actor.Named("")); err != nil {
		t.Error(err)
	}
	seen := map[string]bool{}
	for range 1000 {
		pid, err := s.Spawn(empty)
		if err != nil || seen[pid.Id] {
			t.Fatalf("spawn: %v, %v", pid, err)
		}
		seen[pid.Id] = true
	}
	_ = s.Stop(context.Background(), a)
}

func TestNameIsFreeAfterStop(t *testing.T) {
	s := newSystem(t)
	for i := range 500 {
		pid, err := s.Spawn(func() actor.Actor { return actor.Func(echo) }, actor.Named("x"))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := actor.Ask[int](t.Context(), s, pid, i); n != i || err != nil {
			t.Fatal(n, err)
		}
		if err := s.Stop(t.Context(), pid); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConstructorMaySpawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		pid, err := s.Spawn(func() actor.Actor {
			inner := spawn(t, s, echo)
			return actor.Func(func(c actor.Context) {
				if _, ok := c.Message().(string); ok {
					c.Forward(inner)
				}
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := actor.Ask[string](t.Context(), s, pid, "m"); got != "m" || err != nil {
			t.Error(got, err)
		}
		raw, err := s.SpawnProps(proto.PropsFromProducer(func() actor.Actor {
			spawn(t, s, echo)
			return actor.Func(echo)
		}), "raw")
		if err != nil || raw.Id != "raw" {
			t.Error(raw, err)
		}
	})
}

func TestPropsThatPanicAreAnError(t *testing.T) {
	s := newSystem(t)
	if _, err := s.SpawnProps(proto.PropsFromProducer(func() actor.Actor { panic("oh") }), "x"); err == nil || !strings.Contains(err.Error(), `spawn "x": panic: oh`) {
		t.Errorf("spawn: %v", err)
	}
	if _, err := s.SpawnProps(proto.PropsFromFunc(echo, proto.WithOnInit(func(proto.Context) { panic("oh") })), "x"); err == nil {
		t.Error("spawn: no error")
	}
	if _, err := s.SpawnProps(proto.PropsFromFunc(echo), "x"); err != nil {
		t.Errorf("the name is not free: %v", err)
	}
	if _, err := s.SpawnProps(nil, "y"); err == nil {
		t.Error("nil props: no error")
	}
}

func TestSpawnFuncOfPropsIsUsed(t *testing.T) {
	s := newSystem(t)
	used := false
	_, err := s.SpawnProps(proto.PropsFromFunc(echo, proto.WithSpawnFunc(func(as *proto.ActorSystem, id string, p *proto.Props, c proto.SpawnerContext) (*proto.PID, error) {
		used = true
		return proto.DefaultSpawner(as, id, p, c)
	})), "x")
	if err != nil || !used {
		t.Error(used, err)
	}
}

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		<-s.Watch(nil)
		<-s.Watch(actor.NewPID("test", "nobody"))
		<-s.Watch(actor.NewPID("elsewhere", "x"))
		pid := spawn(t, s, echo)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { <-s.Watch(pid) })
		}
		first := s.Watch(pid)
		synctest.Wait()
		select {
		case <-first:
			t.Fatal("closed while it lives")
		default:
		}
		_ = s.Stop(t.Context(), pid)
		wg.Wait()
		<-s.Watch(pid)
	})
}

func TestStopEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		pid, _, release := held(t, s, actor.Named("x"))
		defer release()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, err := range []error{s.Stop(ctx, pid), s.Drain(ctx, pid)} {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		if err := s.Stop(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if err := s.Drain(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

func TestActorMayStopItselfAndSpawnWhileStopping(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		seen := &record{}
		pid := spawn(t, s, func(c actor.Context) {
			seen.add("%s", name(c.Message()))
			switch c.Message().(type) {
			case string:
				c.Stop(c.Self())
			case *actor.Stopping:
				_, _ = c.SpawnNamed(actor.NewProps(func() actor.Actor { return actor.Func(func(actor.Context) {}) }), "late")
			}
		}, actor.Named("p"))
		s.Send(pid, "stop")
		<-s.Watch(pid)
		seen.want(t, "Started stop Stopping Terminated(p/late) Stopped")
	})
}

func TestFailingBareActorIsRestartedAfterABackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		seen := &record{}
		pid, _ := s.SpawnProps(proto.PropsFromFunc(func(c actor.Context) {
			seen.add("%s", name(c.Message()))
			if c.Message() == "b" {
				panic(errBad)
			}
		}), "x")
		for _, m := range []string{"a", "b", "c"} {
			s.Send(pid, m)
		}
		synctest.Wait()
		seen.want(t, "Started a b")
		time.Sleep(supervisor.DefaultMinBackoff)
		synctest.Wait()
		seen.want(t, "Started a b Restarting Started c")
	})
}

func TestManyActorsComeAndGoWithoutATrace(t *testing.T) {
	s := newSystem(t)
	registered := func() (n int) {
		for _, b := range s.Engine().ProcessRegistry.LocalPIDs.LocalPIDs {
			n += b.Count()
		}
		return n
	}
	before := registered()
	const many, lanes = 100_000, 4
	var wg sync.WaitGroup
	for range lanes {
		wg.Go(func() {
			for range many / lanes {
				pid := spawn(t, s, echo)
				if n, err := actor.Ask[int](context.Background(), s, pid, 1); n != 1 || err != nil {
					t.Error(n, err)
					return
				}
				if err := s.Stop(context.Background(), pid); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if after := registered(); after != before {
		t.Errorf("%d processes are left, %d before", after, before)
	}
}
