package transport_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/azutoolkit/echo/transport"
	"pgregory.net/rapid"
)

func TestMatchFollowsTheRulesOfSubjects(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"a", "A", false},
		{"a", "a.b", false},
		{"a.b", "a", false},
		{"*", "a", true},
		{"*", "a.b", false},
		{"*.*", "a.b", true},
		{"a.*.c", "a.b.c", true},
		{"a.*.c", "a.b.d", false},
		{"a.*", "a", false},
		{">", "a", true},
		{">", "a.b.c", true},
		{"a.>", "a", false},
		{"a.>", "a.b", true},
		{"a.>", "a.b.c.d", true},
		{"a.>", "ab.c", false},
		{"*.b.>", "a.b.c.d", true},
		{"*.b.>", "a.b", false},
		{">", "", false},
		{"*", "", false},
		{"a.>", "a.", false},
		{"a.>.b", "a.x.b", false},
		{"a*", "ab", false},
	} {
		if got := transport.Match(c.pattern, c.name); got != c.want {
			t.Errorf("Match(%q, %q) = %v, want %v", c.pattern, c.name, got, c.want)
		}
	}
}

// The same rules, said by a regular expression.
func TestMatchAgreesWithARegularExpression(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.SampledFrom([]string{"a", "b", "ab", "世"})
		name := strings.Join(rapid.SliceOfN(token, 1, 5).Draw(t, "name"), ".")
		tokens := rapid.SliceOfN(rapid.OneOf(token, rapid.Just("*")), 0, 4).Draw(t, "pattern")
		if len(tokens) == 0 || rapid.Bool().Draw(t, "rest") {
			tokens = append(tokens, ">")
		}
		pattern := strings.Join(tokens, ".")
		expr := regexp.QuoteMeta(pattern)
		expr = strings.ReplaceAll(expr, `\*`, `[^.]+`)
		expr = strings.ReplaceAll(expr, `>`, `.+`)
		want := regexp.MustCompile("^" + expr + "$").MatchString(name)
		if got := transport.Match(pattern, name); got != want {
			t.Fatalf("Match(%q, %q) = %v, want %v", pattern, name, got, want)
		}
	})
}

func TestMatchDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { transport.Match("orders.*.created.>", "orders.eu.created.a.b") }); n != 0 {
		t.Errorf("Match made %v allocations, want 0", n)
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"a.b", "a..b", "*", "a.>", "\xff", "a\u200b", strings.Repeat("a.", 128)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, pattern := transport.CheckName(s), transport.CheckPattern(s)
		if name == nil && pattern != nil {
			t.Fatalf("%q is a name but not a pattern: %v", s, pattern)
		}
		if name == nil && !(transport.Match(s, s) && transport.Match(">", s)) {
			t.Fatalf("the name %q does not match itself and %q", s, ">")
		}
	})
}

func ExampleMatch() {
	fmt.Println(transport.Match("orders.*.created", "orders.eu.created"))
	fmt.Println(transport.Match("orders.>", "orders.eu.created"))
	fmt.Println(transport.Match("orders.>", "orders"))
	// Output:
	// true
	// true
	// false
}

func ExampleCheckName() {
	fmt.Println(transport.CheckName("orders.eu"))
	fmt.Println(transport.CheckName("a..b"))
	// Output:
	// <nil>
	// name "a..b": token 2 is empty
}
