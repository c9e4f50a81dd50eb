package topic_test

import (
	"errors"
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
