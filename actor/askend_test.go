package actor_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
)

func TestAskEndsWhenTheActorStopsFirst(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		// Handled, never answered.
		_, err := actor.Ask[string](t.Context(), s, pid, func(c actor.Context) { c.Stop(c.Self()) })
		if !errors.Is(err, actor.ErrDead) && !errors.Is(err, actor.ErrStopped) {
			t.Errorf("ask: %v", err)
		}
	})
}

func TestAskEndsWhenTheMessageIsLeftInAStoppedMailbox(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		gate := make(chan struct{})
		s.Send(pid, func(c actor.Context) { <-gate; c.Stop(c.Self()) })
		go func() { synctest.Wait(); close(gate) }()
		_, err := actor.Ask[string](t.Context(), s, pid, "m")
		if !errors.Is(err, actor.ErrDead) && !errors.Is(err, actor.ErrStopped) {
			t.Errorf("ask: %v", err)
		}
	})
}

func TestAskEndsWithItsContext(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		dead := deadLetters(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		var asker *actor.PID
		_, err := actor.Ask[string](ctx, s, pid, func(c actor.Context) { asker = c.Sender() })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("ask: %v after %v", err, time.Since(began))
		}
		s.Send(asker, "late") // dropped
		s.Send(actor.NewPID(asker.Address, asker.Id), "late")
		dead.want(t, "")
		if _, ok := s.Engine().ProcessRegistry.Get(asker); ok {
			t.Error("the asker is still registered")
		}
	})
}

func TestAskDoesNotWaitForRoomLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		pid, seen, release := held(t, s, actor.Mailbox(1, actor.Block))
		s.Send(pid, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := actor.Ask[int](ctx, s, pid, 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ask: %v", err)
		}
		go s.Send(pid, 3) // must get the room that the ask no longer waits for
		synctest.Wait()
		release()
		synctest.Wait()
		seen.want(t, "Started hold 1 3")
	})
}

func TestAskEndedContext(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errBad)
		if _, err := actor.Ask[string](ctx, s, pid, "m"); !errors.Is(err, errBad) {
			t.Errorf("ask: %v", err)
		}
	})
}

func TestAskLearnsOfTheFailure(t *testing.T) {
	for _, d := range []supervisor.Directive{supervisor.Retry, supervisor.Restart, supervisor.Skip, supervisor.DeadLetter, supervisor.Stop, supervisor.Escalate} {
		t.Run(d.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSystem(t)
				tries := 0
				pid := spawn(t, s, func(c actor.Context) {
					if c.Message() == "m" {
						tries++
						panic(errBad)
					}
				}, actor.Supervise(with(exact, d)))
				_, err := actor.Ask[string](t.Context(), s, pid, "m")
				want := 1
				if d == supervisor.Retry || d == supervisor.Restart {
					want = 3
				}
				if !errors.Is(err, errBad) || tries != want {
					t.Errorf("ask: %v after %d tries", err, tries)
				}
			})
		})
	}
}

func TestDroppedAskLearnsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		pid, _, release := held(t, s, actor.Mailbox(1, actor.DropNewest))
		defer release()
		s.Send(pid, 1)
		if _, err := actor.Ask[string](t.Context(), s, pid, "m"); !errors.Is(err, actor.ErrFull) {
			t.Errorf("ask: %v", err)
		}
	})
}

func TestAskOutlivesWhoHandedItOn(t *testing.T) {
	asks(t, func(t *testing.T, s *actor.System, pid *actor.PID) {
		gate := make(chan struct{})
		s.Send(pid, func(actor.Context) { <-gate })
		front := spawn(t, s, func(c actor.Context) {
			if _, ok := c.Message().(string); ok {
				c.Forward(pid)
				c.Stop(c.Self())
			}
		})
		go func() {
			<-s.Watch(front)
			close(gate)
		}()
		if got, err := actor.Ask[string](t.Context(), s, front, "m"); got != "m" || err != nil {
			t.Errorf("ask: %v, %v", got, err)
		}
	})
}
