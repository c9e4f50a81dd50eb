package memory_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
)

func TestIDsAreForgottenAfterTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, memory.New(), transport.Config{})
		first := put(t, log, "a")[0]
		timer := time.NewTimer(memory.DefaultWindow - 1)
		<-timer.C
		if again := put(t, log, "a")[0]; again != first {
			t.Fatalf("within the window %v became %v", first, again)
		}
		timer.Reset(1)
		<-timer.C
		if again := put(t, log, "a")[0]; again == first {
			t.Fatal("the ID is still remembered after the window")
		}
	})
}

func TestIDsAreForgottenAfterManyOthers(t *testing.T) {
	log := open(t, memory.New(memory.Dedup(3, time.Hour)), transport.Config{})
	first := put(t, log, "a", "b", "c")
	if again := put(t, log, "a", "c"); again[0] != first[0] || again[1] != first[2] {
		t.Fatalf("%v became %v", first, again)
	}
	put(t, log, "d")
	if again := put(t, log, "b", "c", "d", "a"); again[0] != first[1] || again[1] != first[2] || again[3] == first[0] {
		t.Fatalf("%v became %v", first, again)
	}
}

func TestAKnownIDIsAnsweredAfterItsRecordWasDropped(t *testing.T) {
	log := open(t, memory.New(), transport.Config{Retention: transport.Retention{Count: 1}})
	first := put(t, log, "a", "b")
	if again := put(t, log, "a"); again[0] != first[0] || records(t, log) != 1 {
		t.Fatalf("%v became %v", first, again)
	}
}

func TestRetentionIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := memory.New(memory.Retain(transport.Retention{Count: 5, Age: time.Minute}))
		log := open(t, hub, transport.Config{})
		for i := range 12 {
			put(t, log, fmt.Sprint(i))
		}
		if n := records(t, log); n != 5 {
			t.Fatalf("%d records are left, want 5", n)
		}
		open(t, hub, transport.Config{Retention: transport.Retention{Bytes: 4}}) // "10" and "11"
		if n := records(t, log); n != 2 {
			t.Fatalf("%d records are left of 4 bytes, want 2", n)
		}
		put(t, log, "a record of more bytes than all may have")
		if n := records(t, log); n != 1 {
			t.Fatalf("%d records are left, want the newest", n)
		}
		<-time.After(time.Minute)
		if n := records(t, log); n != 0 {
			t.Fatalf("%d records are left after their age", n)
		}
		r, err := log.Follow(t.Context(), transport.After(transport.Position{}))
		if err != nil || r.Start().Major != 13 {
			t.Fatalf("a reader of a log whose records are all dropped starts at %v, %v", r.Start(), err)
		}
	})
}

