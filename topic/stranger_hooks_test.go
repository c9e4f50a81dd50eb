package topic_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
	"github.com/azutoolkit/echo/transport/memory"
)

var errBad = errors.New("bad hook")

var zero int

// ways are how user code can leave a function other than by returning.
var ways = map[string]func(){
	"panic":         func() { panic("bad hook") },
	"panic error":   func() { panic(errBad) },
	"panic nil":     func() { panic(nil) },
	"runtime error": func() { _ = 1 / zero },
	"Goexit":        runtime.Goexit,
}

// hooked is a consumer that leaves badly, at the places and as often as the test says.
type hooked struct{ *hooks }

type hooks struct {
	mu    sync.Mutex
	leave func()
	at    map[string]int // how often it still leaves badly, by place
	seen  []string
	got   []string
}

func (h *hooks) pass(place string) {
	h.mu.Lock()
	h.seen = append(h.seen, place)
	h.at[place]--
	bad := h.at[place] >= 0
	h.mu.Unlock()
	if bad {
		h.leave()
	}
}

func (h hooked) Start(topic.Context) error { h.pass("Start"); return nil }
func (h hooked) Stop(topic.Context) error  { h.pass("Stop"); return nil }
func (h hooked) Receive(actor.Context)     { h.pass("Receive") }
func (h hooked) On(_ topic.Context, w World) error {
	h.pass("On")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, w.Name)
	return nil
}

func (h *hooks) received() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.got, "")
}

// eachWay runs f in a bubble for every way and kind of subscription. A bystander on the same topic must get everything.
func eachWay(t *testing.T, f func(t *testing.T, sys *actor.System, worlds *topic.Topic[World], h *hooks, spawn func(...topic.SubscribeOption) (*topic.Subscription, error))) {
	for way, leave := range ways {
		for kind, opts := range map[string][]topic.SubscribeOption{
			"plain": nil, "group": {topic.Group("g")}, "queue": {topic.Overflow(topic.DropNewest)}, "parallel": {topic.Parallel(2)},
		} {
			t.Run(way+"/"+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					sys := topictest.NewSystem(t)
					worlds := mustOpen[World](t, sys, "worlds")
					bystander := topictest.Record(t, worlds)
					h := &hooks{leave: leave, at: map[string]int{}}
					f(t, sys, worlds, h, func(more ...topic.SubscribeOption) (*topic.Subscription, error) {
						return topic.Spawn(worlds, func() hooked { h.pass("new"); return hooked{h} }, append(append(opts, topic.Name("bad")), more...)...)
					})
					bystander.Wait(int(worlds.Stats().Published))
				})
			})
		}
	}
}

func TestLeavingOnBadlyBringsTheMessageAgain(t *testing.T) {
	eachWay(t, func(t *testing.T, sys *actor.System, worlds *topic.Topic[World], h *hooks, spawn func(...topic.SubscribeOption) (*topic.Subscription, error)) {
		sub, err := spawn()
		if err != nil {
			t.Fatal(err)
		}
		h.at["On"] = 3
		mustPublish(t, worlds, World{"a"})
		time.Sleep(time.Minute)
		mustPublish(t, worlds, World{"b"})
		synctest.Wait()
		if got := h.received(); got != "ab" {
			t.Errorf("got %q", got)
		}
		restarts := uint64(0)
		for _, s := range sub.Stats() {
			restarts += s.Restarts
		}
		if restarts != 3 {
			t.Errorf("%d restarts, want 3", restarts)
		}
	})
}

func TestLeavingOnBadlyAlwaysIsADeadLetterWithItsStack(t *testing.T) {
	eachWay(t, func(t *testing.T, sys *actor.System, worlds *topic.Topic[World], h *hooks, spawn func(...topic.SubscribeOption) (*topic.Subscription, error)) {
		topictest.AllowDeadLetters(sys)
		if _, err := spawn(); err != nil {
			t.Fatal(err)
		}
		h.at["On"] = 4
		mustPublish(t, worlds, World{"a"}, World{"b"})
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := strings.Trim(h.received(), "b"); got != "" && got != "a" {
			t.Errorf("got %q", got)
		}
		letters := topictest.DeadLetters(sys)
		if len(letters) > 1 {
			t.Fatalf("dead letters: %v", letters)
		}
		for _, l := range letters { // none if the two consumers of Parallel shared the bad times
			if d := l.GivenUp; d == nil || d.Attempts != 4 || !strings.Contains(d.Stack, "stranger_hooks_test.go") || d.Err == "" {
				t.Errorf("dead letter %+v", l.GivenUp)
			}
		}
	})
}

