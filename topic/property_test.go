package topic_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

// timeless hides the deadline of a test, which bubbles have none of.
type timeless struct{ rapid.TB }

// A model of one subscription: what it must have seen once all is quiet.
type modelSub struct {
	kind    string
	sub     *topic.Subscription
	seen    *record[int]
	from    int  // the first message that it must see
	to      int  // the last
	stopped bool // at any time: what it has seen is a beginning
}

// subscriptionKinds see every message that they subscribed for, whatever happens around them.
var subscriptionKinds = map[string][]topic.SubscribeOption{
	"plain": {}, "small": {topic.Buffer(2)}, "parallel": {topic.Parallel(3)}, "group of one": {topic.Group("own")}, "batch": {},
	"drop newest": {topic.Overflow(topic.DropNewest), topic.Buffer(4096)}, "drop oldest": {topic.Overflow(topic.DropOldest), topic.Buffer(4096)},
	"disconnect": {topic.Overflow(topic.Disconnect), topic.Buffer(4096)},
}

// Publications, subscriptions, stops, drains, pauses and failures in any order: each subscription sees what was published
// from its start to its end, in order, once.
func TestAnyInterleavingIsLikeTheModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := make([]string, 0, len(subscriptionKinds))
		for name := range subscriptionKinds {
			names = append(names, name)
		}
		slices.Sort(names)
		rapid.Check(timeless{t}, func(r *rapid.T) {
			sys := actor.NewSystem(actor.WithLogger(slog.New(slog.DiscardHandler)))
			numbers, err := topic.Open[int](sys, "numbers", topic.Retain(topic.Retention{Count: 20}))
			if err != nil {
				r.Fatal(err)
			}
			tail := 0
			var subs, live []*modelSub
			fails := rapid.SampledFrom([]int{0, 3, 7}).Draw(r, "fails every")
			handle := func(m *modelSub) func(topic.Context, int) error {
				return func(ctx topic.Context, n int) error {
					if fails > 0 && n%fails == 0 && ctx.Attempt() == 1 {
						if n%2 == 0 {
							panic(n)
						}
						return errNo
					}
					m.seen.add(n)
					return nil
				}
			}
			for range rapid.IntRange(1, 60).Draw(r, "steps") {
				switch step := rapid.IntRange(0, 9).Draw(r, "step"); {
				case step <= 3: // publish
					for range rapid.IntRange(1, 12).Draw(r, "n") {
						for _, m := range live { // Block must not wait for those that are paused
							if m.kind == "small" {
								m.sub.Resume()
							}
						}
						tail++
						if err := numbers.Publish(t.Context(), tail); err != nil {
							r.Fatal(err)
						}
					}
				case step <= 5: // subscribe
					m := &modelSub{kind: rapid.SampledFrom(names).Draw(r, "kind"), seen: newRecord[int](), from: tail + 1}
					opts := append(slices.Clone(subscriptionKinds[m.kind]), topic.Supervise(supervisor.Policy{MinBackoff: time.Millisecond}))
					if m.kind == "group of one" {
						opts = append(opts, topic.Group(fmt.Sprint("group", len(subs))))
					}
					if rapid.Bool().Draw(r, "earliest") {
						opts = append(opts, topic.From(topic.Earliest))
						m.from = max(1, tail-19)
					}
					if m.kind == "batch" {
						m.sub, err = numbers.SubscribeBatch(3, time.Millisecond, func(ctx topic.Context, ns []int) error {
							for _, n := range ns {
								if fails > 0 && n%fails == 0 && ctx.Attempt() == 1 {
									return errNo
								}
							}
							for _, n := range ns {
								m.seen.add(n)
							}
							return nil
						}, opts...)
					} else {
						m.sub, err = numbers.Subscribe(handle(m), opts...)
					}
					if err != nil {
						r.Fatal(err)
					}
					subs, live = append(subs, m), append(live, m)
				case step == 6:
					pass(time.Duration(rapid.IntRange(0, 20).Draw(r, "ms")) * time.Millisecond)
				case len(live) > 0:
					i := rapid.IntRange(0, len(live)-1).Draw(r, "which")
					m := live[i]
					switch step {
					case 7:
						m.sub.Pause()
						if rapid.Bool().Draw(r, "resume") {
							m.sub.Resume()
						}
					case 8:
						m.sub.Stop()
						m.to, m.stopped = tail, true
						live = slices.Delete(live, i, i+1)
					case 9:
						if err := m.sub.Drain(t.Context()); err != nil {
							r.Fatal(err)
						}
						m.to = tail
						live = slices.Delete(live, i, i+1)
					}
				}
			}
			for _, m := range live {
				m.sub.Resume()
				m.to = tail
			}
			if err := sys.Close(t.Context()); err != nil {
				r.Fatal(err)
			}
			for i, m := range subs {
				got, want := m.seen.all(), span(m.from, m.to)
				if m.kind == "parallel" { // without keys the order is anybody's
					slices.Sort(got)
				}
				switch {
				case m.stopped && m.kind == "parallel":
					once := slices.Compact(slices.Clone(got))
					if len(once) < len(got) || (len(got) > 0 && (got[0] < m.from || got[len(got)-1] > m.to)) {
						r.Fatalf("%d, %s, stopped: saw %v of %d to %d", i, m.kind, got, m.from, m.to)
					}
				case m.stopped:
					if len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
						r.Fatalf("%d, %s, stopped: saw %v of %d to %d", i, m.kind, got, m.from, m.to)
					}
				case !slices.Equal(got, want):
					r.Fatalf("%d, %s: saw %v, want %d to %d", i, m.kind, got, m.from, m.to)
				}
			}
		})
	})
}

