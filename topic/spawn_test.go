package topic_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

// tally counts without a lock.
type tally struct {
	n    int
	done chan int
}

func (c *tally) On(topic.Context, int) error { c.n++; return nil }
func (c *tally) Stop(topic.Context) error    { c.done <- c.n; return nil }

func TestSpawnGivesAConsumerAStateOfItsOwn(t *testing.T) {
	sys := newSystem(t)
	numbers, done := open[int](t, sys, "numbers"), make(chan int, 3)
	var subs []*topic.Subscription
	for range 3 {
		sub, err := topic.Spawn(numbers, func() *tally { return &tally{done: done} })
		if err != nil {
			t.Fatal(err)
		}
		subs = append(subs, sub)
	}
	var publishers sync.WaitGroup
	for range 4 {
		publishers.Go(func() { publish(t, numbers, upTo(500)...) })
	}
	publishers.Wait()
	for _, sub := range subs {
		if err := sub.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := <-done; n != 2000 {
			t.Errorf("counted %d", n)
		}
	}
}

func TestStartHookThatFailsIsSpawnsError(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		for name, start := range map[string]func() error{"error": func() error { return errNo }, "panic": func() error { panic(errNo) }} {
			_, err := topic.Spawn(numbers, func() *crafted { return &crafted{start: start} }, topic.Name("it"))
			if !errors.Is(err, errNo) || !strings.Contains(err.Error(), "topic: spawn *topic_test.crafted") {
				t.Errorf("%s: %v", name, err)
			}
			synctest.Wait()
			if n := len(numbers.Stats().Subscriptions); n != 0 {
				t.Errorf("%s: %d subscriptions", name, n)
			}
		}
		if _, err := topic.Spawn(numbers, func() *crafted { return nil }); err == nil {
			t.Error(err)
		}
	})
}

type crafted struct {
	start, stop func() error
	receive     func(actor.Context)
}

func (h *crafted) On(topic.Context, int) error { return nil }

func (h *crafted) Start(topic.Context) error {
	if h.start == nil {
		return nil
	}
	return h.start()
}

func (h *crafted) Stop(topic.Context) error {
	if h.stop == nil {
		return nil
	}
	return h.stop()
}

func (h *crafted) Receive(ctx actor.Context) {
	if h.receive != nil {
		h.receive(ctx)
	}
}

// Whatever happens in Stop, the subscription ends.
func TestStopHookThatFailsDoesNotKeepTheSubscription(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		for _, stop := range []func() error{func() error { return errNo }, func() error { panic(errNo) }} {
			sub, err := topic.Spawn(numbers, func() *crafted { return &crafted{stop: stop} })
			if err != nil {
				t.Fatal(err)
			}
			sub.Stop()
			<-sub.Done()
			if sub.Err() != nil {
				t.Error(sub.Err())
			}
		}
	})
}

// A consumer with a Receive method gets direct messages, one at a time with those of its topic; others refuse them.
func TestConsumerReceivesDirectMessages(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got := open[int](t, sys, "numbers"), newRecord[any]()
		friend := recorder(t, sys, newRecord[int]())
		sub, err := topic.Spawn(numbers, func() *crafted {
			return &crafted{receive: func(ctx actor.Context) {
				switch m := ctx.Message().(type) {
				case string:
					if got.add(m); m == "watch" {
						ctx.Watch(friend)
					} else if m == "panic" {
						panic(m)
					}
					if ctx.Sender() != nil {
						ctx.Respond(m + "!")
					}
				case *actor.Terminated:
					got.add("terminated")
				}
			}}
		})
		if err != nil {
			t.Fatal(err)
		}
		sys.Send(sub.PID(), "panic")
		sys.Send(sub.PID(), "watch")
		if a, err := actor.Ask[string](t.Context(), sys, sub.PID(), "hello"); a != "hello!" || err != nil {
			t.Fatal(a, err)
		}
		if err := sys.Stop(t.Context(), friend); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got.is(t, "panic", "watch", "hello", "terminated")
		if s := sub.Stats()[0]; s.Restarts != 1 {
			t.Errorf("%+v", s)
		}
		letters := newRecord[error]()
		defer sys.OnDeadLetter(func(d actor.DeadLetter) { letters.add(d.Reason) })()
		sys.Send(subscribe(t, numbers, newRecord[int]().on).PID(), "hello")
		synctest.Wait()
		if all := letters.all(); len(all) != 1 || !errors.Is(all[0], topic.ErrNotHandled) {
			t.Error(all)
		}
	})
}

