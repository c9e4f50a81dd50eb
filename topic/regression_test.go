package topic_test

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/transport/memory"
)

// A consumer that blocks gets the pump to itself. When it then left by runtime.Goexit, the pump's goroutine panicked.
func TestGoexitOfASlowConsumerIsNoCrash(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		gate := make(chan struct{})
		var handled atomic.Int64
		subscribe(t, numbers, func(ctx topic.Context, n int) error {
			switch {
			case n == 0:
				<-gate
			case n == 1 && ctx.Attempt() == 1:
				runtime.Goexit()
			}
			handled.Add(1)
			return nil
		})
		publish(t, numbers, 0, 1, 2)
		pass(100 * time.Millisecond) // long enough for the pump to be lost
		close(gate)
		pass(time.Second)
		if n := handled.Load(); n != 3 {
			t.Errorf("%d messages handled, want 3", n)
		}
	})
}

// A consumer of several topics, and a group, went on behind a gap where Disconnect ought to end them.
func TestDisconnectEndsEveryKindOfSubscription(t *testing.T) {
	kinds := map[string]func(t *testing.T, sys *actor.System, f func(topic.Context, int) error) *topic.Subscription{
		"plain": func(t *testing.T, sys *actor.System, f func(topic.Context, int) error) *topic.Subscription {
			return subscribe(t, open[int](t, sys, "numbers.a"), f, topic.Overflow(topic.Disconnect), topic.Buffer(8))
		},
		"pattern": func(t *testing.T, sys *actor.System, f func(topic.Context, int) error) *topic.Subscription {
			return subscribe(t, match[int](t, sys, "numbers.*"), f, topic.Overflow(topic.Disconnect), topic.Buffer(8))
		},
		"parallel": func(t *testing.T, sys *actor.System, f func(topic.Context, int) error) *topic.Subscription {
			return subscribe(t, open[int](t, sys, "numbers.a"), f, topic.Overflow(topic.Disconnect), topic.Buffer(8), topic.Parallel(2))
		},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				numbers := open[int](t, sys, "numbers.a")
				gate := make(chan struct{})
				got := newRecord[int]()
				sub := kind(t, sys, func(ctx topic.Context, n int) error {
					<-gate
					return got.on(ctx, n)
				})
				publish(t, numbers, upTo(40)...)
				pass(time.Second)
				close(gate)
				<-sub.Done()
				if err := sub.Err(); !errors.Is(err, topic.ErrSlowConsumer) {
					t.Errorf("ended with %v, want ErrSlowConsumer", err)
				}
			})
		})
	}
}

// Resume took effect only when the consumer had returned, and then undid a Pause that had followed it.
func TestPauseAfterResumeHolds(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got, gate := open[int](t, sys, "numbers"), newRecord[int](), make(chan struct{})
		sub := subscribe(t, numbers, func(ctx topic.Context, n int) error {
			<-gate
			return got.on(ctx, n)
		})
		publish(t, numbers, 1, 2, 3)
		pass(time.Second)
		sub.Pause()
		sub.Resume()
		sub.Pause()
		close(gate)
		pass(time.Second)
		if n := len(got.all()); n != 1 {
			t.Errorf("%d messages handled, want the one that was in the consumer's hands", n)
		}
		sub.Resume()
		pass(time.Second)
		if n := len(got.all()); n != 3 {
			t.Errorf("%d messages handled, want 3", n)
		}
	})
}

// After a panic a consumer of several topics forgot that the topic had more messages, until the next was published.
func TestPanicOfAPatternLeavesNothingBehind(t *testing.T) {
	for _, retries := range []int{-1, 3} {
		bubble(t, func(t *testing.T, sys *actor.System) {
			numbers, got := open[int](t, sys, "numbers.a"), newRecord[int]()
			subscribe(t, match[int](t, sys, "numbers.*"), func(ctx topic.Context, n int) error {
				if n == 2 && ctx.Attempt() == 1 {
					panic("no")
				}
				return got.on(ctx, n)
			}, topic.Supervise(supervisor.Policy{Retries: retries}))
			if err := numbers.PublishBatch(t.Context(), upTo(1000)); err != nil {
				t.Fatal(err)
			}
			pass(time.Minute)
			want := 1000
			if retries < 0 {
				want-- // 2 is a dead letter
			}
			if n := len(got.all()); n != want {
				t.Errorf("%d messages handled with %d retries, want %d", n, retries, want)
			}
		})
	}
}

