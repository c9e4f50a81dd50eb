package actor

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestEscapeName(t *testing.T) {
	for name, want := range map[string]string{
		"":               "%",
		"plain.name-1":   "plain.name-1",
		"two words":      "two words",
		"größe 名":        "größe 名",
		"a/b%c$d":        "a%2Fb%25c%24d",
		"\x00\n\x7f":     "%00%0A%7F",
		"\u0085\u2028":   "%C2%85%E2%80%A8",
		"bad\xffutf\xc3": "bad%FFutf%C3",
	} {
		if got := EscapeName(name); got != want {
			t.Errorf("EscapeName(%q) = %q, want %q", name, got, want)
		}
	}
}

func FuzzEscapeName(f *testing.F) {
	f.Add("a/b", "a%2Fb")
	f.Add("", "%")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := EscapeName(a), EscapeName(b)
		if (x == y) != (a == b) {
			t.Errorf("%q and %q become %q and %q", a, b, x, y)
		}
		if x == "" || strings.ContainsAny(x, "/$\n") || !utf8.ValidString(x) {
			t.Errorf("%q becomes %q", a, x)
		}
	})
}

// TestRoomThatIsNotWantedGoesToTheNext plays a sender whose context ended when it had been let in already.
func TestRoomThatIsNotWantedGoesToTheNext(t *testing.T) {
	next := make(chan struct{})
	b := &mailbox{plan: plan{set: &settings{bound: 1}}, waiters: &[]chan struct{}{next}}
	b.forgo(make(chan struct{}))
	select {
	case <-next:
	default:
		t.Error("the next one was not let in")
	}
}

func TestAsksThatAreOverAreForgotten(t *testing.T) {
	b := &mailbox{}
	waits := &reply{}
	b.owe(waits)
	for range 1000 {
		r := &reply{}
		b.owe(r)
		r.done.Store(true)
	}
	if n := len(b.extra.asks); n > 16 || b.extra.asks[0] != waits {
		t.Errorf("%d asks are remembered", n)
	}
}

func TestQueueIsFirstInFirstOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var model []int
		next := 0
		t.Repeat(map[string]func(*rapid.T){
			"push":  func(*rapid.T) { q.push(next); model = append(model, next); next++ },
			"front": func(*rapid.T) { q.pushFront(next); model = append([]int{next}, model...); next++ },
			"pop": func(t *rapid.T) {
				if len(model) == 0 {
					q.rest()
					return
				}
				if got := q.front(); got != model[0] {
					t.Fatalf("front %v, want %v", got, model[0])
				}
				if got := q.pop(); got != model[0] {
					t.Fatalf("pop %v, want %v", got, model[0])
				}
				model = model[1:]
			},
			"": func(t *rapid.T) {
				if q.len() != len(model) {
					t.Fatalf("length %d, want %d", q.len(), len(model))
				}
			},
		})
	})
}

func TestQueueGivesItsMemoryBack(t *testing.T) {
	var q queue
	cycle := func(n int) {
		for i := range n {
			q.push(i)
		}
		for range n {
			q.pop()
		}
		q.rest()
	}
	cycle(100_000)
	cycle(3)
	if len(q.ring) > 16 {
		t.Errorf("%d slots after a burst", len(q.ring))
	}
	cycle(1000)
	if len(q.ring) < 1000 {
		t.Error("the ring is made anew for every burst")
	}
}
