package transport

import (
	"context"
	"time"
)

// DefaultIdle is the time after which a silent member's records are given to others, when GroupConfig.Idle is zero.
const DefaultIdle = 30 * time.Second

// GroupConfig is how a member joins a group. The zero value works: it begins with what is appended from now on.
type GroupConfig struct {
	// Start is where a group that is new begins. A group that is there keeps its place. Default: Latest.
	Start Start

	// Member is the member's name, unique in its group, at most 255 bytes. Joining with a name that is in use takes its
	// place: the older handle ends with ErrClosed and what it held is given again. So a node that crashed and came back
	// gets its records at once, without waiting for Idle. Default: a name nobody else has.
	Member string

	// Keyed keeps records with one Key in order: while a member holds records of a key nobody else gets any of that key.
	// Records without a key go to anybody. All members of a group must agree. Default: false.
	Keyed bool

	// Idle is the time after which the records of this member are given to others when its node is not heard from: it
	// died, or its link is down. A transport keeps open members alive by itself while the link is up: a consumer that
	// is slow is not silent. Default: DefaultIdle.
	Idle time.Duration
}

// Group is one member of a group: each record goes to one member at a time. Its methods may be called concurrently.
//
// A member outlives breaks of its link: calls fail with [ErrLinkDown] and can be tried again. If the break was
// longer than Idle the records it held may be with others; it stays a member and takes new ones.
type Group interface {
	// Take blocks until there is at least one record for this member and returns at most max of them (a max below one
	// counts as one), by rising position: those given back or claimed from lost members come before those that were
	// never given. The records stay with the member until Ack, GiveBack, Close, or its Idle after its node was lost. A
	// transport may let a member that holds very many wait. Errors are those of [Reader].Next; after a [*GapError],
	// which one member of the group gets, Take goes on.
	Take(ctx context.Context, max int) ([]Delivery, error)

	// Ack says that the records are dealt with: they are not given again. Positions that this member does not hold (any
	// more) are passed over without an error: a record that was given to somebody else meanwhile is theirs to
	// acknowledge. Whatever the error, it can be tried again.
	Ack(ctx context.Context, positions ...Position) error

	// GiveBack returns records to the group; they are given again at once, to any member, with the next attempt
	// number. Positions that this member does not hold are passed over. It can be tried again.
	GiveBack(ctx context.Context, positions ...Position) error

	// Close ends the member, and its blocked calls with [ErrClosed], and gives back what it holds. When the link is down
	// the records come back after Idle instead. Calling it again does nothing.
	Close() error
}

// Delivery is a record in the hands of a group's member.
type Delivery struct {
	Record
	Attempt int // 1 for the first time the group gives this record to anybody, then 2, 3, …
}
