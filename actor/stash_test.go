package actor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
)

func TestStashComesBackInOrderWithItsSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		seen := &record{}
		values := 0
		pid, _ := s.Spawn(func() actor.Actor {
			values++
			fresh := values > 1
			return actor.Func(func(c actor.Context) {
				m, ok := c.Message().(string)
				switch {
				case !ok:
				case !fresh && m == "boom":
					c.Stash() // and fails: it must not come twice
					panic(errBad)
				case !fresh:
					c.Stash()
				default:
					seen.add("%s:%v", m, c.Sender() != nil)
				}
			})
		}, actor.Supervise(exact))
		other := spawn(t, s, func(c actor.Context) {
			if c.Message() == "go" {
				c.Request(pid, "a")
			}
		})
		s.Send(other, "go")
		synctest.Wait()
		s.Send(pid, "b")
		s.Send(pid, "boom")
		s.Send(pid, "c")
		_ = s.Drain(t.Context(), pid)
		seen.want(t, "boom:false a:true b:false c:false")
	})
}

func TestStashOfAStoppedActorIsDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		dead := deadLetters(t, s)
		pid := spawn(t, s, func(c actor.Context) { c.Stash() })
		s.Send(pid, "a")
		_ = s.Drain(t.Context(), pid)
		dead.want(t, "a(actor: stopped before the message was handled)")
	})
}

type ping struct{}

func (ping) NotInfluenceReceiveTimeout() {}

func TestReceiveTimeoutComesOnceAndAfterTheLastMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		began := time.Now()
		seen := &record{}
		pid := spawn(t, s, func(c actor.Context) {
			switch m := c.Message().(type) {
			case *actor.Started:
				c.SetReceiveTimeout(10 * time.Second)
			case *actor.ReceiveTimeout:
				seen.add("timeout@%v/%v", time.Since(began), c.ReceiveTimeout())
			case string:
				c.SetReceiveTimeout(time.Second)
				c.CancelReceiveTimeout()
			case time.Duration:
				c.SetReceiveTimeout(m)
			}
		})
		time.Sleep(6 * time.Second)
		s.Send(pid, 1) // puts it off
		time.Sleep(6 * time.Second)
		s.Send(pid, ping{}) // does not
		time.Sleep(time.Hour)
		s.Send(pid, "cancel")
		time.Sleep(time.Hour)
		seen.want(t, "timeout@16s/0s")
		s.Send(pid, time.Second)
		synctest.Wait()
		_ = s.Stop(t.Context(), pid)
		time.Sleep(time.Hour)
		seen.want(t, "timeout@16s/0s")
	})
}
