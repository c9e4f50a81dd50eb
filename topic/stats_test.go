package topic_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

// When all is quiet the figures are exact.
func TestStatsAreExactWhenQuiet(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers", topic.Retain(topic.Retention{Count: 50}))
		fails := func(ctx topic.Context, n int) error {
			switch {
			case n%10 == 0 && ctx.Attempt() == 1:
				return errNo
			case n%25 == 0:
				panic("always")
			}
			return nil
		}
		policy := topic.Supervise(supervisor.Policy{Retries: 1, MinBackoff: -1})
		subscribe(t, numbers, newRecord[int]().on, topic.Name("plain"))
		subscribe(t, numbers, fails, topic.Name("failing"), policy)
		subscribe(t, numbers, newRecord[int]().on, topic.Name("filtering"), topic.Filter(func(n int) bool { return n%2 == 0 }))
		subscribe(t, numbers, fails, topic.Name("member"), topic.Group("group"), policy)
		paused := subscribe(t, numbers, newRecord[int]().on, topic.Name("paused"))
		paused.Pause()
		c := hold(t)
		subscribe(t, numbers, c.on, topic.Name("oldest"), topic.Overflow(topic.DropOldest), topic.Buffer(4))
		publish(t, numbers, upTo(100)...)
		pass(time.Minute)
		// 20, 40 fail once and so on: ten multiples of 10; of 25: 25, 75 panic twice, 50 and 100 once after an error.
		failed := topic.SubscriptionStats{State: "idle", Delivered: 96, Retried: 12, DeadLettered: 4, Restarts: 6}
		want := map[string]topic.SubscriptionStats{
			"plain":     {State: "idle", Delivered: 100},
			"failing":   failed,
			"filtering": {State: "idle", Delivered: 50},
			"member":    failed,
			"paused":    {State: "paused", Lag: 100, OldestAge: time.Minute},
		}
		s := numbers.Stats()
		if s.Topic != "numbers" || s.Published != 100 || s.Retained != 50 || s.DeadLettered != 8 || s.Waiting != 0 || s.Link != "" || len(s.Subscriptions) != 6 {
			t.Errorf("%+v", s)
		}
		for _, got := range s.Subscriptions {
			if got.Name == "oldest" {
				continue
			}
			w := want[got.Name]
			if w.Name = got.Name; got.Name == "member" {
				w.Group = "group"
			}
			if got != w {
				t.Errorf("got %+v, want %+v", got, w)
			}
		}
		c.free()
		synctest.Wait()
		for _, got := range numbers.Stats().Subscriptions {
			if got.Name == "oldest" && (got.Delivered+got.Dropped != 100 || got.Lag != 0 || got.OldestAge != 0) {
				t.Errorf("%+v", got)
			}
		}
	})
}

// Lag and age of a consumer with a buffer of its own are those of what is in the buffer.
func TestStatsOfQueues(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		for name, opts := range map[string][]topic.SubscribeOption{
			"newest": {topic.Overflow(topic.DropNewest), topic.Buffer(2)}, "latest": {topic.Overflow(topic.Latest), topic.Buffer(2)},
			"group": {topic.Overflow(topic.DropNewest), topic.Buffer(2), topic.Group("g")}} {
			numbers, c := open[int](t, sys, name), hold(t)
			sub := subscribe(t, numbers, c.on, opts...)
			publish(t, numbers, 1)
			pass(time.Minute)
			if err := numbers.Publish(t.Context(), 2, topic.Key("a")); err != nil {
				t.Fatal(err)
			}
			pass(time.Minute)
			if err := numbers.Publish(t.Context(), 3, topic.Key("b")); err != nil {
				t.Fatal(err)
			}
			pass(time.Minute)
			if s := sub.Stats()[0]; s.Lag != 2 || s.OldestAge != 2*time.Minute || s.State != "running" {
				t.Errorf("%s: %+v", name, s)
			}
			c.free()
			pass(time.Minute)
			if s := sub.Stats()[0]; s.Lag != 0 || s.OldestAge != 0 || s.Delivered != 3 {
				t.Errorf("%s: %+v", name, s)
			}
		}
	})
}

// Statistics can be read at any time, and never go back.
func TestStatsAreReadableUnderLoad(t *testing.T) {
	sys := newSystem(t)
	numbers := open[int](t, sys, "numbers")
	subscribe(t, numbers, func(ctx topic.Context, n int) error {
		if n%100 == 0 && ctx.Attempt() == 1 {
			return errNo
		}
		return nil
	}, topic.Supervise(supervisor.Policy{MinBackoff: -1}))
	subscribe(t, numbers, newRecord[int]().on, topic.Parallel(2))
	subscribe(t, numbers, newRecord[int]().on, topic.Overflow(topic.Latest))
	sub := subscribe(t, match[int](t, sys, "*"), newRecord[int]().on)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		var last topic.Stats
		for !ended(stop) {
			s := numbers.Stats()
			if s.Published < last.Published || s.DeadLettered < last.DeadLettered {
				t.Errorf("%+v after %+v", s, last)
			}
			last = s
			sub.Stats()
			if _, err := numbers.Subscribe(newRecord[int]().on, topic.Name("short")); err == nil {
				continue
			}
		}
	})
	publish(t, numbers, upTo(5000)...)
	close(stop)
	readers.Wait()
}

// Nothing is logged but warnings and errors: nothing at all while all goes well, and one line for many dead letters.
func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		sys := actor.NewSystem(actor.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		numbers := open[int](t, sys, "numbers")
		sub := subscribe(t, numbers, func(ctx topic.Context, n int) error {
			if n < 0 {
				return errNo
			}
			return nil
		}, topic.Name("me"), noRetries)
		publish(t, numbers, upTo(100)...)
		synctest.Wait()
		if log.Len() > 0 {
			t.Error(log.String())
		}
		publish(t, numbers, -1, -2, -3)
		if err := sub.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if err := sys.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if s := log.String(); strings.Count(s, "\n") != 1 || !strings.Contains(s, "level=WARN") || !strings.Contains(s, "subscription=me") {
			t.Error(s)
		}
	})
}
