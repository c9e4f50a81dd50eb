package actor

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// EscapeName makes one element of an actor's id of any string, so that different names never make the same id: "/"
// joins the ids of parent and child, "$" begins the names that the system makes up. These, "%", controls, and bytes
// that are not UTF-8 become %XX. The empty name becomes "%".
func EscapeName(name string) string {
	if name == "" {
		return "%"
	}
	clean := true
	for i := 0; i < len(name) && clean; i++ {
		c := name[i]
		clean = c > ' ' && c < 0x7f && c != '/' && c != '%' && c != '$' || c == ' '
	}
	if clean {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		bad := r == utf8.RuneError && n == 1
		if bad || r == '/' || r == '%' || r == '$' || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			for _, c := range []byte(name[i : i+n]) {
				const hex = "0123456789ABCDEF"
				b.WriteByte('%')
				b.WriteByte(hex[c>>4])
				b.WriteByte(hex[c&15])
			}
		} else {
			b.WriteString(name[i : i+n])
		}
		i += n
	}
	return b.String()
}
