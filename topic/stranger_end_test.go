package topic_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
)

// own is the key of a value in a context derived from a consumer's.
type own struct{}

// A consumer may end itself in every way there is.
func TestConsumerMayEndItself(t *testing.T) {
	for name, end := range map[string]func(ctx topic.Context, sub *topic.Subscription) error{
		"sub.Stop":    func(_ topic.Context, sub *topic.Subscription) error { sub.Stop(); return nil },
		"stop, error": func(_ topic.Context, sub *topic.Subscription) error { sub.Stop(); return errBad },
		"stop, panic": func(_ topic.Context, sub *topic.Subscription) error { sub.Stop(); panic("end") },
		"stop, exit":  func(_ topic.Context, sub *topic.Subscription) error { sub.Stop(); runtime.Goexit(); return nil },
		"ctx.Stop":    func(ctx topic.Context, _ *topic.Subscription) error { ctx.Stop(ctx.Self()); return nil },
	} {
		for kind, opts := range map[string][]topic.SubscribeOption{
			"plain": nil, "group": {topic.Group("g")}, "queue": {topic.Overflow(topic.DropNewest)},
		} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					worlds := mustOpen[World](t, topictest.NewSystem(t), "worlds")
					bystander := topictest.Record(t, worlds)
					ready := make(chan *topic.Subscription, 1)
					handled := 0
					sub := mustSubscribe(t, worlds, func(ctx topic.Context, _ World) error {
						handled++
						s := <-ready
						return end(ctx, s)
					}, opts...)
					ready <- sub
					mustPublish(t, worlds, World{"a"}, World{"b"}, World{"c"})
					<-sub.Done()
					if handled != 1 || sub.Err() != nil {
						t.Errorf("%d handled, error %v; want 1 and none", handled, sub.Err())
					}
					mustPublish(t, worlds, World{"d"})
					bystander.Wait(4)
				})
			})
		}
	}
}

func TestConsumerThatDrainsItselfGoesOnToTheEndOfTheLog(t *testing.T) {
	for name, wait := range map[string]func(topic.Context) context.Context{
		"own context": func(ctx topic.Context) context.Context { return ctx },
		"derived":     func(ctx topic.Context) context.Context { return context.WithValue(ctx, own{}, "v") },
		"poison":      nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				worlds := mustOpen[World](t, topictest.NewSystem(t), "worlds")
				ready := make(chan *topic.Subscription, 1)
				var got []string
				sub := mustSubscribe(t, worlds, func(ctx topic.Context, w World) error {
					if got = append(got, w.Name); len(got) > 1 {
						return nil
					}
					s := <-ready
					if wait == nil {
						ctx.Poison(ctx.Self())
						return nil
					}
					reads(t, s.Drain(wait(ctx)), "topic: drain", "a consumer cannot wait for its own end: it drains without a wait, see Done")
					return nil
				}, topic.Name("self"))
				mustPublish(t, worlds, World{"a"}, World{"b"}, World{"c"})
				ready <- sub
				<-sub.Done()
				if s := strings.Join(got, ""); s != "abc" {
					t.Errorf("got %q", s)
				}
			})
		})
	}
}

// A consumer that removes its own topic with its own context is told to end by that, and does.
func TestConsumerMayRemoveItsTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := topictest.NewSystem(t)
		worlds := mustOpen[World](t, sys, "worlds")
		sub := mustSubscribe(t, worlds, func(ctx topic.Context, _ World) error { return worlds.Remove(ctx) })
		mustPublish(t, worlds, World{"a"})
		<-sub.Done()
		if !errors.Is(sub.Err(), topic.ErrRemoved) {
			t.Errorf("%v, want ErrRemoved", sub.Err())
		}
		mustOpen[string](t, sys, "worlds")
	})
}

func TestConsumerMayCloseTheSystemWithItsOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := topictest.NewSystem(t)
		worlds := mustOpen[World](t, sys, "worlds")
		closed := make(chan error, 1)
		mustSubscribe(t, worlds, func(ctx topic.Context, _ World) error {
			c, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			closed <- sys.Close(c)
			return nil
		}, topic.Name("suicide"))
		mustPublish(t, worlds, World{"a"})
		err := <-closed
		reads(t, err, fmt.Sprintf("subscription %q", "suicide"))
	})
}
