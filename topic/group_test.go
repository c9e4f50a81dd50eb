package topic_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

type job struct {
	Key string
	N   int
}

func TestGroupMixesWithPlainSubscribers(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		jobs := open[int](t, sys, "jobs")
		shared, plain, other := newRecord[int](), newRecord[int](), newRecord[int]()
		for range 3 {
			subscribe(t, jobs, shared.on, topic.Group("workers"))
		}
		subscribe(t, jobs, plain.on)
		subscribe(t, jobs, other.on, topic.Group("others"))
		publish(t, jobs, upTo(1000)...)
		synctest.Wait()
		plain.is(t, upTo(1000)...)
		other.is(t, upTo(1000)...)
		got := shared.all()
		slices.Sort(got)
		equal(t, got, upTo(1000))
	})
}

// One key's messages are with one member at a time, in order, while the others go on.
func TestGroupKeepsTheOrderOfAKey(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		jobs := open[job](t, sys, "jobs", topic.KeyBy(func(j job) string { return j.Key }))
		var mu sync.Mutex
		busy, got, most := map[string]bool{}, map[string][]int{}, 0
		for i := range 4 {
			subscribe(t, jobs, func(ctx topic.Context, j job) error {
				mu.Lock()
				if busy[j.Key] {
					t.Errorf("two members have key %q", j.Key)
				}
				busy[j.Key] = true
				most = max(most, len(busy))
				mu.Unlock()
				<-time.After(time.Duration(1+(j.N+i)%5) * time.Millisecond)
				mu.Lock()
				delete(busy, j.Key)
				got[j.Key] = append(got[j.Key], j.N)
				mu.Unlock()
				return nil
			}, topic.Group("workers"))
		}
		for n := 1; n <= 200; n++ {
			publish(t, jobs, job{fmt.Sprint("key", n*n%7), n})
		}
		pass(10 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		total := 0
		for key, ns := range got {
			total += len(ns)
			if !slices.IsSorted(ns) {
				t.Errorf("key %q: %v", key, ns)
			}
		}
		if total != 200 || most != 4 {
			t.Errorf("%d messages, %d at once; want 200 and 4", total, most)
		}
	})
}

// What a member has not finished when it dies goes to the others, once, with the attempts that it has had.
func TestGroupMemberThatDiesGivesBack(t *testing.T) {
	for _, key := range []string{"", "k"} {
		t.Run("key="+key, func(t *testing.T) {
			bubble(t, func(t *testing.T, sys *actor.System) {
				jobs := open[int](t, sys, "jobs")
				policy := topic.Supervise(supervisor.Policy{Retries: 10, MinBackoff: time.Second, Jitter: -1})
				dying := subscribe(t, jobs, func(topic.Context, int) error { return errors.New("no") }, topic.Group("workers"), policy)
				if err := jobs.Publish(t.Context(), 1, topic.Key(key)); err != nil {
					t.Fatal(err)
				}
				pass(4 * time.Second) // attempts at 0, 1 and 3 s
				attempts, got := newRecord[int](), newRecord[int]()
				subscribe(t, jobs, func(ctx topic.Context, n int) error {
					attempts.add(ctx.Attempt())
					got.add(n)
					return nil
				}, topic.Group("workers"), policy)
				for n := 2; n <= 3; n++ {
					if err := jobs.Publish(t.Context(), n, topic.Key(key)); err != nil {
						t.Fatal(err)
					}
				}
				dying.Stop()
				synctest.Wait()
				if all := got.all(); len(all) != 3 || (key != "" && !slices.IsSorted(all)) {
					t.Fatal(all)
				}
				if all := attempts.all(); !slices.Contains(all, 4) {
					t.Fatalf("attempts %v, want one message with its 4th", all)
				}
			})
		})
	}
}