// bilingual takes messages of two types.
type bilingual struct {
	busy sync.Mutex
	log  *record[string]
}

func (g *bilingual) one(what string) {
	if !g.busy.TryLock() {
		panic("two at once")
	}
	defer g.busy.Unlock()
	g.log.add(what)
}

func (g *bilingual) OnNumber(ctx topic.Context, n int) error {
	g.one(fmt.Sprint(ctx.Topic(), n))
	return nil
}

func (g *bilingual) OnWord(ctx topic.Context, s string) error {
	g.one(ctx.Topic() + s)
	if s == "!" && ctx.Attempt() == 1 {
		return errNo
	}
	return nil
}

// Messages of one topic come in order, and never two at once.
func TestOneConsumerOnSeveralTopicsHandlesOneMessageAtATime(t *testing.T) {
	sys := newSystem(t)
	numbers, words, log := open[int](t, sys, "numbers"), open[string](t, sys, "words"), newRecord[string]()
	g := &bilingual{log: log}
	sub, err := topic.SpawnOn(sys, func() *bilingual { return g }, topic.With(numbers, (*bilingual).OnNumber), topic.With(words, (*bilingual).OnWord))
	if err != nil {
		t.Fatal(err)
	}
	var publishers sync.WaitGroup
	for i := range 2 {
		publishers.Go(func() {
			for n := range 1000 {
				if i == 0 {
					publish(t, numbers, n)
				} else {
					publish(t, words, fmt.Sprint(n))
				}
			}
		})
	}
	publishers.Wait()
	if err := sub.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := map[string]int{}
	for _, s := range log.all() {
		name := strings.TrimRight(s, "0123456789")
		if want := fmt.Sprint(name, next[name]); s != want {
			t.Fatalf("%s, want %s", s, want)
		}
		next[name]++
	}
	if next["numbers"] != 1000 || next["words"] != 1000 {
		t.Fatal(next)
	}
}

// A failing message holds up the other topics of its consumer, which has a place for one message; each topic has its own options.
func TestOneConsumerOnSeveralTopicsRetriesInPlace(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, words, log := open[int](t, sys, "numbers"), open[string](t, sys, "words"), newRecord[string]()
		publish(t, numbers, 1, 2, 3)
		sub, err := topic.SpawnOn(sys, func() *bilingual { return &bilingual{log: log} },
			topic.With(numbers, (*bilingual).OnNumber, topic.From(topic.Earliest), topic.Filter(func(n int) bool { return n > 1 })),
			topic.With(words, (*bilingual).OnWord, topic.Name("greeter"), topic.Supervise(supervisor.Policy{MinBackoff: time.Minute, MaxBackoff: time.Minute, Jitter: -1})))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		publish(t, words, "!")
		synctest.Wait()
		publish(t, numbers, 4)
		pass(time.Second)
		log.is(t, "numbers2", "numbers3", "words!")
		pass(time.Minute)
		log.is(t, "numbers2", "numbers3", "words!", "words!", "numbers4")
		if s := sub.Stats()[0]; s.Name != "greeter" || s.Delivered != 4 || s.Retried != 1 || s.Lag != 0 {
			t.Errorf("%+v", s)
		}
		sub.Stop()
		<-sub.Done()
		if n := len(numbers.Stats().Subscriptions) + len(words.Stats().Subscriptions); n != 0 {
			t.Errorf("%d places are left", n)
		}
	})
}

