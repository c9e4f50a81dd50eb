package topic_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// When Subscribe returns, every later publication reaches the subscriber: no sleep, no race.
func TestSubscribeReachesEveryLaterPublication(t *testing.T) {
	sys := newSystem(t)
	numbers := open[int](t, sys, "numbers")
	stop := make(chan struct{})
	var noise sync.WaitGroup
	noise.Go(func() {
		for !ended(stop) {
			publish(t, numbers, 0)
		}
	})
	for n := 1; n <= 200; n++ {
		got := newRecord[int]()
		sub := subscribe(t, numbers, func(ctx topic.Context, m int) error {
			if m == n {
				got.add(m)
			}
			return nil
		})
		publish(t, numbers, n)
		got.wait(t, 1)
		sub.Stop()
	}
	close(stop)
	noise.Wait()
}

func TestSubscribeStarts(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		positions := map[int]topic.Position{}
		var third time.Time
		subscribe(t, numbers, func(ctx topic.Context, n int) error {
			if positions[n] = ctx.Position(); n == 3 {
				third = ctx.Time()
			}
			return nil
		})
		for n := 1; n <= 5; n++ {
			publish(t, numbers, n)
			pass(time.Minute)
		}
		for name, c := range map[string]struct {
			from  topic.Start
			want  []int
			start uint64
		}{
			"Latest": {topic.Latest, nil, 5}, "Earliest": {topic.Earliest, upTo(5), 0}, "At": {topic.At(positions[2]), span(3, 5), 2},
			"At the last": {topic.At(positions[5]), nil, 5}, "Since": {topic.Since(third), span(3, 5), 2},
			"Since later": {topic.Since(third.Add(1)), span(4, 5), 3}, "Since ever": {topic.Since(time.Unix(0, 0)), upTo(5), 0},
			"Since now": {topic.Since(time.Now()), nil, 5},
		} {
			got := newRecord[int]()
			sub := subscribe(t, numbers, got.on, topic.From(c.from))
			synctest.Wait()
			equal(t, got.all(), c.want)
			if sub.Start().Major != c.start || sub.Start().Epoch != positions[1].Epoch {
				t.Errorf("%s: starts behind %v", name, sub.Start())
			}
			sub.Stop()
		}
		// The start of a subscription serves as the start of another.
		got := newRecord[int]()
		again := subscribe(t, numbers, newRecord[int]().on, topic.From(topic.At(positions[4])))
		subscribe(t, numbers, got.on, topic.From(topic.At(again.Start())))
		synctest.Wait()
		got.is(t, 5)
	})
}

func TestSubscribeRefusesPositionsThatAreNotThere(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, other := open[int](t, sys, "numbers"), open[int](t, sys, "other")
		sub := subscribe(t, numbers, newRecord[int]().on)
		ahead := sub.Start()
		ahead.Major += 10
		for want, p := range map[string]topic.Position{
			"another epoch": subscribe(t, other, newRecord[int]().on).Start(), "has not got that far": ahead} {
			if _, err := numbers.Subscribe(newRecord[int]().on, topic.From(topic.At(p))); err == nil || !strings.Contains(err.Error(), want) {
				t.Error(err)
			}
		}
		if n := len(numbers.Stats().Subscriptions); n != 1 {
			t.Errorf("%d subscriptions", n)
		}
	})
}

// What retention has dropped since a position is told by Skipped.
func TestSubscribeAtTellsWhatIsGone(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers", topic.Retain(topic.Retention{Count: 3}))
		start := subscribe(t, numbers, newRecord[int]().on).Start()
		publish(t, numbers, upTo(10)...)
		synctest.Wait()
		skipped := newRecord[uint64]()
		got := newRecord[int]()
		subscribe(t, numbers, func(ctx topic.Context, n int) error {
			skipped.add(ctx.Skipped())
			return got.on(ctx, n)
		}, topic.From(topic.At(start)))
		synctest.Wait()
		got.is(t, 8, 9, 10)
		skipped.is(t, 7, 0, 0)
	})
}

// A replay joins the live flow without gap or repeat, while others publish.
func TestReplayJoinsTheLiveFlow(t *testing.T) {
	sys := newSystem(t)
	const total = 4000
	numbers := open[int](t, sys, "numbers", topic.Retain(topic.Retention{Count: total}))
	var publisher sync.WaitGroup
	publisher.Go(func() { publish(t, numbers, upTo(total)...) })
	var all []*record[int]
	for range 50 {
		r := newRecord[int]()
		all = append(all, r)
		subscribe(t, numbers, r.on, topic.From(topic.Earliest))
	}
	publisher.Wait()
	for _, r := range all {
		equal(t, r.wait(t, total), upTo(total))
	}
}

// The first member decides where a group starts; who joins later goes on where the group is.
func TestGroupStartsWithItsFirstMember(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got := open[int](t, sys, "numbers"), newRecord[int]()
		publish(t, numbers, 1, 2)
		subscribe(t, numbers, got.on, topic.Group("g"), topic.From(topic.Earliest))
		synctest.Wait()
		subscribe(t, numbers, got.on, topic.Group("g"), topic.From(topic.Earliest))
		publish(t, numbers, 3)
		synctest.Wait()
		got.is(t, 1, 2, 3)
	})
}

func TestFilterLeavesMessagesOut(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		even := topic.Filter(func(n int) bool { return n%2 == 0 })
		numbers := open[int](t, sys, "numbers")
		for name, opts := range map[string][]topic.SubscribeOption{
			"plain": {}, "group": {topic.Group("g")}, "parallel": {topic.Parallel(2)}, "drop newest": {topic.Overflow(topic.DropNewest)},
			"drop oldest": {topic.Overflow(topic.DropOldest)}} {
			got := newRecord[int]()
			sub := subscribe(t, numbers, got.on, append(opts, even)...)
			publish(t, numbers, upTo(10)...)
			if err := sub.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if all := got.all(); len(all) != 5 {
				t.Errorf("%s: %v", name, all)
			}
			var delivered uint64
			for _, s := range sub.Stats() {
				delivered += s.Delivered
			}
			if delivered != 5 {
				t.Errorf("%s: %d delivered", name, delivered)
			}
		}
		if _, err := numbers.Subscribe(newRecord[int]().on, topic.Filter(func(string) bool { return true })); err == nil ||
			!strings.Contains(err.Error(), "Filter takes func(string) bool, want func(int) bool") {
			t.Fatal(err)
		}
	})
}

// A dying subscriber leaves no trace: not in the statistics, not in the way of publishers, and its name is free.
func TestSubscriberThatDiesLeavesNoTrace(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		for i := range 50 {
			c := hold(t)
			sub := subscribe(t, numbers, c.on, topic.Name("me"), topic.Buffer(1))
			publish(t, numbers, i)
			synctest.Wait()
			blocked := make(chan error, 1)
			go func() { blocked <- numbers.Publish(t.Context(), i) }()
			synctest.Wait()
			if _, err := numbers.Subscribe(c.on, topic.Name("me")); err == nil || !strings.Contains(err.Error(), `a subscription named "me"`) {
				t.Fatal(err)
			}
			sub.Stop()
			c.free()
			<-sub.Done()
			if err := <-blocked; err != nil {
				t.Fatal(err)
			}
			if s := numbers.Stats(); len(s.Subscriptions) != 0 || s.Waiting != 0 {
				t.Fatalf("%+v", s)
			}
		}
	})
}
