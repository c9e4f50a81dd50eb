package topic_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
	"github.com/azutoolkit/echo/transport/memory"
)

func TestRemoveAmidPublishersAndSubscribers(t *testing.T) {
	for name, opts := range map[string]func() []topic.Option{
		"here": func() []topic.Option { return nil }, "there": func() []topic.Option { return []topic.Option{topic.Via(memory.New())} },
	} {
		t.Run(name, func(t *testing.T) {
			sys := topictest.NewSystem(t)
			topictest.AllowDeadLetters(sys)
			via := opts()
			ctx := within(t, 20*time.Second)
			stop := make(chan struct{})
			expected := func(what string, err error) {
				if err != nil && !errors.Is(err, topic.ErrRemoved) {
					t.Errorf("%s: %v, want ErrRemoved", what, err)
				}
			}
			var wg sync.WaitGroup
			forever := func(f func(tp *topic.Topic[World])) {
				wg.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						tp, err := topic.Open[World](sys, "worlds", via...)
						if err != nil {
							t.Error("open:", err)
							return
						}
						f(tp)
					}
				})
			}
			for range 4 {
				forever(func(tp *topic.Topic[World]) {
					for err := error(nil); err == nil; {
						err = tp.Publish(ctx, World{"a"})
						expected("publish", err)
						select {
						case <-stop:
							return
						default:
						}
					}
				})
				forever(func(tp *topic.Topic[World]) {
					sub, err := tp.Subscribe(nothing, topic.Buffer(10))
					expected("subscribe", err)
					if err != nil {
						return
					}
					select {
					case <-sub.Done():
						expected("subscription", sub.Err())
					case <-stop:
					}
				})
				forever(func(tp *topic.Topic[World]) {
					sub, err := tp.Subscribe(nothing, topic.Group("g"))
					expected("subscribe", err)
					if err == nil {
						sub.Stop()
					}
				})
				forever(func(tp *topic.Topic[World]) { sys.Send(tp.PID(), World{"sent"}) })
			}
			for range 20 {
				tp, err := topic.Open[World](sys, "worlds", via...)
				if err != nil {
					t.Fatal(err)
				}
				mustSubscribe(t, sub{tp, expected}, nothing)
				if err := tp.Remove(ctx); err != nil {
					t.Fatal(err)
				}
			}
			close(stop)
			wg.Wait()
		})
	}
}

// sub is a topic whose Subscribe may meet a removed topic.
type sub struct {
	tp       *topic.Topic[World]
	expected func(string, error)
}

func (s sub) Subscribe(fn func(topic.Context, World) error, opts ...topic.SubscribeOption) (*topic.Subscription, error) {
	got, err := s.tp.Subscribe(fn, opts...)
	s.expected("subscribe", err)
	return got, nil
}

func TestRemovedTopicSaysSo(t *testing.T) {
	sys := topictest.NewSystem(t)
	tp := mustOpen[World](t, sys, "worlds")
	s := mustSubscribe(t, tp, nothing)
	ctx := within(t, 10*time.Second)
	for range 2 {
		if err := tp.Remove(ctx); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "end of the subscription", s.Done())
	_, subscribed := tp.Subscribe(nothing)
	_, grouped := tp.Subscribe(nothing, topic.Group("g"))
	_, responds := topic.Respond(tp, func(topic.Context, World) (int, error) { return 0, nil })
	_, requested := topic.Request[int](ctx, tp, World{})
	for what, err := range map[string]error{
		"publish": tp.Publish(ctx, World{}), "publish batch": tp.PublishBatch(ctx, []World{{}}), "publish with ID": tp.Publish(ctx, World{}, topic.ID("x")),
		"subscribe": subscribed, "group": grouped, "respond": responds, "request": requested, "subscription": s.Err(),
	} {
		if !errors.Is(err, topic.ErrRemoved) {
			t.Errorf("%s: %v, want ErrRemoved", what, err)
		}
	}
	topictest.AllowDeadLetters(sys)
	sys.Send(tp.PID(), World{"late"})
	if got := topictest.DeadLetters(sys); len(got) != 1 {
		t.Errorf("%d dead letters, want 1", len(got))
	}
	if got := mustOpen[string](t, sys, "worlds").Stats().Subscriptions; len(got) != 0 {
		t.Errorf("a new topic has the subscriptions of the old one: %v", got)
	}
}

func TestOfTwoTypesAtOnceOneWins(t *testing.T) {
	sys := topictest.NewSystem(t)
	for i := range 200 {
		name := fmt.Sprintf("topic%d", i)
		var wg sync.WaitGroup
		var mu sync.Mutex
		pids := map[string]string{}
		var refused []error
		note := func(typ string, pid *actor.PID, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				refused = append(refused, err)
				return
			}
			pids[typ] = pid.Id
		}
		for range 4 {
			wg.Go(func() { opened[int](sys, name, "int", note) })
			wg.Go(func() { opened[string](sys, name, "string", note) })
		}
		wg.Wait()
		if len(pids) != 1 || len(refused) != 4 {
			t.Fatalf("%d types won, %d Opens were refused; want 1 and 4", len(pids), len(refused))
		}
		for _, err := range refused {
			var wrong *topic.TypeError
			if !errors.As(err, &wrong) || wrong.Topic != name || wrong.Have == wrong.Want {
				t.Fatalf("%v, want a TypeError", err)
			}
			reads(t, err, `topic: open "`+name+`": the topic carries `, "int", "string", ": use one type for a name")
		}
	}
}

func opened[M any](sys *actor.System, name, typ string, note func(string, *actor.PID, error)) {
	tp, err := topic.Open[M](sys, name)
	if err != nil {
		note(typ, nil, err)
		return
	}
	note(typ, tp.PID(), tp.Publish(context.Background(), *new(M)))
}
