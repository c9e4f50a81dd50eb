package topic_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// All subscribers see the messages of all publishers in one order, and those of one publisher in the order it published them.
func TestOrderIsTheLogsForAll(t *testing.T) {
	sys := newSystem(t)
	jobs := open[job](t, sys, "jobs")
	const publishers, each = 4, 500
	var got [6]*record[job]
	var positions [6][]uint64
	for i := range got {
		got[i] = newRecord[job]()
		opts := []topic.SubscribeOption{topic.Buffer(1 << (3 * (i + 1)))} // different buffers commit at different times
		if i == 5 {
			opts = []topic.SubscribeOption{topic.Overflow(topic.DropNewest), topic.Buffer(publishers * each)}
		}
		subscribe(t, jobs, func(ctx topic.Context, j job) error {
			positions[i] = append(positions[i], ctx.Position().Major)
			return got[i].on(ctx, j)
		}, opts...)
	}
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for n := range each {
				switch key := fmt.Sprint(p); n % 3 {
				case 0:
					if err := jobs.Publish(t.Context(), job{key, n}); err != nil {
						t.Error(err)
					}
				case 1:
					if err := jobs.PublishBatch(t.Context(), []job{{key, n}}); err != nil {
						t.Error(err)
					}
				case 2:
					sys.Send(jobs.PID(), job{key, n})
				}
			}
		})
	}
	wg.Wait()
	first := got[0].wait(t, publishers*each)
	next := map[string]int{}
	for _, j := range first {
		if next[j.Key] != j.N {
			t.Fatalf("publisher %s: %d, want %d", j.Key, j.N, next[j.Key])
		}
		next[j.Key]++
	}
	for i, r := range got {
		equal(t, r.wait(t, publishers*each), first)
		for n, p := range positions[i] {
			if p != uint64(n+1) {
				t.Fatalf("position %d of message %d", p, n+1)
			}
		}
	}
}

func TestOpenIsIdempotentPerNameAndType(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		var pids [20]*actor.PID
		var wg sync.WaitGroup
		for i := range pids {
			wg.Go(func() { pids[i] = open[int](t, sys, "a.b").PID() })
		}
		wg.Wait()
		for _, pid := range pids {
			if !pid.Equal(pids[0]) {
				t.Fatal(pid, pids[0])
			}
		}
		_, err := topic.Open[string](sys, "a.b")
		var typed *topic.TypeError
		if !errors.As(err, &typed) || !strings.Contains(err.Error(), `topic: open "a.b"`) || !strings.Contains(err.Error(), "int") || !strings.Contains(err.Error(), "string") {
			t.Fatal(err)
		}
		if name := open[int](t, sys, "a.b").Name(); name != "a.b" {
			t.Fatal(name)
		}
		open[int](t, sys, "kept", topic.Retain(topic.Retention{Count: 5}))
		open[int](t, sys, "kept")
		open[int](t, sys, "kept", topic.Retain(topic.Retention{Count: 5}))
		if _, err := topic.Open[int](sys, "kept", topic.Retain(topic.Retention{Count: 6})); err == nil || !strings.Contains(err.Error(), "another retention") {
			t.Fatal(err)
		}
	})
}

// Publish returns nil when the message is in the log: whoever reads it from its beginning finds it.
func TestPublishReturnsWhenTheLogHasIt(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		for n := 1; n <= 5; n++ {
			publish(t, numbers, n)
			if s := numbers.Stats(); s.Published != uint64(n) || s.Retained != uint64(n) {
				t.Fatalf("%+v", s)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := numbers.Publish(ctx, 6); !errors.Is(err, context.Canceled) || numbers.Stats().Published != 5 {
			t.Fatal(err)
		}
	})
}

func TestPublishBatchAppendsInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		c := hold(t)
		subscribe(t, numbers, c.on, topic.Buffer(10))
		if err := numbers.PublishBatch(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := numbers.PublishBatch(t.Context(), upTo(7), topic.Key("k")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := numbers.PublishBatch(ctx, span(8, 14))
		var partial *topic.BatchError
		if !errors.As(err, &partial) || partial.Published != 3 || !errors.Is(err, topic.ErrFull) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		c.free()
		synctest.Wait()
		c.is(t, upTo(10)...)
		if err := numbers.PublishBatch(t.Context(), []int{1}, topic.ID("x")); err == nil {
			t.Fatal("an ID for several")
		}
	})
}

// A batch larger than the buffer goes through, in pieces.
func TestPublishBatchLargerThanTheBuffer(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got := open[int](t, sys, "numbers"), newRecord[int]()
		subscribe(t, numbers, got.on, topic.Buffer(3))
		if err := numbers.PublishBatch(t.Context(), upTo(1000)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got.is(t, upTo(1000)...)
	})
}

