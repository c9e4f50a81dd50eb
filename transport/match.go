package transport

import "strings"

// Match says whether name falls under pattern, by the rules of NATS subjects: tokens are split by '.', the token "*"
// stands for any one token, and ">" as the last token for one or more. Both must have passed [CheckPattern] and
// [CheckName]; what would not, matches nothing or itself. It does not allocate.
func Match(pattern, name string) bool {
	for {
		p, restPattern, morePattern := strings.Cut(pattern, ".")
		n, restName, moreName := strings.Cut(name, ".")
		switch {
		case n == "":
			return false
		case p == ">":
			return !morePattern
		case p != "*" && p != n, morePattern != moreName:
			return false
		case !morePattern:
			return true
		}
		pattern, name = restPattern, restName
	}
}
