package transport

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Position is the place of a record in a log. It can be compared with ==, stored as text, and given to [After]. What the
// numbers mean is the transport's own affair: memory counts in Major, Redis puts an entry's ID into Major and Minor and
// the place within the entry into Index. Callers compare positions, they do not calculate with them.
type Position struct {
	Epoch string // which life of the log: another one after the log was lost or removed and made anew
	Major uint64
	Minor uint64
	Index uint32
}

// IsZero says whether p is the zero Position, which is no place in any log.
func (p Position) IsZero() bool { return p == Position{} }

// Compare returns -1, 0 or +1 as p lies before, at, or behind q in one log. Positions of different epochs have no order in
// time; Compare sorts them by the text of their epochs, so that the zero Position comes first.
func (p Position) Compare(q Position) int {
	return cmp.Or(
		cmp.Compare(p.Epoch, q.Epoch),
		cmp.Compare(p.Major, q.Major),
		cmp.Compare(p.Minor, q.Minor),
		cmp.Compare(p.Index, q.Index),
	)
}

// String returns the position as short text that [ParsePosition] reads: "epoch/major-minor.index", without ".index" if it
// is 0, and without "-minor" if both are. The zero Position is "".
func (p Position) String() string {
	if p.IsZero() {
		return ""
	}
	b := make([]byte, 0, len(p.Epoch)+24)
	b = append(b, p.Epoch...)
	b = append(b, '/')
	b = strconv.AppendUint(b, p.Major, 10)
	if p.Minor != 0 || p.Index != 0 {
		b = append(b, '-')
		b = strconv.AppendUint(b, p.Minor, 10)
	}
	if p.Index != 0 {
		b = append(b, '.')
		b = strconv.AppendUint(b, uint64(p.Index), 10)
	}
	return string(b)
}

// ParsePosition reads what [Position.String] wrote, and nothing else: a position has one text.
func ParsePosition(text string) (Position, error) {
	if text == "" {
		return Position{}, nil
	}
	bad := func() (Position, error) {
		return Position{}, fmt.Errorf("transport: parse position %q: want epoch/major-minor.index, as Position.String writes it", text)
	}
	slash := strings.LastIndexByte(text, '/')
	if slash < 0 {
		return bad()
	}
	number, index, hasIndex := strings.Cut(text[slash+1:], ".")
	major, minor, hasMinor := strings.Cut(number, "-")
	p := Position{Epoch: text[:slash]}
	var err error
	if p.Major, err = strconv.ParseUint(major, 10, 64); err != nil {
		return bad()
	}
	if hasMinor {
		if p.Minor, err = strconv.ParseUint(minor, 10, 64); err != nil {
			return bad()
		}
	}
	if hasIndex {
		i, err := strconv.ParseUint(index, 10, 32)
		if err != nil {
			return bad()
		}
		p.Index = uint32(i)
	}
	if p.String() != text {
		return bad()
	}
	return p, nil
}

// MarshalText makes a Position text in JSON and elsewhere; the text is String's.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (p *Position) UnmarshalText(text []byte) error {
	q, err := ParsePosition(string(text))
	if err != nil {
		return err
	}
	*p = q
	return nil
}
