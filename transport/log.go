package transport

import "context"

// Log is one topic's records in append order: a handle got from [Transport].Open. All methods may be called
// concurrently. A handle outlives breaks of the link: while it is down calls fail with [ErrLinkDown].
type Log interface {
	// Append adds the records: all of them, contiguous and in order, or none. It returns one position per record. The
	// error means "none is in the log", unless it is [ErrUnknown]: then all or none are. A record whose ID was
	// appended within the dedup window, or earlier in the same batch, is not appended again: its old position is
	// returned. An empty ID is never compared. The records' Position fields are ignored. The transport neither keeps nor
	// changes the slice after it returned; Data and Headers it may keep, and nobody may change them. A record over
	// [Capabilities].MaxRecord is [ErrTooLarge]. No records: no positions and no error. The caller retries.
	Append(ctx context.Context, records []Record) ([]Position, error)

	// Follow starts a reader. It is in effect when Follow returns: everything appended later reaches it. ctx bounds
	// this call only, not the reader's life.
	Follow(ctx context.Context, from Start) (Reader, error)

	// Group joins the named group, which it makes if need be, and returns one member of it. The name must pass
	// [CheckName]. A group belongs to the log, not to its members: it stays, with its place in the log, when the last
	// member is gone. ctx bounds this call only.
	Group(ctx context.Context, name string, cfg GroupConfig) (Group, error)

	// Stats describes the log as the store sees it now.
	Stats(ctx context.Context) (Stats, error)

	// Close ends this handle, and the readers and members got through it, as their own Close would. Other handles
	// of the log and its records are not touched. Calling it again does nothing.
	Close() error
}

// Stats is a snapshot of a log.
type Stats struct {
	Records int          // records retained
	Bytes   int64        // sum of their Record.Size; -1 = the transport does not know
	First   Position     // the oldest retained record; zero when none is retained
	Last    Position     // the newest record ever appended; before the first one, only its Epoch is set
	Groups  []GroupStats // by name
}

// GroupStats is a snapshot of one group of a log.
type GroupStats struct {
	Name    string
	Pending int // records that members hold and have not acknowledged
	Lag     int // records retained that no member holds yet, those that wait to be given again included
	Members int // members that have not closed and have not been silent beyond their Idle
}
