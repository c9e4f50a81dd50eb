package transport_test

import (
	"strings"
	"testing"

	"github.com/azutoolkit/echo/transport"
)

func TestCheckNameSaysWhichTokenIsWrongAndWhy(t *testing.T) {
	long := strings.Repeat("é", 128)
	for _, c := range []struct{ name, want string }{
		{"a", ""},
		{"orders.eu-west_1.created", ""},
		{"a/b", ""},
		{"grüße.世界.🙂", ""},
		{"a.\ufffd", ""},
		{strings.Repeat("x", 255), ""},
		{strings.Repeat("x", 256), `name "` + strings.Repeat("x", 40) + `"… has 256 bytes, at most 255 are allowed`},
		{long, `name "` + long[:40] + `"… has 256 bytes, at most 255 are allowed`},
		{"", `name is empty`},
		{".", `name ".": token 1 is empty`},
		{"a..b", `name "a..b": token 2 is empty`},
		{".a", `name ".a": token 1 is empty`},
		{"a.b.", `name "a.b.": token 3 is empty`},
		{"a.b c", `name "a.b c": token 2 "b c" has white space (U+0020)`},
		{"a\u00a0b", `name "a\u00a0b": token 1 "a\u00a0b" has white space (U+00A0)`},
		{"a\n", `name "a\n": token 1 "a\n" has white space (U+000A)`},
		{"a\u2028", `name "a\u2028": token 1 "a\u2028" has white space (U+2028)`},
		{"a\x00", `name "a\x00": token 1 "a\x00" has a control character (U+0000)`},
		{"a.\u0080", `name "a.\u0080": token 2 "\u0080" has a control character (U+0080)`},
		{"\ufeffa", `name "\ufeffa": token 1 "\ufeffa" has a character that cannot be seen (U+FEFF)`},
		{"a\u200bb", `name "a\u200bb": token 1 "a\u200bb" has a character that cannot be seen (U+200B)`},
		{"a\u202eb", `name "a\u202eb": token 1 "a\u202eb" has a character that cannot be seen (U+202E)`},
		{"a.*", `name "a.*": token 2 "*" has "*", which only patterns may`},
		{"a>.b", `name "a>.b": token 1 "a>" has ">", which only patterns may`},
		{"a.b\xff", `name "a.b\xff": token 2 "b\xff" is not valid UTF-8`},
		{"a.\xed\xa0\x80", `name "a.\xed\xa0\x80": token 2 "\xed\xa0\x80" is not valid UTF-8`},
	} {
		got := ""
		if err := transport.CheckName(c.name); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("CheckName(%q):\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestCheckPatternAllowsWholeTokensOnly(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{"*", ""},
		{">", ""},
		{"a.*.c", ""},
		{"a.*.>", ""},
		{"a.b", ""},
		{"a.>.b", `pattern "a.>.b": token 2 ">" must be the last one`},
		{"a*.b", `pattern "a*.b": token 1 "a*" mixes "*" with other text`},
		{"a.>>", `pattern "a.>>": token 2 ">>" mixes ">" with other text`},
		{"**", `pattern "**": token 1 "**" mixes "*" with other text`},
		{"a..>", `pattern "a..>": token 2 is empty`},
		{"", `pattern is empty`},
		{"a. ", `pattern "a. ": token 2 " " has white space (U+0020)`},
	} {
		got := ""
		if err := transport.CheckPattern(c.pattern); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("CheckPattern(%q):\n got %s\nwant %s", c.pattern, got, c.want)
		}
	}
}
