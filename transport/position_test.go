package transport_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/azutoolkit/echo/transport"
	"pgregory.net/rapid"
)

func positions() *rapid.Generator[transport.Position] {
	return rapid.Custom(func(t *rapid.T) transport.Position {
		return transport.Position{
			Epoch: rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "a/b", "7-1.2"}), rapid.String()).Draw(t, "epoch"),
			Major: rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 3)).Draw(t, "major"),
			Minor: rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 3)).Draw(t, "minor"),
			Index: rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(0, 3)).Draw(t, "index"),
		}
	})
}

func TestPositionSurvivesText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := positions().Draw(t, "p")
		q, err := transport.ParsePosition(p.String())
		if err != nil || q != p {
			t.Fatalf("%#v became %q and then %#v, %v", p, p.String(), q, err)
		}
	})
}

func TestPositionHasOneText(t *testing.T) {
	for _, text := range []string{"7", "e/", "e/-1", "e/+1", "e/01", "e/1-", "e/1-0", "e/1-2.", "e/1-2.0", "e/1.2",
		"e/1-2.4294967296", "e/18446744073709551616", "e/1 ", "e/1-2-3", "e/1-2.3.4", "/0"} {
		if p, err := transport.ParsePosition(text); err == nil {
			t.Errorf("ParsePosition(%q) = %#v, want an error", text, p)
		}
	}
}

func TestPositionOrderIsTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := positions().Draw(t, "a"), positions().Draw(t, "b"), positions().Draw(t, "c")
		if (a.Compare(b) == 0) != (a == b) || a.Compare(b) != -b.Compare(a) {
			t.Fatalf("%v and %v compare as %d and %d", a, b, a.Compare(b), b.Compare(a))
		}
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 && a.Compare(c) > 0 {
			t.Fatalf("%v <= %v <= %v but not the first to the last", a, b, c)
		}
		if (transport.Position{}).Compare(a) > 0 {
			t.Fatalf("%v lies before the zero position", a)
		}
	})
}

func TestPositionGoesThroughJSON(t *testing.T) {
	type place struct{ P transport.Position }
	in := place{transport.Position{Epoch: "k3", Major: 1700000000000, Minor: 4, Index: 12}}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `{"P":"k3/1700000000000-4.12"}` {
		t.Fatalf("got %s, %v", data, err)
	}
	var out place
	if err := json.Unmarshal(data, &out); err != nil || out != in {
		t.Fatalf("got %v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"P":"x"}`), &out); err == nil {
		t.Fatal("a text that is no position was read without an error")
	}
}

func FuzzParsePosition(f *testing.F) {
	for _, s := range []string{"", "e/1", "e/1-2", "e/1-2.3", "a/b/0", "/1", "e/1-2.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := transport.ParsePosition(s); err == nil && p.String() != s {
			t.Fatalf("%q was read as %#v, whose text is %q", s, p, p.String())
		}
	})
}

func ExamplePosition() {
	p := transport.Position{Epoch: "k3", Major: 17}
	fmt.Println(p)
	q, err := transport.ParsePosition("k3/18")
	fmt.Println(p.Compare(q), err)
	// Output:
	// k3/17
	// -1 <nil>
}
