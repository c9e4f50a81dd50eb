package memory_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
)

// TestWhatIsClosedOnACutLinkIsSilent: the hub did not hear of it, so records wait for their Idle, counted from the cut.
func TestWhatIsClosedOnACutLinkIsSilent(t *testing.T) {
	for name, end := range map[string]func(*memory.Link, transport.Log, transport.Group){
		"member":           func(_ *memory.Link, _ transport.Log, m transport.Group) { m.Close() },
		"log":              func(_ *memory.Link, log transport.Log, _ transport.Group) { log.Close() },
		"link":             func(l *memory.Link, _ transport.Log, _ transport.Group) { l.Close(context.Background()) },
		"kill":             func(l *memory.Link, _ transport.Log, _ transport.Group) { l.Kill() },
		"member, then log": func(_ *memory.Link, log transport.Log, m transport.Group) { m.Close(); log.Close() },
		"nothing":          func(*memory.Link, transport.Log, transport.Group) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := memory.New()
				link := hub.Link("a")
				cfg := transport.GroupConfig{Idle: time.Minute, Start: transport.Earliest()}
				log := open(t, link, transport.Config{})
				a, err := log.Group(t.Context(), "workers", cfg)
				if err != nil {
					t.Fatal(err)
				}
				b, err := open(t, hub, transport.Config{}).Group(t.Context(), "workers", cfg)
				if err != nil {
					t.Fatal(err)
				}
				put(t, log, "1")
				if _, err := a.Take(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
				link.Cut()
				begin := time.Now()
				<-time.After(20 * time.Second)
				end(link, log, a)
				if name != "nothing" {
					link.Heal()
				}
				ds, err := b.Take(t.Context(), 1)
				if err != nil || ds[0].Attempt != 2 || time.Since(begin) != time.Minute {
					t.Fatalf("got %v, %v after %v", ds, err, time.Since(begin))
				}
			})
		})
	}
}

func TestARestartEndsBlockedCalls(t *testing.T) {
	for _, keep := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			hub := memory.New()
			log := open(t, hub.Link("a"), transport.Config{})
			r, err := log.Follow(t.Context(), transport.Latest())
			if err != nil {
				t.Fatal(err)
			}
			m, err := log.Group(t.Context(), "workers", transport.GroupConfig{})
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 3)
			go func() { _, err := r.Next(t.Context()); done <- err }()
			go func() { done <- hub.Topics(t.Context(), func(string) {}) }()
			if keep { // otherwise Take may tell of the gap first
				go func() { _, err := m.Take(t.Context(), 1); done <- err }()
			} else {
				done <- transport.ErrLinkDown
			}
			synctest.Wait()
			hub.Restart(keep)
			for range 3 {
				is(t, <-done, transport.ErrLinkDown)
			}
			put(t, log, "1")
		})
	}
}

func TestRemoveNamesItsReasonOnADelayedLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := memory.New()
		link := hub.Link("a")
		log := open(t, link, transport.Config{})
		r, err := log.Follow(t.Context(), transport.Latest())
		if err != nil {
			t.Fatal(err)
		}
		m, err := log.Group(t.Context(), "workers", transport.GroupConfig{})
		if err != nil {
			t.Fatal(err)
		}
		put(t, log, "1")
		link.Delay(time.Hour)
		done := make(chan error, 3)
		go func() { _, err := r.Next(t.Context()); done <- err }()
		go func() { _, err := m.Take(t.Context(), 1); done <- err }()
		go func() { done <- m.Ack(t.Context()) }()
		synctest.Wait()
		if err := hub.Remove(t.Context(), "orders"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			is(t, <-done, transport.ErrRemoved)
		}
	})
}

func TestHubCloseEndsEveryLink(t *testing.T) {
	hub := memory.New()
	log := open(t, hub.Link("a"), transport.Config{})
	r, err := log.Follow(t.Context(), transport.Latest())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { _, err := r.Next(t.Context()); done <- err }()
	for range 2 {
		if err := hub.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	is(t, <-done, transport.ErrClosed)
	_, err = log.Append(t.Context(), []transport.Record{{}})
	is(t, err, transport.ErrClosed)
	_, err = hub.Open(t.Context(), "orders", transport.Config{})
	is(t, err, transport.ErrClosed)
	_, err = hub.Link("late").Open(t.Context(), "orders", transport.Config{})
	is(t, err, transport.ErrClosed)
	is(t, hub.Topics(t.Context(), func(string) {}), transport.ErrClosed)
	is(t, hub.Remove(t.Context(), "orders"), transport.ErrClosed)
	hub.Restart(false)
}
