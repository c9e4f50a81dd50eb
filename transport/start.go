package transport

import "time"

// StartKind tells the ways to start apart.
type StartKind int

// The kinds of Start.
const (
	StartLatest StartKind = iota
	StartEarliest
	StartAfter
	StartSince
)

// Start says where in a log a reader or a new group begins. The zero value is Latest.
type Start struct {
	kind     StartKind
	position Position
	time     time.Time
}

// Latest starts with the first record appended from now on.
func Latest() Start { return Start{} }

// Earliest starts with the oldest record that the log retains.
func Earliest() Start { return Start{kind: StartEarliest} }

// After starts with the first record behind p, the last one already seen. If records between p and the oldest retained
// one were dropped, or p is no place in this log (another epoch, or ahead of its end), the first Next returns a
// [*GapError] and the reader goes on with the oldest record retained. After the zero Position is Earliest.
func After(p Position) Start {
	if p.IsZero() {
		return Earliest()
	}
	return Start{kind: StartAfter, position: p}
}

// Since starts with the first retained record that was appended at t or later, by the store's clock and to the
// millisecond. A t in the future is Latest, one before the oldest record is Earliest.
func Since(t time.Time) Start { return Start{kind: StartSince, time: t} }

// Kind says which constructor made s.
func (s Start) Kind() StartKind { return s.kind }

// Position is the argument of After; zero for the other kinds.
func (s Start) Position() Position { return s.position }

// Time is the argument of Since; zero for the other kinds.
func (s Start) Time() time.Time { return s.time }

// String is s in words, for errors and logs.
func (s Start) String() string {
	switch s.kind {
	case StartEarliest:
		return "earliest"
	case StartAfter:
		return "after " + s.position.String()
	case StartSince:
		return "since " + s.time.Format(time.RFC3339Nano)
	default:
		return "latest"
	}
}
