package actor_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
)

// held is an actor that records what it gets and holds each message "hold" until release is called.
func held(t *testing.T, s *actor.System, opts ...actor.SpawnOption) (pid *actor.PID, seen *record, release func()) {
	seen = &record{}
	gate := make(chan struct{})
	pid = spawn(t, s, func(c actor.Context) {
		seen.add("%s", name(c.Message()))
		if c.Message() == "hold" {
			<-gate
		}
	}, opts...)
	s.Send(pid, "hold")
	synctest.Wait()
	return pid, seen, sync.OnceFunc(func() { close(gate) })
}

func TestBlockMakesSendersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		pid, seen, release := held(t, s, actor.Mailbox(2, actor.Block))
		sent := &record{}
		go func() {
			for i := range 5 {
				s.Send(pid, i)
				sent.add("%d", i)
			}
		}()
		synctest.Wait() // returns because the sender waits on a channel: it does not spin
		sent.want(t, "0 1")
		release()
		synctest.Wait()
		sent.want(t, "0 1 2 3 4")
		seen.want(t, "Started hold 0 1 2 3 4")
	})
}

func TestBlockedSendersAreServedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		pid, seen, release := held(t, s, actor.Mailbox(1, actor.Block))
		for i := range 9 {
			go s.Send(pid, i)
			synctest.Wait()
		}
		release()
		synctest.Wait()
		seen.want(t, "Started hold 0 1 2 3 4 5 6 7 8")
	})
}

func TestStopReleasesBlockedSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead := deadLetters(t, s)
		pid, _, release := held(t, s, actor.Mailbox(1, actor.Block))
		s.Send(pid, "waits")
		done := make(chan struct{})
		go func() { s.Send(pid, "blocked"); close(done) }()
		synctest.Wait()
		s.Engine().Root.Stop(pid)
		release()
		<-done
		dead.want(t, "waits(actor: stopped before the message was handled) blocked(actor: no such actor)")
	})
}

func TestDropOldestKeepsTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead := deadLetters(t, s)
		pid, seen, release := held(t, s, actor.Mailbox(2, actor.DropOldest))
		for i := range 4 {
			s.Send(pid, i)
		}
		release()
		synctest.Wait()
		seen.want(t, "Started hold 2 3")
		dead.want(t, "0(actor: the mailbox is full) 1(actor: the mailbox is full)")
	})
}

func TestDropNewestKeepsTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead := deadLetters(t, s)
		pid, seen, release := held(t, s, actor.Mailbox(2, actor.DropNewest))
		for i := range 4 {
			s.Send(pid, i)
		}
		release()
		synctest.Wait()
		seen.want(t, "Started hold 0 1")
		dead.want(t, "2(actor: the mailbox is full) 3(actor: the mailbox is full)")
	})
}

func TestPoisonPillGetsIntoAFullMailbox(t *testing.T) {
	for _, o := range []actor.Overflow{actor.Block, actor.DropOldest, actor.DropNewest} {
		synctest.Test(t, func(t *testing.T) {
			s := newSystem(t)
			pid, seen, release := held(t, s, actor.Mailbox(1, o))
			s.Send(pid, 1)
			s.Engine().Root.Poison(pid)
			s.Engine().Root.Request(pid, &proto.MessageEnvelope{Message: &actor.PoisonPill{}})
			release()
			<-s.Watch(pid)
			seen.want(t, "Started hold 1 Stopping Stopped")
		})
	}
}

func TestDropOldestNeverDropsThePill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead := deadLetters(t, s)
		pid, seen, release := held(t, s, actor.Mailbox(1, actor.DropOldest))
		s.Engine().Root.Poison(pid)
		s.Send(pid, "late")
		release()
		<-s.Watch(pid)
		seen.want(t, "Started hold Stopping Stopped")
		dead.want(t, "late(actor: the mailbox is full)")
	})
}

func TestActorCanFillItsOwnMailbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		n := 0
		pid := spawn(t, s, func(c actor.Context) {
			switch c.Message() {
			case "go":
				for range 100 {
					c.Send(c.Self(), "own")
					c.Request(actor.NewPID(c.Self().Address, c.Self().Id), "own")
				}
			case "own":
				if n++; n <= 50 {
					c.Forward(c.Self())
				}
			}
		}, actor.Mailbox(1, actor.Block))
		s.Send(pid, "go")
		synctest.Wait()
		if n < 200 {
			t.Errorf("%d of its own messages came", n)
		}
	})
}

func TestNilIsADeadLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		reasons := &record{}
		s.OnDeadLetter(func(d actor.DeadLetter) { reasons.add("%v/%v", d.Message, errors.Is(d.Reason, actor.ErrNil)) })
		pid := spawn(t, s, func(c actor.Context) {
			if c.Message() == "send" {
				c.Send(c.Self(), nil)
				c.Send(nil, 1)
				c.Request(c.Self(), nil)
			}
		})
		var none *actor.Envelope
		s.Send(pid, nil)
		s.Send(pid, none)
		s.Send(pid, &actor.Envelope{})
		s.Send(nil, 1)
		s.Engine().Root.Send(pid, nil)
		s.Engine().Root.Send(pid, none)
		synctest.Wait()
		reasons.want(t, "<nil>/true <nil>/true <nil>/true 1/false <nil>/true <nil>/true")
		s.Send(pid, "send")
		synctest.Wait()
		reasons.want(t, "<nil>/true <nil>/true <nil>/true 1/false <nil>/true <nil>/true <nil>/true 1/false <nil>/true")
	})
}

func TestForgedLifecycleMessagesAreMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		values := 0
		seen := &record{}
		pid, _ := s.Spawn(func() actor.Actor {
			values++
			return actor.Func(func(c actor.Context) { seen.add("%s", name(c.Message())) })
		})
		for _, m := range []any{&actor.Started{}, &actor.Stopped{}, &actor.Restarting{}, &actor.Stopping{}, "a"} {
			s.Send(pid, m)
		}
		synctest.Wait()
		seen.want(t, "Started Started Stopped Restarting Stopping a")
		if values != 1 {
			t.Errorf("%d values were made", values)
		}
	})
}

type batch struct{ parts []any }

func (b *batch) GetMessages() []any { return b.parts }
func (b *batch) String() string     { return "batch" }

func TestBatchIsOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		pid, seen, release := held(t, s)
		s.Send(pid, &batch{[]any{1, 2}})
		release()
		synctest.Wait()
		seen.want(t, "Started hold batch")
	})
}

func TestSystemMessagesComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead := deadLetters(t, s)
		pid, seen, release := held(t, s)
		s.Send(pid, 1)
		s.Engine().Root.Stop(pid)
		release()
		<-s.Watch(pid)
		seen.want(t, "Started hold Stopping Stopped")
		dead.want(t, "1(actor: stopped before the message was handled)")
	})
}

func TestMessageToTheDeadIsADeadLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead := deadLetters(t, s)
		pid := spawn(t, s, func(actor.Context) {})
		s.Send(pid, 1) // caches the process in pid
		synctest.Wait()
		_ = s.Stop(t.Context(), pid)
		s.Send(pid, 2)
		s.Send(actor.NewPID(s.Name(), "nobody"), 3)
		s.Send(actor.NewPID("elsewhere", "x"), 4)
		dead.want(t, "2(actor: no such actor) 3(actor: no such actor) 4(actor: no such actor)")
	})
}

func TestSenderOfARequestLearnsThatNobodyIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		seen := &record{}
		full, _, release := held(t, s, actor.Mailbox(1, actor.DropNewest))
		defer release()
		s.Send(full, 1)
		// Its own mailbox is full as well: the news must not wait for room.
		pid := spawn(t, s, func(c actor.Context) {
			switch m := c.Message().(type) {
			case string:
				s.Send(c.Self(), 7)
				c.Request(full, 2)
				c.Request(actor.NewPID(s.Name(), "nobody"), 3)
			case *actor.DeadLetterResponse:
				seen.add("%s", m.Target.Id)
			}
		}, actor.Mailbox(1, actor.Block))
		s.Send(pid, "go")
		synctest.Wait()
		seen.want(t, full.Id+" nobody")
	})
}

// TestNothingIsLostUnderLoad has many senders, small mailboxes, and failures.
func TestNothingIsLostUnderLoad(t *testing.T) {
	s := newSystem(t)
	const senders, each = 8, 2000
	last := map[int]int{}
	tries := map[[2]int]bool{}
	var lost, doubled int
	p := exact
	p.MinBackoff = -1
	pid := spawn(t, s, func(c actor.Context) {
		m, ok := c.Message().([2]int)
		if !ok {
			return
		}
		if m[1]%50 == 0 && !tries[m] {
			tries[m] = true
			panic(errBad)
		}
		switch {
		case m[1] > last[m[0]]+1:
			lost++
		case m[1] <= last[m[0]]:
			doubled++
		}
		last[m[0]] = m[1]
	}, actor.Mailbox(7, actor.Block), actor.Supervise(p))
	var wg sync.WaitGroup
	for sender := range senders {
		wg.Go(func() {
			for i := range each {
				s.Send(pid, [2]int{sender, i + 1})
			}
		})
	}
	wg.Wait()
	if err := s.Drain(context.Background(), pid); err != nil {
		t.Fatal(err)
	}
	if lost+doubled > 0 || len(last) != senders {
		t.Errorf("%d gaps, %d repeats", lost, doubled)
	}
	for sender, n := range last {
		if n != each {
			t.Error(fmt.Sprint("sender ", sender, ": ", n))
		}
	}
}