// herald publishes when it starts.
type herald struct{ numbers *topic.Topic[int] }

func (s herald) Start(ctx topic.Context) error     { return s.numbers.Publish(ctx, 1) }
func (s herald) On(ctx topic.Context, n int) error { return nil }

// Start of a Parallel subscription was where the last of its consumers had joined, not where the first had begun.
func TestParallelStartsWhereItsFirstConsumerDoes(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		sub, err := topic.Spawn(numbers, func() herald { return herald{numbers} }, topic.Parallel(4))
		if err != nil {
			t.Fatal(err)
		}
		if p := sub.Start(); p.Major != 1 {
			t.Errorf("starts behind %d, want 1", p.Major)
		}
		pass(time.Second)
	})
}

// Subscriptions that were refused because the system closed counted as dead places of their topic, until there were more of
// them than places: a panic.
func TestRefusedSubscriptionsLeaveNoPlace(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		if err := numbers.Remove(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if _, err := numbers.Subscribe(func(topic.Context, int) error { return nil }); err == nil {
				t.Fatal("a subscription to a removed topic")
			}
		}
		pass(time.Second)
	})
}

// Close and Drain took a replay from a transport for finished while its reader was under way.
func TestReplayIsFinishedBeforeTheEnd(t *testing.T) {
	ends := map[string]func(t *testing.T, sys *actor.System, sub *topic.Subscription) error{
		"close": func(t *testing.T, sys *actor.System, _ *topic.Subscription) error { return sys.Close(t.Context()) },
		"drain": func(t *testing.T, _ *actor.System, sub *topic.Subscription) error { return sub.Drain(t.Context()) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				hub := memory.New()
				defer hub.Close(t.Context())
				link := hub.Link("slow")
				numbers, got := open[int](t, sys, "numbers", topic.Via(link)), newRecord[int]()
				if err := numbers.PublishBatch(t.Context(), upTo(3000)); err != nil {
					t.Fatal(err)
				}
				pass(time.Second)
				link.Delay(10 * time.Millisecond)
				sub := subscribe(t, numbers, got.on, topic.From(topic.Earliest))
				if err := end(t, sys, sub); err != nil {
					t.Fatal(err)
				}
				if n := len(got.all()); n != 3000 {
					t.Errorf("%d messages handled, want 3000", n)
				}
			})
		})
	}
}

// A responder that would leave requests without an answer is refused.
func TestRespondRefusesWhatLeavesRequestsUnanswered(t *testing.T) {
	sys := newSystem(t)
	tp := open[int](t, sys, "n")
	answer := func(topic.Context, int) (int, error) { return 0, nil }
	for _, o := range []topic.SubscribeOption{topic.Filter(func(int) bool { return true }), topic.Overflow(topic.DropOldest), topic.Overflow(topic.Latest)} {
		if _, err := topic.Respond(tp, answer, o); err == nil || !strings.Contains(err.Error(), "without an answer") {
			t.Error(err)
		}
	}
}

// slowStarter takes its time to start.
type slowStarter struct{ got *record[int] }

func (s slowStarter) Start(topic.Context) error {
	<-time.After(time.Second)
	return nil
}
func (s slowStarter) On(ctx topic.Context, n int) error { return s.got.on(ctx, n) }

// What a group in a transport was given before its first member had its place was lost: it stayed with this node for ever.
func TestGroupInATransportLosesNothingBeforeItsFirstMember(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		hub := memory.New()
		defer hub.Close(t.Context())
		numbers, got := open[int](t, sys, "numbers", topic.Via(hub)), newRecord[int]()
		if err := numbers.PublishBatch(t.Context(), upTo(500)); err != nil {
			t.Fatal(err)
		}
		_, err := topic.Spawn(numbers, func() slowStarter { return slowStarter{got} }, topic.Group("all"), topic.From(topic.Earliest))
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		got.is(t, upTo(500)...)
	})
}
