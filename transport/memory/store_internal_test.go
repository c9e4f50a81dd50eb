package memory

import (
	"context"
	"fmt"
	"testing"

	"github.com/azutoolkit/echo/transport"
)

// These look at what no caller can see: memory that is kept for nothing.

func TestAppendAloneKeepsMemoryBounded(t *testing.T) {
	ctx := context.Background()
	hub := New(Retain(transport.Retention{Count: 100}), Dedup(10, DefaultWindow))
	lg, err := hub.self.open(ctx, "orders", transport.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		if _, err := lg.Append(ctx, []transport.Record{{ID: fmt.Sprint(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	s := lg.store
	if n := s.entries.len(); n != 100 {
		t.Errorf("%d records are kept, want 100", n)
	}
	if n := cap(s.entries.slice); n > 1000 {
		t.Errorf("the slice of 100 records has room for %d", n)
	}
	if a, b := len(s.window.seqs), s.window.seen.len(); a != 10 || b != 10 {
		t.Errorf("%d and %d IDs are remembered, want 10", a, b)
	}
}

func TestPoppedItemsAreFreed(t *testing.T) {
	var f fifo[*int]
	for i := range 1000 {
		f.push(new(int))
		if i%4 > 0 {
			f.pop()
		}
	}
	live := 0
	for _, p := range f.slice[:cap(f.slice)] {
		if p != nil {
			live++
		}
	}
	if live != f.len() {
		t.Errorf("%d pointers are kept for %d items", live, f.len())
	}
}

func TestLanesGoWhenTheyAreDone(t *testing.T) {
	ctx := context.Background()
	hub := New(Retain(transport.Retention{Count: 50}))
	lg, err := hub.self.open(ctx, "orders", transport.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var ms [2]*member
	for i := range ms {
		if ms[i], err = lg.join(ctx, "workers", transport.GroupConfig{Keyed: true}); err != nil {
			t.Fatal(err)
		}
	}
	put := func(keys ...string) {
		for _, k := range keys {
			if _, err := lg.Append(ctx, []transport.Record{{Key: k}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	put("a", "b", "a", "c")
	ds, err := ms[0].Take(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	g := ms[0].group
	for range 500 { // the second member passes over a's records, which retention drops
		put("a", "")
		if _, err := ms[1].Take(ctx, 5); err == nil {
			ms[1].giveBackAll()
		}
	}
	if n := len(g.keys["a"].queue); n > 51 {
		t.Errorf("%d records wait in a lane, at most 50 are retained", n)
	}
	for _, d := range ds {
		if err := ms[0].Ack(ctx, d.Position); err != nil {
			t.Fatal(err)
		}
	}
	for len(g.free) > 0 || g.cursor <= g.store.last {
		if ds, err := ms[0].Take(ctx, 1000); err == nil {
			for _, d := range ds {
				if err := ms[0].Ack(ctx, d.Position); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if len(g.keys) != 0 || len(ms[0].held) != 0 || len(ms[0].ready) != 0 {
		t.Errorf("all is acknowledged; %d keys, %d records, %d lanes are left", len(g.keys), len(ms[0].held), len(ms[0].ready))
	}
}
