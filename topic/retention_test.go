package topic_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// kept is what a subscriber reads from the beginning.
func kept[M any](t *testing.T, tp *topic.Topic[M]) []M {
	t.Helper()
	r := newRecord[M]()
	sub := subscribe(t, tp, r.on, topic.From(topic.Earliest))
	if err := sub.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := r.all(); uint64(len(all)) != tp.Stats().Retained {
		t.Fatalf("read %d, retained %d", len(all), tp.Stats().Retained)
	}
	return r.all()
}

func TestRetentionByCount(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		for name, c := range map[string]struct{ count, want int }{"default": {0, 1024}, "none": {-1, 0}, "one": {1, 1}, "many": {1500, 1500}} {
			numbers := open[int](t, sys, name, topic.Retain(topic.Retention{Count: c.count}))
			publish(t, numbers, upTo(2000)...)
			equal(t, kept(t, numbers), span(2001-c.want, 2000))
		}
	})
}

func TestRetentionByBytes(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		words := open[string](t, sys, "words", topic.Retain(topic.Retention{Bytes: 10}))
		publish(t, words, "aaaa", "bbbb", "cccc")
		equal(t, kept(t, words), []string{"bbbb", "cccc"})
		publish(t, words, "dd")
		equal(t, kept(t, words), []string{"bbbb", "cccc", "dd"})
		publish(t, words, strings.Repeat("e", 11)) // does not fit at all
		equal(t, kept(t, words), nil)
		numbers := open[int](t, sys, "numbers", topic.Retain(topic.Retention{Bytes: 10}), topic.SizeOf(func(n int) int { return n }))
		publish(t, numbers, upTo(5)...)
		equal(t, kept(t, numbers), []int{4, 5})
		if _, err := topic.Open[int](sys, "unknown", topic.Retain(topic.Retention{Bytes: 10})); err == nil || !strings.Contains(err.Error(), "add SizeOf") {
			t.Fatal(err)
		}
	})
}

// A message is dropped when its time has come, whether or not anything is published.
func TestRetentionByAge(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers", topic.Retain(topic.Retention{Age: time.Minute}))
		for n := 1; n <= 5; n++ {
			publish(t, numbers, n)
			pass(20 * time.Second)
		}
		// Now: 100 s. They came at 0, 20, 40, 60 and 80 s.
		equal(t, kept(t, numbers), []int{4, 5})
		pass(19 * time.Second)
		equal(t, kept(t, numbers), []int{4, 5})
		pass(time.Second)
		equal(t, kept(t, numbers), []int{5})
		pass(time.Hour)
		if s := numbers.Stats(); s.Retained != 0 || s.Published != 5 {
			t.Fatalf("%+v", s)
		}
		publish(t, numbers, upTo(3000)...) // age alone: no bound on the count
		if n := len(kept(t, numbers)); n != 3000 {
			t.Fatal(n)
		}
	})
}

// What a subscription still needs is kept for it, whatever the retention.
func TestRetentionKeepsWhatASubscriptionNeeds(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers", topic.Retain(topic.Retention{Count: 1, Age: time.Second}))
		got, group := newRecord[int](), newRecord[int]()
		sub, member := subscribe(t, numbers, got.on), subscribe(t, numbers, group.on, topic.Group("g"))
		sub.Pause()
		member.Pause()
		publish(t, numbers, upTo(500)...)
		pass(time.Hour)
		sub.Resume()
		member.Resume()
		synctest.Wait()
		got.is(t, upTo(500)...)
		group.is(t, upTo(500)...)
	})
}