// Members come and go, panic and stop; when their handlers succeed each message is handled once.
func TestGroupHandlesNothingTwiceAndLosesNothing(t *testing.T) {
	sys := newSystem(t)
	jobs := open[job](t, sys, "jobs", topic.KeyBy(func(j job) string { return j.Key }))
	const total = 3000
	var mu sync.Mutex
	done, last := map[int]int{}, map[string]int{}
	all := make(chan struct{})
	work := func(ctx topic.Context, j job) error {
		mu.Lock()
		defer mu.Unlock()
		if done[j.N]++; j.Key != "" && last[j.Key] > j.N {
			t.Errorf("key %q: %d after %d", j.Key, j.N, last[j.Key])
		}
		last[j.Key] = max(last[j.Key], j.N)
		if len(done) == total {
			close(all)
		}
		return nil
	}
	subscribe(t, jobs, work, topic.Group("workers"))
	over := make(chan struct{})
	go func() {
		defer close(over)
		for range 200 {
			sub, err := jobs.Subscribe(work, topic.Group("workers"))
			if err != nil {
				t.Error(err)
				return
			}
			sub.Stop()
			<-sub.Done()
		}
	}()
	for n := 1; n <= total; n++ {
		publish(t, jobs, job{[]string{"", "a", "b", "c"}[n%4], n})
	}
	wait(t, all, "the last job")
	wait(t, over, "the last member")
	mu.Lock()
	defer mu.Unlock()
	for n, times := range done {
		if times != 1 {
			t.Errorf("%d was handled %d times", n, times)
		}
	}
}

// A key that becomes free when its member is paused goes to another member.
func TestGroupKeyOfAPausedMemberGoesToAnother(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		jobs := open[int](t, sys, "jobs")
		got, release := newRecord[string](), make(chan struct{})
		a := subscribe(t, jobs, func(_ topic.Context, n int) error {
			<-release
			got.add(fmt.Sprint("a", n))
			return nil
		}, topic.Group("workers"))
		for n := 1; n <= 3; n++ {
			if err := jobs.Publish(t.Context(), n, topic.Key("k")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if n == 1 {
				subscribe(t, jobs, func(_ topic.Context, n int) error {
					got.add(fmt.Sprint("b", n))
					return nil
				}, topic.Group("workers"))
			}
		}
		a.Pause()
		close(release)
		synctest.Wait()
		got.is(t, "a1", "b2", "b3")
	})
}

// The members that are free take what comes while another is at a long batch.
func TestGroupOfBatchesWorksConcurrently(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		jobs := open[int](t, sys, "jobs")
		got, release := newRecord[int](), make(chan struct{})
		for range 2 {
			if _, err := jobs.SubscribeBatch(1, 0, func(_ topic.Context, ns []int) error {
				if got.add(ns[0]); ns[0] == 1 {
					<-release
				}
				return nil
			}, topic.Group("workers")); err != nil {
				t.Fatal(err)
			}
		}
		publish(t, jobs, 1)
		synctest.Wait()
		publish(t, jobs, 2)
		synctest.Wait()
		got.is(t, 1, 2)
		close(release)
	})
}

// A batch given back by a member that dies keeps its attempts too.
func TestGroupBatchKeepsAttempts(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		jobs := open[int](t, sys, "jobs")
		policy := topic.Supervise(supervisor.Policy{Retries: 10, MinBackoff: time.Second, Jitter: -1})
		dying, err := jobs.SubscribeBatch(2, 0, func(topic.Context, []int) error { return errors.New("no") }, topic.Group("workers"), policy)
		if err != nil {
			t.Fatal(err)
		}
		publish(t, jobs, 1, 2)
		pass(4 * time.Second)
		got := newRecord[string]()
		if _, err := jobs.SubscribeBatch(2, 0, func(ctx topic.Context, ns []int) error {
			got.add(fmt.Sprint(ns, ctx.Attempt()))
			return nil
		}, topic.Group("workers"), policy); err != nil {
			t.Fatal(err)
		}
		dying.Stop()
		synctest.Wait()
		got.is(t, "[1 2] 4")
	})
}

func TestGroupMembersAskForTheSame(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		jobs := open[int](t, sys, "jobs")
		subscribe(t, jobs, newRecord[int]().on, topic.Group("workers"), topic.Buffer(8))
		_, err := jobs.Subscribe(newRecord[int]().on, topic.Group("workers"), topic.Buffer(9))
		if err == nil || !strings.Contains(err.Error(), `group "workers" has Overflow(Block) and Buffer(8)`) {
			t.Fatal(err)
		}
	})
}

// The last member takes the group with it; a group of the same name is a new one.
func TestGroupEndsWithItsLastMember(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		jobs := open[int](t, sys, "jobs")
		one, two := newRecord[int](), newRecord[int]()
		sub := subscribe(t, jobs, one.on, topic.Group("workers"))
		publish(t, jobs, 1)
		synctest.Wait()
		sub.Stop()
		<-sub.Done()
		publish(t, jobs, 2)
		subscribe(t, jobs, two.on, topic.Group("workers"))
		publish(t, jobs, 3)
		synctest.Wait()
		one.is(t, 1)
		two.is(t, 3)
	})
}