// Sending to the PID publishes; what fails goes to the system's dead letters with a reason.
func TestSendToThePIDPublishes(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers, got, letters := open[int](t, sys, "numbers"), newRecord[int](), newRecord[actor.DeadLetter]()
		defer sys.OnDeadLetter(letters.add)()
		c := hold(t)
		sub := subscribe(t, numbers, got.on)
		slow := subscribe(t, numbers, c.on, topic.Buffer(3))
		sys.Send(numbers.PID(), 1)
		sys.Send(numbers.PID(), "two")
		if _, err := sys.Spawn(func() actor.Actor {
			return actor.Func(func(ctx actor.Context) {
				if _, ok := ctx.Message().(*actor.Started); ok {
					ctx.Send(numbers.PID(), 3)
				}
			})
		}); err != nil {
			t.Fatal(err)
		}
		pass(10 * time.Millisecond)
		got.is(t, 1, 3)
		all := letters.all()
		var typed *topic.TypeError
		if len(all) != 1 || all[0].Message != "two" || !errors.As(all[0].Reason, &typed) {
			t.Fatal(all)
		}
		sys.Send(numbers.PID(), 4)
		start := time.Now()
		sys.Send(numbers.PID(), 5) // no room
		if d := time.Since(start); d != 5*time.Second {
			t.Fatal(d)
		}
		if all := letters.all(); len(all) != 2 || all[1].Message != 5 || !errors.Is(all[1].Reason, topic.ErrFull) {
			t.Fatal(all)
		}
		slow.Stop()
		c.free()
		if err := numbers.Remove(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-sub.Done()
		sys.Send(numbers.PID(), 6)
		synctest.Wait()
		if all := letters.all(); len(all) != 3 || all[2].Message != 6 {
			t.Fatal(all)
		}
	})
}

func TestPublicationCarriesKeyIDAndHeaders(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers", topic.KeyBy(func(n int) string { return fmt.Sprint("key of ", n) }))
		got := newRecord[string]()
		ids := map[string]bool{}
		start := time.Now()
		subscribe(t, numbers, func(ctx topic.Context, n int) error {
			got.add(fmt.Sprintf("%d %s %s %v", n, ctx.Topic(), ctx.Key(), ctx.Headers()))
			ids[ctx.ID()] = true
			if !ctx.Time().Equal(start) || ctx.Position().Major != uint64(n) || ctx.Message() != n || ctx.Attempt() != 1 || ctx.Skipped() != 0 {
				t.Errorf("%v %v %v", ctx.Time(), ctx.Position(), ctx.Message())
			}
			return nil
		})
		publish(t, numbers, 1, 2)
		if err := numbers.Publish(t.Context(), 3, topic.Key("own"), topic.ID("own ID"), topic.Header("a", "1"), topic.Header("b", "2"), topic.Header("a", "3")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got.is(t, "1 numbers key of 1 map[]", "2 numbers key of 2 map[]", "3 numbers own map[a:3 b:2]")
		if len(ids) != 3 || ids[""] || !ids["own ID"] {
			t.Fatal(ids)
		}
	})
}

// A publication with an ID is appended once, also when it is repeated while the first one waits for room.
func TestPublicationWithAnIDIsAppendedOnce(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers", topic.Dedup(2))
		c := hold(t)
		subscribe(t, numbers, c.on, topic.Buffer(1))
		publish(t, numbers, 1)
		synctest.Wait()
		results := make(chan error, 3)
		for range 3 {
			go func() { results <- numbers.Publish(t.Context(), 2, topic.ID("two")) }()
		}
		synctest.Wait()
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := numbers.Publish(impatient, 2, topic.ID("two")); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		c.free()
		for range 3 {
			if err := <-results; err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range []string{"two", "three", "two", "four", "three", "two"} { // "two" is forgotten with "four"
			if err := numbers.Publish(t.Context(), 3, topic.ID(id)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		c.is(t, 1, 2, 3, 3, 3)
	})
}

// One that failed was not appended, so that its ID is free.
func TestPublicationThatFailedMayBeRepeated(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		c := hold(t)
		subscribe(t, numbers, c.on, topic.Buffer(1))
		publish(t, numbers, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := numbers.Publish(ctx, 2, topic.ID("two")); !errors.Is(err, topic.ErrFull) {
			t.Fatal(err)
		}
		c.free()
		synctest.Wait()
		if err := numbers.Publish(t.Context(), 2, topic.ID("two")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		c.is(t, 1, 2)
	})
}

func TestPublishRefusesNil(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		pointers, errs, bytes := open[*int](t, sys, "pointers"), open[error](t, sys, "errors"), open[[]byte](t, sys, "bytes")
		got := newRecord[any]()
		subscribe(t, match[any](t, sys, "*"), got.on)
		for what, err := range map[string]error{
			"pointer": pointers.Publish(t.Context(), nil), "interface": errs.Publish(t.Context(), nil),
			"typed nil": errs.Publish(t.Context(), (*topic.TypeError)(nil)), "batch": pointers.PublishBatch(t.Context(), []*int{new(int), nil}),
		} {
			if !errors.Is(err, topic.ErrNil) {
				t.Errorf("%s: %v", what, err)
			}
		}
		letters := newRecord[error]()
		defer sys.OnDeadLetter(func(d actor.DeadLetter) { letters.add(d.Reason) })()
		sys.Send(pointers.PID(), (*int)(nil))
		sys.Send(pointers.PID(), nil)
		if n := len(letters.all()); n != 2 {
			t.Error(letters.all())
		}
		if err := bytes.Publish(t.Context(), nil); err != nil { // an empty slice is welcome
			t.Error(err)
		}
		synctest.Wait()
		if n := len(got.all()); n != 1 {
			t.Error(got.all())
		}
	})
}

// The subscribers of one process share the published value.
func TestValuesAreShared(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		pointers, got := open[*int](t, sys, "pointers"), newRecord[*int]()
		for range 3 {
			subscribe(t, pointers, got.on)
		}
		p := new(int)
		publish(t, pointers, p)
		synctest.Wait()
		got.is(t, p, p, p)
	})
}