func TestDefaultRetention(t *testing.T) {
	log := open(t, memory.New(), transport.Config{})
	batch := make([]transport.Record, memory.DefaultCount)
	for range 2 {
		if _, err := log.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if n := records(t, log); n != memory.DefaultCount {
		t.Fatalf("%d records are left, want %d", n, memory.DefaultCount)
	}
}

// TestLossInLanesIsCounted drops records that wait for a key's holder, and one that was given back.
func TestLossInLanesIsCounted(t *testing.T) {
	log := open(t, memory.New(), transport.Config{Retention: transport.Retention{Count: 4}})
	cfg := transport.GroupConfig{Keyed: true}
	a, err := log.Group(t.Context(), "workers", cfg)
	if err != nil {
		t.Fatal(err)
	}
	b, err := log.Group(t.Context(), "workers", cfg)
	if err != nil {
		t.Fatal(err)
	}
	add := func(keys ...string) {
		for _, k := range keys {
			if _, err := log.Append(t.Context(), []transport.Record{{Key: k}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	take := func(m transport.Group, n int, want ...uint64) []transport.Position {
		t.Helper()
		var got []uint64
		var ps []transport.Position
		ds, err := m.Take(t.Context(), n)
		for _, d := range ds {
			got, ps = append(got, d.Position.Major), append(ps, d.Position)
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %v, %v; want %v", got, err, want)
		}
		return ps
	}
	gap := func(m transport.Group, want int64) {
		t.Helper()
		var g *transport.GapError
		if _, err := m.Take(t.Context(), 1); !errors.As(err, &g) || g.Lost != want {
			t.Fatalf("got %v, want a gap of %d", err, want)
		}
	}
	add("k", "k", "", "k") // 1 to 4
	held := take(a, 1, 1)
	loose := take(b, 9, 3) // 2 and 4 wait for a
	add("", "", "k")       // 5 to 7; 1 to 3 are dropped
	if err := b.GiveBack(t.Context(), loose...); err != nil {
		t.Fatal(err)
	}
	gap(b, 1)        // 3
	take(b, 9, 5, 6) // 7 waits for a
	if err := a.Ack(t.Context(), held...); err != nil {
		t.Fatal(err)
	}
	gap(b, 1) // 2
	take(b, 9, 4, 7)
	st, err := log.Stats(t.Context())
	if err != nil || st.Groups[0].Lag != 0 || st.Groups[0].Pending != 4 {
		t.Fatalf("got %+v, %v", st, err)
	}
}

func TestAMemberThatHoldsTooMuchWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, memory.New(memory.Retain(transport.Retention{Count: 100_000})), transport.Config{})
		m, err := log.Group(t.Context(), "workers", transport.GroupConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.Append(t.Context(), make([]transport.Record, 70_000)); err != nil {
			t.Fatal(err)
		}
		ds, err := m.Take(t.Context(), 1<<30)
		if err != nil || len(ds) != 65_536 {
			t.Fatalf("got %d records, %v", len(ds), err)
		}
		done := make(chan int)
		go func() {
			ds, _ := m.Take(t.Context(), 10)
			done <- len(ds)
		}()
		synctest.Wait()
		select {
		case n := <-done:
			t.Fatalf("a member that holds 65,536 records got %d more", n)
		default:
		}
		if err := m.Ack(t.Context(), ds[0].Position, ds[1].Position); err != nil {
			t.Fatal(err)
		}
		if n := <-done; n != 2 {
			t.Fatalf("got %d records, want 2", n)
		}
	})
}

func TestHandlesCostNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	hub := memory.New()
	for i := range 1000 {
		log, err := hub.Link("a").Open(t.Context(), fmt.Sprint("topic.", i), transport.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.Follow(t.Context(), transport.Latest()); err != nil {
			t.Fatal(err)
		}
		if _, err := log.Group(t.Context(), "workers", transport.GroupConfig{}); err != nil {
			t.Fatal(err)
		}
		put(t, log, "1")
	}
	if now := runtime.NumGoroutine(); now > before {
		t.Fatalf("%d goroutines before, %d after", before, now)
	}
}

func TestBatchesOfNextAreBounded(t *testing.T) {
	log := open(t, memory.New(), transport.Config{})
	r, err := log.Follow(t.Context(), transport.Latest())
	if err != nil {
		t.Fatal(err)
	}
	batch := make([]transport.Record, 1500)
	batch[1400].Data = make([]byte, 2<<20)
	if _, err := log.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1024, 377, 99} {
		if rs, err := r.Next(t.Context()); err != nil || len(rs) != want {
			t.Fatalf("got %d records, %v; want %d", len(rs), err, want)
		}
	}
}

// TestAGroupLearnsOfItsLossWhenNothingIsLeft: the gap does not wait for the next record.
func TestAGroupLearnsOfItsLossWhenNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := open(t, memory.New(), transport.Config{Retention: transport.Retention{Age: time.Minute}})
		m, err := log.Group(t.Context(), "workers", transport.GroupConfig{})
		if err != nil {
			t.Fatal(err)
		}
		put(t, log, "1", "2")
		<-time.After(time.Minute)
		var gap *transport.GapError
		if _, err := m.Take(t.Context(), 1); !errors.As(err, &gap) || gap.Lost != 2 || gap.Next.Major != 2 {
			t.Fatalf("got %v, want a gap of 2", err)
		}
	})
}

func TestWritingBehindARecordsDataHurtsNobody(t *testing.T) {
	log := open(t, memory.New(), transport.Config{})
	r, err := log.Follow(t.Context(), transport.Latest())
	if err != nil {
		t.Fatal(err)
	}
	buffer := []byte("mine, theirs")
	if _, err := log.Append(t.Context(), []transport.Record{{Data: buffer[:4]}}); err != nil {
		t.Fatal(err)
	}
	rs, err := r.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _ = append(rs[0].Data, "!!!"...); string(buffer) != "mine, theirs" {
		t.Fatalf("the publisher's buffer is %q now", buffer)
	}
}
