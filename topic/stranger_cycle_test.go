package topic_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
)

// Two full topics whose consumers publish to each other: nobody can go on. It is not silent, and it ends.
func TestCycleOfTwoFullTopicsIsToldAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logged := &logbook{}
		sys := topictest.NewSystem(t, actor.WithLogger(logged.logger()))
		topictest.AllowDeadLetters(sys)
		ping, pong := mustOpen[int](t, sys, "ping"), mustOpen[int](t, sys, "pong")
		errs := make(chan error, 2)
		double := func(to *topic.Topic[int]) func(topic.Context, int) error {
			return func(ctx topic.Context, n int) error {
				for range 2 {
					if err := to.Publish(ctx, n+1); err != nil {
						errs <- err
						return nil
					}
				}
				return nil
			}
		}
		mustSubscribe(t, ping, double(pong), topic.Buffer(4), topic.Name("pinger"))
		mustSubscribe(t, pong, double(ping), topic.Buffer(4), topic.Name("ponger"))
		mustPublish(t, ping, 0)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if logged.count("publishers have waited") != 2 || logged.count("topic=ping subscription=pinger") == 0 || logged.count("topic=pong subscription=ponger") == 0 {
			t.Errorf("the log does not say who waits for whom: %q", logged.lines())
		}
		begin := time.Now()
		err := sys.Close(within(t, 10*time.Second))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 10*time.Second+2*actor.Grace {
			t.Errorf("Close: %v after %v", err, time.Since(begin))
		}
		if err == nil || !slices.ContainsFunc([]string{`"pinger" of topic "ping"`, `"ponger" of topic "pong"`}, func(s string) bool { return contains(err, s) }) {
			t.Errorf("Close names nobody: %v", err)
		}
		for range 2 {
			if err := <-errs; !errors.Is(err, topic.ErrFull) && !errors.Is(err, topic.ErrClosed) {
				t.Errorf("publisher: %v, want ErrFull or ErrClosed", err)
			}
		}
	})
}

// A cycle through which as many messages go as come is no problem, however small the buffers.
func TestCycleOfTwoTopicsGoesRound(t *testing.T) {
	sys := topictest.NewSystem(t)
	ping, pong := mustOpen[int](t, sys, "ping"), mustOpen[int](t, sys, "pong")
	done := make(chan struct{})
	pass := func(to *topic.Topic[int]) func(topic.Context, int) error {
		return func(ctx topic.Context, n int) error {
			if n == 2000 {
				close(done)
				return nil
			}
			return to.Publish(ctx, n+1)
		}
	}
	mustSubscribe(t, ping, pass(pong), topic.Buffer(1))
	mustSubscribe(t, pong, pass(ping), topic.Buffer(1))
	mustPublish(t, ping, 0)
	await(t, "the last round", done)
}

// A chain of topics is drained by Close, however long: what a consumer publishes while the system closes arrives.
func TestCloseDrainsChains(t *testing.T) {
	for range 20 {
		sys := topictest.NewSystem(t)
		const links, each = 12, 50
		chain := make([]*topic.Topic[int], links)
		for i := range chain {
			chain[i] = mustOpen[int](t, sys, fmt.Sprintf("link%d", i))
		}
		for i := range links - 1 {
			mustSubscribe(t, chain[i], func(ctx topic.Context, n int) error { return chain[i+1].Publish(ctx, n) }, topic.Buffer(4))
		}
		end := topictest.Record(t, chain[links-1], topictest.With(topic.Buffer(4)))
		for n := range each {
			mustPublish(t, chain[0], n)
		}
		if err := sys.Close(within(t, 20*time.Second)); err != nil {
			t.Fatal(err)
		}
		if got := len(end.Messages()); got != each {
			t.Fatalf("%d of %d messages came to the end", got, each)
		}
	}
}

// Close does not lose a message that goes round while it looks who is busy.
func TestCloseFollowsAMessageThatGoesRound(t *testing.T) {
	for range 10 {
		sys := topictest.NewSystem(t)
		const topics, hops = 4, 2000
		var ring [topics]*topic.Topic[int]
		for i := range ring {
			ring[i] = mustOpen[int](t, sys, fmt.Sprintf("ring%d", i))
		}
		last := 0
		for i := range ring {
			mustSubscribe(t, ring[i], func(ctx topic.Context, n int) error {
				if last = n; n == hops {
					return nil
				}
				return ring[(i+1)%topics].Publish(ctx, n+1)
			})
		}
		mustPublish(t, ring[0], 0)
		if err := sys.Close(within(t, 20*time.Second)); err != nil {
			t.Fatal(err)
		}
		if last != hops {
			t.Fatalf("the message was lost after %d of %d hops", last, hops)
		}
	}
}
