package transport

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the largest length of a topic name or pattern, in bytes.
const MaxName = 255

// CheckName says whether name can be a topic's name, or a group's. A name is 1 to 255 bytes of valid UTF-8: tokens split by '.', none
// of them empty, without '*' and '>' (they make patterns), white space, control characters, and characters that cannot be
// seen (Unicode's class Cf: zero-width spaces and joiners, byte order marks, marks of writing direction, soft hyphens),
// because two names that look the same should be the same. Names are compared byte by byte: no normalization, and upper
// and lower case differ. The error says which token is wrong, and why.
func CheckName(name string) error {
	return check("name", name, func(token string, last bool) string {
		if i := strings.IndexAny(token, "*>"); i >= 0 {
			return fmt.Sprintf("has %q, which only patterns may", token[i:i+1])
		}
		return ""
	})
}

// CheckPattern says whether p can be given to [Match]: a name in which a token may be "*", and the last one ">".
func CheckPattern(p string) error {
	return check("pattern", p, func(token string, last bool) string {
		switch {
		case token == ">" && !last:
			return "must be the last one"
		case token == "*" || token == ">":
			return ""
		}
		if i := strings.IndexAny(token, "*>"); i >= 0 {
			return fmt.Sprintf("mixes %q with other text", token[i:i+1])
		}
		return ""
	})
}

// check applies what names and patterns have in common, and then extra, to every token.
func check(what, name string, extra func(token string, last bool) string) error {
	if name == "" {
		return fmt.Errorf("%s is empty", what)
	}
	if len(name) > MaxName {
		return fmt.Errorf("%s %q… has %d bytes, at most %d are allowed", what, name[:40], len(name), MaxName)
	}
	rest, more := name, true
	for n := 1; more; n++ {
		var token string
		token, rest, more = strings.Cut(rest, ".")
		why := fault(token)
		if why == "" {
			why = extra(token, !more)
		}
		if token == "" {
			return fmt.Errorf("%s %q: token %d is empty", what, name, n)
		}
		if why != "" {
			return fmt.Errorf("%s %q: token %d %q %s", what, name, n, token, why)
		}
	}
	return nil
}

// fault says what is wrong with the characters of a token.
func fault(token string) string {
	for i, r := range token {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(token[i:], string(utf8.RuneError)):
			return "is not valid UTF-8"
		case unicode.IsSpace(r):
			return fmt.Sprintf("has white space (%U)", r)
		case unicode.IsControl(r):
			return fmt.Sprintf("has a control character (%U)", r)
		case unicode.Is(unicode.Cf, r):
			return fmt.Sprintf("has a character that cannot be seen (%U)", r)
		}
	}
	return ""
}
