package actor_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

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
