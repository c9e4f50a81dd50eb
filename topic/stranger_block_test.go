package topic_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
)

// blocker is a consumer that never comes back from its first message, until the test lets it go.
type blocker struct{ free, begun chan struct{} }

func newBlocker() *blocker {
	return &blocker{free: make(chan struct{}), begun: make(chan struct{}, 1)}
}

func (b *blocker) block(topic.Context, World) error {
	select {
	case b.begun <- struct{}{}:
	default:
	}
	<-b.free
	return nil
}

func TestBlockedConsumerHoldsUpNobody(t *testing.T) {
	for name, opts := range map[string][]topic.SubscribeOption{
		"with room":    {topic.Buffer(10_000)},
		"DropOldest":   {topic.Buffer(4), topic.Overflow(topic.DropOldest)},
		"DropNewest":   {topic.Buffer(4), topic.Overflow(topic.DropNewest)},
		"Latest":       {topic.Buffer(4), topic.Overflow(topic.Latest)},
		"Disconnect":   {topic.Buffer(4), topic.Overflow(topic.Disconnect)},
		"lossy group":  {topic.Buffer(4), topic.Overflow(topic.DropOldest), topic.Group("g")},
		"two of three": {topic.Buffer(10_000), topic.Parallel(2)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sys := topictest.NewSystem(t)
				worlds, other := mustOpen[World](t, sys, "worlds"), mustOpen[World](t, sys, "other")
				b := newBlocker()
				defer close(b.free)
				var recs []*topictest.Recorder[World]
				for range 10 {
					recs = append(recs, topictest.Record(t, worlds))
				}
				mustSubscribe(t, worlds, b.block, opts...)
				for range 10 {
					recs = append(recs, topictest.Record(t, worlds))
				}
				recs = append(recs, topictest.Record(t, other))
				begin := time.Now()
				for range 500 {
					mustPublish(t, worlds, World{"a"})
					mustPublish(t, other, World{"b"})
				}
				for _, r := range recs {
					r.Wait(500)
				}
				if took := time.Since(begin); took > time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func TestBlockedMemberLeavesTheRestToTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		worlds := mustOpen[World](t, topictest.NewSystem(t), "worlds")
		b := newBlocker()
		mustSubscribe(t, worlds, b.block, topic.Group("g"), topic.Name("stuck"))
		mustPublish(t, worlds, World{"stuck"})
		<-b.begun
		rec := topictest.Record(t, worlds, topictest.With(topic.Group("g")))
		for range 1000 {
			mustPublish(t, worlds, World{"a"})
		}
		rec.Wait(1000)
		close(b.free)
	})
}

func TestCloseEndsWithItsContextAndNamesTheBlocked(t *testing.T) {
	for name, opts := range map[string][]topic.SubscribeOption{
		"plain": nil, "group": {topic.Group("g")}, "parallel": {topic.Parallel(3)}, "lossy": {topic.Overflow(topic.Latest)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sys := topictest.NewSystem(t)
				worlds := mustOpen[World](t, sys, "worlds")
				b := newBlocker()
				mustSubscribe(t, worlds, b.block, append(opts, topic.Name("sleeper"))...)
				mustPublish(t, worlds, World{"a"})
				<-b.begun
				begin := time.Now()
				err := sys.Close(within(t, 3*time.Second))
				if took := time.Since(begin); took < 3*time.Second || took > 3*time.Second+2*actor.Grace {
					t.Errorf("Close took %v, want 3 s", took)
				}
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v, want DeadlineExceeded", err)
				}
				reads(t, err, `subscription "sleeper`, `of topic "worlds" is still busy`)
				close(b.free)
			})
		})
	}
}

func TestCloseNamesNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := topictest.NewSystem(t)
		worlds := mustOpen[World](t, sys, "worlds")
		for i := range 20 {
			mustSubscribe(t, worlds, nothing, topic.Name(fmt.Sprintf("innocent%d", i)))
			mustSubscribe(t, mustOpen[World](t, sys, fmt.Sprintf("empty%d", i)), nothing, topic.Name("innocent"))
		}
		b := newBlocker()
		mustSubscribe(t, worlds, b.block, topic.Name("sleeper"))
		mustPublish(t, worlds, World{"a"})
		<-b.begun
		err := sys.Close(within(t, time.Second))
		reads(t, err, `"sleeper"`)
		for _, name := range []string{"innocent", "empty", "topictest"} {
			if err != nil && contains(err, name) {
				t.Errorf("%s is named too: %v", name, err)
			}
		}
		close(b.free)
	})
}

