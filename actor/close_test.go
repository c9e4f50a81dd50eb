package actor_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
)

func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead := deadLetters(t, s)
		n := 0
		pid := spawn(t, s, func(c actor.Context) {
			if _, ok := c.Message().(int); ok {
				time.Sleep(time.Second) // in the bubble
				n++
			}
		})
		for i := range 50 {
			s.Send(pid, i)
		}
		if err := s.Close(t.Context()); err != nil || n != 50 {
			t.Errorf("close: %v; %d handled", err, n)
		}
		dead.want(t, "")
	})
}

func TestCloseNamesWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{}
		s := actor.NewSystem(actor.WithName("n"), actor.WithLogger(l.logger()))
		gate := make(chan struct{})
		pid := spawn(t, s, func(c actor.Context) {
			if c.Message() == "hold" {
				<-gate
			}
		}, actor.Named("stuck/one"))
		idle := spawn(t, s, func(actor.Context) {}, actor.Named("idle"))
		s.Send(pid, "hold")
		s.Watch(pid)
		s.Go("worker", func(context.Context) { <-gate })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := s.Close(ctx)
		want := `actor: close "n": still running: actor "stuck%2Fone", goroutine "worker": context deadline exceeded`
		if err == nil || err.Error() != want || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close: %v\nwant:  %s", err, want)
		}
		if d := time.Since(began); d != time.Second+actor.Grace {
			t.Errorf("close took %v", d)
		}
		if s.Context().Err() == nil {
			t.Error("the system's context has not ended")
		}
		select {
		case <-s.Watch(idle):
		default:
			t.Error("watchers wait for ever")
		}
		if again := s.Close(t.Context()); again != err {
			t.Errorf("close again: %v", again)
		}
		close(gate)
		synctest.Wait() // and all ends after all
		l.want(t, "")
	})
}

func TestCloseCutShortSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := actor.NewSystem(actor.WithName("n"))
		dead := deadLetters(t, s)
		pid := spawn(t, s, func(c actor.Context) {
			if _, ok := c.Message().(int); ok {
				<-s.Context().Done()
				time.Sleep(actor.Grace / 2) // in the bubble
			}
		})
		s.Send(pid, 1)
		s.Send(pid, 2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := s.Close(ctx)
		if want := `actor: close "n": stopped before all was handled: context deadline exceeded`; err == nil || err.Error() != want {
			t.Errorf("close: %v\nwant:  %s", err, want)
		}
		dead.want(t, "2(actor: stopped before the message was handled)")
	})
}

func TestClosedSystemRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		pid := spawn(t, s, echo)
		if s.Closing() {
			t.Error("closing before Close")
		}
		_ = s.Close(t.Context())
		if !s.Closing() {
			t.Error("not closing after Close")
		}
		if _, err := s.Spawn(func() actor.Actor { return actor.Func(echo) }); !errors.Is(err, actor.ErrClosed) {
			t.Errorf("spawn: %v", err)
		}
		if _, err := s.SpawnProps(proto.PropsFromFunc(echo), "x"); !errors.Is(err, actor.ErrClosed) {
			t.Errorf("spawn props: %v", err)
		}
		var got []actor.DeadLetter
		s.OnDeadLetter(func(d actor.DeadLetter) { got = append(got, d) })
		s.Send(pid, 1)
		s.Send(nil, 1)
		s.Send(pid, nil)
		if len(got) != 3 || !errors.Is(got[0].Reason, actor.ErrClosed) || !errors.Is(got[0].Reason, actor.ErrDead) {
			t.Errorf("dead letters: %v", got)
		}
		if _, err := actor.Ask[int](t.Context(), s, pid, 1); !errors.Is(err, actor.ErrClosed) {
			t.Errorf("ask: %v", err)
		}
		<-s.Watch(pid)
		if err := s.Stop(t.Context(), pid); err != nil {
			t.Error(err)
		}
		if err := s.Drain(t.Context(), pid); err != nil {
			t.Error(err)
		}
		if s.Go("late", func(context.Context) { t.Error("run") }) {
			t.Error("a goroutine started after Close")
		}
	})
}

func TestConcurrentClosesShareTheOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := actor.NewSystem()
		actor.Extend(s, "a", func() *pack { return &pack{seen: &record{}, s: s, fail: errBad} })
		pid := spawn(t, s, func(c actor.Context) {
			if c.Message() == 1 {
				time.Sleep(time.Minute)
			}
		})
		s.Send(pid, 1)
		errs := make([]error, 10)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = s.Close(t.Context()) })
		}
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Close(short); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), pid.Id) {
			t.Errorf("a call with less time: %v", err)
		}
		wg.Wait()
		for _, err := range errs {
			if err != errs[0] || !errors.Is(err, errBad) {
				t.Errorf("close: %v and %v", err, errs[0])
			}
		}
	})
}

func TestGoEndsWithTheSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{}
		s := newSystem(t, actor.WithLogger(l.logger()))
		ended := 0
		s.Go("a", func(ctx context.Context) { <-ctx.Done(); ended++ })
		s.Go("b", func(context.Context) { panic("oh") })
		if err := s.Close(t.Context()); err != nil || ended != 1 {
			t.Errorf("close: %v, %d ended", err, ended)
		}
		if l.count("panic=oh") != 1 {
			t.Errorf("log: %s", l)
		}
	})
}

func TestSpawnsDuringCloseAreRefusedOrDrained(t *testing.T) {
	for range 20 {
		s := actor.NewSystem()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					_, err := s.Spawn(func() actor.Actor { return actor.Func(echo) })
					_, err2 := s.SpawnProps(proto.PropsFromFunc(echo), "")
					if err != nil && err2 != nil {
						return
					}
				}
			})
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		wg.Wait()
	}
}
