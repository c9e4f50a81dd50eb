package memory

import (
	"time"

	"github.com/azutoolkit/echo/transport"
)

// Defaults of a Hub.
const (
	DefaultCount     = 65_536          // records that a log retains
	DefaultMaxRecord = 32 << 20        // bytes of the largest record
	DefaultIDs       = 100_000         // record IDs that a log remembers
	DefaultWindow    = 2 * time.Minute // for how long it remembers them
)

// maxHeld is how many unacknowledged records a group's member may hold before Take makes it wait.
const maxHeld = 65_536

// Option sets up a Hub.
type Option func(*settings)

type settings struct {
	retention transport.Retention
	maxRecord int
	ids       int
	window    time.Duration
}

// Retain sets the retention of logs that are opened without one; zero fields keep the default. Negative ones are taken
// as zero. Default: DefaultCount records.
func Retain(r transport.Retention) Option {
	return func(s *settings) { s.retention = merge(s.retention, r) }
}

// MaxRecord sets the size of the largest record in bytes, as Record.Size counts. Default: DefaultMaxRecord.
func MaxRecord(bytes int) Option {
	return func(s *settings) { s.maxRecord = max(bytes, 1) }
}

// Dedup sets how many record IDs a log remembers, and for how long at most. Default: DefaultIDs and DefaultWindow.
func Dedup(ids int, window time.Duration) Option {
	return func(s *settings) { s.ids, s.window = max(ids, 1), max(window, 1) }
}

// merge returns r with the fields of next that are positive.
func merge(r, next transport.Retention) transport.Retention {
	if next.Count > 0 {
		r.Count = next.Count
	}
	if next.Bytes > 0 {
		r.Bytes = next.Bytes
	}
	if next.Age > 0 {
		r.Age = next.Age
	}
	return r
}