func TestDrainAndRemoveEndWithTheirContextAndNameTheBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := topictest.NewSystem(t)
		worlds := mustOpen[World](t, sys, "worlds")
		b := newBlocker()
		sub := mustSubscribe(t, worlds, b.block, topic.Name("sleeper"))
		mustPublish(t, worlds, World{"a"})
		<-b.begun
		for verb, f := range map[string]func(context.Context) error{"drain": sub.Drain, "remove": worlds.Remove} {
			begin := time.Now()
			err := f(within(t, time.Second))
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
				t.Errorf("%s: %v after %v", verb, err, time.Since(begin))
			}
			reads(t, err, "topic: "+verb, `subscription "sleeper" of topic "worlds" is still busy`)
		}
		close(b.free)
		<-sub.Done()
		if err := worlds.Remove(within(t, time.Second)); err != nil {
			t.Errorf("Remove once more: %v", err)
		}
	})
}

// The name of a removed topic is free although a consumer has not come back yet; so is the consumer's.
func TestRemovedTopicCanBeOpenedWhileAConsumerIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := topictest.NewSystem(t)
		old := mustOpen[World](t, sys, "worlds")
		b := newBlocker()
		sub := mustSubscribe(t, old, b.block, topic.Name("sleeper"))
		mustPublish(t, old, World{"a"})
		<-b.begun
		if err := old.Remove(within(t, time.Second)); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v", err)
		}
		fresh := mustOpen[World](t, sys, "worlds")
		rec := topictest.Record(t, fresh, topictest.With(topic.Name("sleeper")))
		mustPublish(t, fresh, World{"b"})
		if got := rec.Wait(1); got[0].Name != "b" {
			t.Errorf("got %v", got)
		}
		if err := old.Publish(within(t, time.Second), World{"c"}); !errors.Is(err, topic.ErrRemoved) {
			t.Errorf("%v, want ErrRemoved", err)
		}
		_, err := fresh.Subscribe(nothing, topic.Name("sleeper"))
		reads(t, err, `the topic has a subscription named "sleeper"`)
		close(b.free)
		<-sub.Done()
		mustPublish(t, fresh, World{"d"})
		rec.Wait(2)
	})
}

func TestCloseWaitsForConsumersOfRemovedTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := topictest.NewSystem(t)
		worlds := mustOpen[World](t, sys, "worlds")
		b := newBlocker()
		mustSubscribe(t, worlds, b.block, topic.Name("sleeper"))
		mustPublish(t, worlds, World{"a"})
		<-b.begun
		if err := worlds.Remove(within(t, time.Second)); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v", err)
		}
		for i := range 10 { // topics that come and go meanwhile
			tp := mustOpen[World](t, sys, fmt.Sprint(i))
			mustSubscribe(t, tp, nothing)
			if err := tp.Remove(within(t, time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		err := sys.Close(within(t, time.Second))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want DeadlineExceeded", err)
		}
		reads(t, err, `subscription "sleeper" of topic "worlds" is still busy`)
		close(b.free)
	})
}

// Stop does not wait, and tells the consumer through its context.
func TestStopOfABlockedConsumerEndsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		worlds := mustOpen[World](t, topictest.NewSystem(t), "worlds")
		begun := make(chan struct{})
		handled := 0
		sub := mustSubscribe(t, worlds, func(ctx topic.Context, w World) error {
			handled++
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
		mustPublish(t, worlds, World{"a"}, World{"b"})
		<-begun
		sub.Stop()
		sub.Stop()
		<-sub.Done()
		if handled != 1 || sub.Err() != nil {
			t.Errorf("%d handled, %v", handled, sub.Err())
		}
	})
}