func TestLeavingStartBadlyIsAnErrorOfSpawn(t *testing.T) {
	eachWay(t, func(t *testing.T, sys *actor.System, worlds *topic.Topic[World], h *hooks, spawn func(...topic.SubscribeOption) (*topic.Subscription, error)) {
		for _, place := range []string{"Start", "new"} {
			h.at[place] = 1
			_, err := spawn()
			var crash *supervisor.PanicError
			if !errors.As(err, &crash) || len(crash.Stack) == 0 {
				t.Errorf("%s: %v, want a PanicError", place, err)
			}
			reads(t, err, "topic: spawn topic_test.hooked: panic: ")
		}
		synctest.Wait()
		if n := len(worlds.Stats().Subscriptions); n != 1 {
			t.Errorf("%d subscriptions, want only the bystander's", n)
		}
		if _, err := spawn(); err != nil {
			t.Errorf("once it starts: %v", err)
		}
		mustPublish(t, worlds, World{"a"})
		synctest.Wait()
		if got := h.received(); got != "a" {
			t.Errorf("got %q", got)
		}
	})
}

func TestLeavingStartBadlyAtARestartIsTriedAgain(t *testing.T) {
	eachWay(t, func(t *testing.T, sys *actor.System, worlds *topic.Topic[World], h *hooks, spawn func(...topic.SubscribeOption) (*topic.Subscription, error)) {
		if _, err := spawn(); err != nil {
			t.Fatal(err)
		}
		h.mu.Lock()
		h.at["On"], h.at["Start"], h.at["new"], h.at["Stop"] = 1, 5, 5, 5
		h.mu.Unlock()
		topictest.AllowErrors(sys, "does not stop cleanly")
		mustPublish(t, worlds, World{"a"})
		time.Sleep(time.Minute)
		mustPublish(t, worlds, World{"b"})
		synctest.Wait()
		if got := h.received(); got != "ab" {
			t.Errorf("got %q after %v", got, h.seen)
		}
	})
}

func TestLeavingStopBadlyIsLoggedAndEndsAllTheSame(t *testing.T) {
	eachWay(t, func(t *testing.T, sys *actor.System, worlds *topic.Topic[World], h *hooks, spawn func(...topic.SubscribeOption) (*topic.Subscription, error)) {
		topictest.AllowErrors(sys, "consumer does not stop cleanly")
		sub, err := spawn()
		if err != nil {
			t.Fatal(err)
		}
		h.at["Stop"] = 2
		mustPublish(t, worlds, World{"a"})
		if err := sub.Drain(within(t, time.Minute)); err != nil {
			t.Error(err)
		}
		<-sub.Done()
		if n := len(worlds.Stats().Subscriptions); n != 1 {
			t.Errorf("%d subscriptions, want only the bystander's", n)
		}
	})
}

func TestLeavingReceiveBadlyLosesNoMessage(t *testing.T) {
	eachWay(t, func(t *testing.T, sys *actor.System, worlds *topic.Topic[World], h *hooks, spawn func(...topic.SubscribeOption) (*topic.Subscription, error)) {
		topictest.AllowErrors(sys, "consumer failed on a direct message and restarts")
		sub, err := spawn()
		if err != nil {
			t.Fatal(err)
		}
		h.at["Receive"] = 2
		for range 3 {
			sys.Send(sub.PID(), "direct")
			mustPublish(t, worlds, World{"a"})
		}
		synctest.Wait()
		if got := h.received(); got != "aaa" {
			t.Errorf("got %q", got)
		}
	})
}

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
