package topic_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
	"github.com/azutoolkit/echo/transport/memory"
)

// A filter that leaves badly counts as true, and leaves badly again in the consumer's place, whatever the policy.
func TestLeavingAFilterBadlyIsAFailureOfTheConsumer(t *testing.T) {
	eachWay(t, func(t *testing.T, sys *actor.System, worlds *topic.Topic[World], h *hooks, spawn func(...topic.SubscribeOption) (*topic.Subscription, error)) {
		topictest.AllowDeadLetters(sys, func(l topictest.Letter) bool { return l.Message() == World{"b"} })
		if _, err := spawn(topic.Filter(func(w World) bool {
			if w.Name == "b" {
				h.leave()
			}
			return w.Name != "c"
		})); err != nil {
			t.Fatal(err)
		}
		mustPublish(t, worlds, World{"a"}, World{"b"}, World{"c"}, World{"d"})
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := h.received(); got != "ad" {
			t.Errorf("got %q", got)
		}
		if n := len(topictest.DeadLetters(sys)); n != 1 {
			t.Errorf("%d dead letters, want 1", n)
		}
	})
}

func TestLeavingAFilterOfBatchesBadlyStopsNobody(t *testing.T) {
	for way, leave := range ways {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sys := topictest.NewSystem(t)
				topictest.AllowDeadLetters(sys)
				worlds := mustOpen[World](t, sys, "worlds")
				bystander := topictest.Record(t, worlds)
				var got []string
				if _, err := worlds.SubscribeBatch(2, time.Second, func(_ topic.Context, ws []World) error {
					for _, w := range ws {
						got = append(got, w.Name)
					}
					return nil
				}, topic.Filter(func(w World) bool {
					if w.Name == "b" {
						leave()
					}
					return true
				})); err != nil {
					t.Fatal(err)
				}
				mustPublish(t, worlds, World{"a"}, World{"b"}, World{"c"}, World{"d"})
				time.Sleep(time.Minute)
				synctest.Wait()
				if s := strings.Join(got, ""); s != "abcd" && s != "acd" {
					t.Errorf("got %q", s)
				}
				bystander.Wait(4)
			})
		})
	}
}

// The policy's own functions may leave badly too.
func TestLeavingThePolicyBadlyMeansTheDefault(t *testing.T) {
	for _, place := range []string{"Decide", "Observe"} {
		eachWay(t, func(t *testing.T, sys *actor.System, worlds *topic.Topic[World], h *hooks, spawn func(...topic.SubscribeOption) (*topic.Subscription, error)) {
			topictest.AllowErrors(sys, "panic in Policy.")
			p := supervisor.Policy{Observe: func(supervisor.Event) {}}
			if place == "Decide" {
				p.Decide = func(error) supervisor.Directive { h.leave(); return supervisor.Skip }
			} else {
				p.Observe = func(supervisor.Event) { h.leave() }
			}
			if _, err := spawn(topic.Supervise(p)); err != nil {
				t.Fatal(err)
			}
			fail := topictest.Record(t, worlds, topictest.With(topic.Supervise(p)), topictest.FailOn(1, errBad).Times(2))
			h.at["On"] = 2
			mustPublish(t, worlds, World{"a"})
			time.Sleep(time.Minute)
			mustPublish(t, worlds, World{"b"})
			synctest.Wait()
			if got := h.received(); got != "ab" {
				t.Errorf("%s: got %q", place, got)
			}
			if n := len(fail.Messages()); n != 2 {
				t.Errorf("%s: after errors %d of 2", place, n)
			}
		})
	}
}

func TestLeavingAResponderBadlyIsTheAskersError(t *testing.T) {
	for way, leave := range ways {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				worlds := mustOpen[World](t, topictest.NewSystem(t), "worlds")
				if _, err := topic.Respond(worlds, func(_ topic.Context, w World) (int, error) {
					if w.Name == "bad" {
						leave()
					}
					return 7, nil
				}); err != nil {
					t.Fatal(err)
				}
				_, err := topic.Request[int](within(t, time.Hour), worlds, World{"bad"})
				var crash *supervisor.PanicError
				if !errors.As(err, &crash) {
					t.Errorf("%v, want a PanicError", err)
				}
				if n, err := topic.Request[int](within(t, time.Hour), worlds, World{"good"}); n != 7 || err != nil {
					t.Errorf("then: %d, %v", n, err)
				}
			})
		})
	}
}

// attempt calls f on a goroutine of its own and survives whatever it does.
func attempt(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		f()
	}()
	<-done
}

// KeyBy and SizeOf run in the publisher's place. If they leave badly the publisher has the damage, and nobody else.
func TestLeavingKeyByOrSizeOfBadlyHarmsOnlyThePublisher(t *testing.T) {
	for way, leave := range ways {
		for name, opt := range map[string]topic.Option{
			"KeyBy":  topic.KeyBy(func(w World) string { spoil(w, leave); return w.Name }),
			"SizeOf": topic.SizeOf(func(w World) int { spoil(w, leave); return 1 }),
		} {
			for where, via := range map[string]func() topic.Option{"here": nil, "there": func() topic.Option { return topic.Via(memory.New()) }} {
				t.Run(way+"/"+name+"/"+where, func(t *testing.T) {
					sys := topictest.NewSystem(t)
					opts := []topic.Option{opt}
					if via != nil {
						opts = append(opts, via())
					} else if name == "SizeOf" {
						opts = append(opts, topic.Retain(topic.Retention{Bytes: 2}))
					}
					worlds := mustOpen[World](t, sys, "worlds", opts...)
					rec := topictest.Record(t, worlds)
					ctx := within(t, 10*time.Second)
					mustPublish(t, worlds, World{"a"})
					attempt(func() { _ = worlds.Publish(ctx, World{"bad"}) })
					attempt(func() { _ = worlds.PublishBatch(ctx, []World{{"bad"}}) })
					attempt(func() { sys.Send(worlds.PID(), World{"bad"}) })
					for range 5 {
						mustPublish(t, worlds, World{"z"})
					}
					rec.WaitFor(func(all []World) bool { return len(all) >= 6 && all[len(all)-1].Name == "z" })
					worlds.Stats()
				})
			}
		}
	}
}

func spoil(w World, leave func()) {
	if w.Name == "bad" {
		leave()
	}
}
