package actor_test

import (
	"testing"
	"testing/synctest"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
)

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
