package memory_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
)

func TestACutLinkAppendsNothing(t *testing.T) {
	hub := memory.New()
	link := hub.Link("a")
	log, far := open(t, link, transport.Config{}), open(t, hub, transport.Config{})
	link.Cut()
	link.Cut()
	_, err := log.Append(t.Context(), []transport.Record{{ID: "1"}})
	is(t, err, transport.ErrLinkDown)
	_, err = link.Open(t.Context(), "orders", transport.Config{})
	is(t, err, transport.ErrLinkDown)
	if n := records(t, far); n != 0 {
		t.Fatalf("%d records are in the log", n)
	}
	link.Heal()
	link.Heal()
	put(t, log, "1")
	if n := records(t, far); n != 1 {
		t.Fatalf("%d records are in the log, want 1", n)
	}
}

func TestLostRepliesReportUnknownAndAppend(t *testing.T) {
	link := memory.New().Link("a")
	log := open(t, link, transport.Config{})
	link.LoseReplies(2)
	for range 2 {
		ps, err := log.Append(t.Context(), []transport.Record{{ID: "1"}})
		is(t, err, transport.ErrUnknown)
		if ps != nil {
			t.Fatalf("an unknown outcome has the positions %v", ps)
		}
	}
	if ps := put(t, log, "1"); ps[0].Major != 1 || records(t, log) != 1 {
		t.Fatalf("the record is at %v, of %d", ps, records(t, log))
	}
}

func TestADelayedAppendArrivesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := memory.New()
		link := hub.Link("a")
		log, far := open(t, link, transport.Config{}), open(t, hub, transport.Config{})
		link.Delay(time.Second)
		begin := time.Now()
		go log.Append(t.Context(), []transport.Record{{ID: "1"}})
		synctest.Wait()
		if records(t, far) != 0 {
			t.Fatal("a delayed record is there at once")
		}
		r, err := far.Follow(t.Context(), transport.Earliest())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(t.Context()); err != nil || time.Since(begin) != time.Second {
			t.Fatalf("it came after %v, %v", time.Since(begin), err)
		}
	})
}

func TestAnAppendInterruptedOnItsWayIsNotInTheLog(t *testing.T) {
	for name, c := range map[string]struct {
		interrupt func(*memory.Link, transport.Log, context.CancelFunc)
		want      error
	}{
		"cut":       {func(l *memory.Link, _ transport.Log, _ context.CancelFunc) { l.Cut() }, transport.ErrLinkDown},
		"blink":     {func(l *memory.Link, _ transport.Log, _ context.CancelFunc) { l.Cut(); l.Heal() }, transport.ErrLinkDown},
		"kill":      {func(l *memory.Link, _ transport.Log, _ context.CancelFunc) { l.Kill() }, transport.ErrClosed},
		"close":     {func(l *memory.Link, _ transport.Log, _ context.CancelFunc) { l.Close(context.Background()) }, transport.ErrClosed},
		"close log": {func(_ *memory.Link, log transport.Log, _ context.CancelFunc) { log.Close() }, transport.ErrClosed},
		"cancel":    {func(_ *memory.Link, _ transport.Log, cancel context.CancelFunc) { cancel() }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := memory.New()
				link := hub.Link("a")
				log, far := open(t, link, transport.Config{}), open(t, hub, transport.Config{})
				link.Delay(time.Hour)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				done := make(chan error)
				go func() {
					_, err := log.Append(ctx, []transport.Record{{ID: "1"}})
					done <- err
				}()
				synctest.Wait()
				begin := time.Now()
				c.interrupt(link, log, cancel)
				is(t, <-done, c.want)
				if records(t, far) != 0 || time.Now() != begin {
					t.Fatalf("%d records are in the log, after %v", records(t, far), time.Since(begin))
				}
			})
		})
	}
}

func TestADelayedReaderEndsAtOnceAndConsumesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := memory.New()
		link := hub.Link("a")
		log := open(t, link, transport.Config{})
		r, err := log.Follow(t.Context(), transport.Earliest())
		if err != nil {
			t.Fatal(err)
		}
		m, err := log.Group(t.Context(), "workers", transport.GroupConfig{Start: transport.Earliest()})
		if err != nil {
			t.Fatal(err)
		}
		put(t, log, "1")
		link.Delay(time.Second)
		begin := time.Now()
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err = r.Next(short)
		is(t, err, context.DeadlineExceeded)
		_, err = m.Take(short, 1)
		is(t, err, context.DeadlineExceeded)
		if rs, err := r.Next(t.Context()); err != nil || rs[0].ID != "1" {
			t.Fatalf("got %v, %v", rs, err)
		}
		if ds, err := m.Take(t.Context(), 1); err != nil || ds[0].Attempt != 1 {
			t.Fatalf("got %v, %v", ds, err)
		}
		if since := time.Since(begin); since != 2*time.Second+time.Millisecond {
			t.Fatalf("two delayed calls took %v", since)
		}
		link.Delay(0)
		put(t, log, "2")
		link.Delay(time.Hour)
		done := make(chan error, 2)
		go func() { _, err := r.Next(t.Context()); done <- err }()
		go func() { _, err := m.Take(t.Context(), 1); done <- err }()
		synctest.Wait()
		begin = time.Now()
		r.Close()
		m.Close()
		is(t, <-done, transport.ErrClosed)
		is(t, <-done, transport.ErrClosed)
		if time.Now() != begin {
			t.Fatalf("Close took %v to end them", time.Since(begin))
		}
	})
}

func TestAKilledLinkStaysDead(t *testing.T) {
	hub := memory.New()
	link := hub.Link("a")
	log := open(t, link, transport.Config{})
	link.Kill()
	link.Heal()
	link.Cut()
	_, err := log.Append(t.Context(), []transport.Record{{}})
	is(t, err, transport.ErrClosed)
	_, err = link.Open(t.Context(), "orders", transport.Config{})
	is(t, err, transport.ErrClosed)
	if err := link.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, open(t, hub.Link("a"), transport.Config{}), "1")
}

func TestErrorsSayWhatWasDoneToWhat(t *testing.T) {
	hub := memory.New(memory.MaxRecord(10))
	link := hub.Link("a")
	log := open(t, link, transport.Config{})
	m, err := log.Group(t.Context(), "workers", transport.GroupConfig{})
	if err != nil {
		t.Fatal(err)
	}
	said := func(err error, want string) {
		t.Helper()
		if fmt.Sprint(err) != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	_, err = link.Open(t.Context(), "a..b", transport.Config{})
	said(err, `memory: open "a..b": name "a..b": token 2 is empty`)
	_, err = log.Append(t.Context(), []transport.Record{{}, {ID: "x", Data: make([]byte, 10)}})
	said(err, `memory: append to "orders": record 2 of 2 (ID "x") has 11 bytes, the limit is 10: transport: record is too large`)
	_, err = log.Group(t.Context(), "workers", transport.GroupConfig{Keyed: true})
	said(err, `memory: join group "workers" of "orders": keyed is true here and false for the group: all members must agree`)
	_, err = log.Group(t.Context(), "workers", transport.GroupConfig{Member: string(make([]byte, 256))})
	said(err, `memory: join group "workers" of "orders": the member's name has 256 bytes, at most 255 are allowed`)
	link.Cut()
	_, err = m.Take(t.Context(), 1)
	said(err, `memory: take from group "workers" of "orders": transport: link is down, try again later`)
	said(m.Ack(t.Context()), `memory: acknowledge to group "workers" of "orders": transport: link is down, try again later`)
}