func TestOneConsumerOnTopicsAndPatterns(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, log := open[int](t, sys, "numbers"), newRecord[string]()
		if _, err := topic.SpawnOn(sys, func() *bilingual { return &bilingual{log: log} },
			topic.With(numbers, (*bilingual).OnNumber), topic.With(match[string](t, sys, "words.*"), (*bilingual).OnWord)); err != nil {
			t.Fatal(err)
		}
		publish(t, numbers, 1)
		synctest.Wait()
		publish(t, open[string](t, sys, "words.a"), "x")
		synctest.Wait()
		log.is(t, "numbers1", "words.ax")
		if err := numbers.Remove(t.Context()); err != nil {
			t.Fatal(err)
		}
		publish(t, open[string](t, sys, "words.b"), "y")
		synctest.Wait()
		log.is(t, "numbers1", "words.ax", "words.by")
	})
}

func TestSpawnOnRefusesWhatMakesNoSense(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		make := func() *bilingual { return &bilingual{} }
		var errs []error
		add := func(_ *topic.Subscription, err error) { errs = append(errs, err) }
		add(topic.SpawnOn(sys, make))
		add(topic.SpawnOn[*bilingual](sys, nil, topic.With(numbers, (*bilingual).OnNumber)))
		add(topic.SpawnOn(nil, make, topic.With(numbers, (*bilingual).OnNumber)))
		add(topic.SpawnOn(sys, make, topic.With(numbers, (*bilingual).OnNumber, topic.Group("g"))))
		add(topic.SpawnOn(sys, make, topic.With[*bilingual, int](numbers, nil)))
		add(topic.SpawnOn(newSystem(t), make, topic.With(numbers, (*bilingual).OnNumber)))
		for i, err := range errs {
			if err == nil || !strings.HasPrefix(err.Error(), "topic: ") {
				t.Errorf("%d: %v", i, err)
			}
		}
		synctest.Wait()
		if n := len(numbers.Stats().Subscriptions); n != 0 {
			t.Errorf("%d subscriptions", n)
		}
	})
}

// Any actor can subscribe; its subscription is forgotten when it dies.
func TestSubscribePIDIsForgottenWhenTheActorDies(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got := open[int](t, sys, "numbers"), newRecord[int]()
		pid := recorder(t, sys, got)
		sub, err := numbers.SubscribePID(pid, topic.Filter(func(n int) bool { return n != 2 }))
		if err != nil {
			t.Fatal(err)
		}
		publish(t, numbers, 1, 2, 3)
		synctest.Wait()
		got.is(t, 1, 3)
		if err := sys.Stop(t.Context(), pid); err != nil {
			t.Fatal(err)
		}
		<-sub.Done()
		if sub.Err() != nil || len(numbers.Stats().Subscriptions) != 0 {
			t.Fatal(sub.Err(), numbers.Stats())
		}
		dead, err := numbers.SubscribePID(pid)
		if err != nil {
			t.Fatal(err)
		}
		<-dead.Done()
		if _, err := numbers.SubscribePID(nil); err == nil {
			t.Fatal("nil subscribes")
		}
	})
}

// The context of a message ends with its subscription, for calls that take one.
func TestContextEndsWithTheSubscription(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, kept := open[int](t, sys, "numbers"), make(chan topic.Context, 1)
		sub := subscribe(t, numbers, func(ctx topic.Context, n int) error {
			kept <- ctx
			return nil
		})
		publish(t, numbers, 1)
		ctx := <-kept
		synctest.Wait()
		if ctx.Err() != nil {
			t.Fatal(ctx.Err())
		}
		sub.Stop()
		<-ctx.Done()
		if ctx.Err() == nil {
			t.Fatal("no error")
		}
	})
}