// A group with members that come, pause, fail, stop and drain: each message of the group's life is handled, those of a key in
// order, and once unless its handler failed.
func TestAnyGroupIsLikeTheModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(timeless{t}, func(r *rapid.T) {
			sys := actor.NewSystem(actor.WithLogger(slog.New(slog.DiscardHandler)))
			jobs, err := topic.Open[job](sys, "jobs", topic.KeyBy(func(j job) string { return j.Key }))
			if err != nil {
				r.Fatal(err)
			}
			seen := newRecord[job]()
			slow := time.Duration(rapid.IntRange(0, 2).Draw(r, "slow")) * time.Millisecond
			on := func(ctx topic.Context, j job) error {
				if j.N%5 == 0 && ctx.Attempt() == 1 {
					return errNo
				}
				if slow > 0 {
					<-time.After(slow)
				}
				seen.add(j)
				return nil
			}
			join := func(batch bool) *topic.Subscription {
				opts := []topic.SubscribeOption{topic.Group("g"), topic.Buffer(4096), topic.Supervise(supervisor.Policy{MinBackoff: time.Millisecond})}
				var sub *topic.Subscription
				if batch {
					sub, err = jobs.SubscribeBatch(3, time.Millisecond, func(ctx topic.Context, js []job) error {
						for _, j := range js {
							seen.add(j)
						}
						return nil
					}, opts...)
				} else {
					sub, err = jobs.Subscribe(on, opts...)
				}
				if err != nil {
					r.Fatal(err)
				}
				return sub
			}
			join(false) // one that stays, so that the group does
			var live []*topic.Subscription
			tail := 0
			for range rapid.IntRange(1, 60).Draw(r, "steps") {
				switch step := rapid.IntRange(0, 9).Draw(r, "step"); {
				case step <= 3:
					for range rapid.IntRange(1, 12).Draw(r, "n") {
						tail++
						if err := jobs.Publish(t.Context(), job{rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(r, "key"), tail}); err != nil {
							r.Fatal(err)
						}
					}
				case step <= 5:
					live = append(live, join(rapid.Bool().Draw(r, "batch")))
				case step == 6:
					pass(time.Duration(rapid.IntRange(0, 20).Draw(r, "ms")) * time.Millisecond)
				case len(live) > 0:
					i := rapid.IntRange(0, len(live)-1).Draw(r, "which")
					switch step {
					case 7:
						live[i].Pause()
						if rapid.Bool().Draw(r, "resume") {
							live[i].Resume()
						}
					case 8:
						live[i].Stop()
						live = slices.Delete(live, i, i+1)
					case 9:
						for _, s := range live { // it waits for all of the group, also for what a paused one has
							s.Resume()
						}
						if err := live[i].Drain(t.Context()); err != nil {
							r.Fatal(err)
						}
						live = slices.Delete(live, i, i+1)
					}
				}
			}
			for _, s := range live {
				s.Resume()
			}
			if err := sys.Close(t.Context()); err != nil {
				r.Fatal(err)
			}
			times, last := map[int]int{}, map[string]int{}
			for _, j := range seen.all() {
				if times[j.N]++; times[j.N] > 1 {
					r.Fatalf("%d was handled twice", j.N)
				}
				if j.Key != "" && last[j.Key] > j.N {
					r.Fatalf("key %q: %d after %d", j.Key, j.N, last[j.Key])
				}
				last[j.Key] = max(last[j.Key], j.N)
			}
			if len(times) != tail {
				r.Fatalf("%d of %d handled", len(times), tail)
			}
		})
	})
}
