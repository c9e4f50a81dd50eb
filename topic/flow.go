package topic

import (
	"time"

	"github.com/azutoolkit/echo/transport"
)

// Position is a place in a topic's log. It can be compared with ==, stored as text, and given to [At].
type Position = transport.Position

// Start says where in the log a subscription begins: [Latest], [Earliest], [At] or [Since].
type Start interface{ start() }

// Flow says what happens when a subscription's buffer is full: [Block], [DropOldest], [DropNewest], [Latest] or
// [Disconnect].
type Flow interface {
	flow() flowKind
	String() string
}

type flowKind uint8

func (f flowKind) flow() flowKind { return f }

// Flow policies. The buffer (see [Buffer]) is counted in messages of the log that the consumer has not dealt with.
const (
	// Block makes publishers wait until there is room. It is the default.
	Block flowKind = iota
	// DropOldest lets publishers go on; the consumer goes on with the newest messages that its buffer covers.
	DropOldest
	// DropNewest lets publishers go on; messages that come while the buffer is full never reach the consumer.
	DropNewest
	flowLatest
	// Disconnect ends the subscription with [ErrSlowConsumer].
	Disconnect
)

func (f flowKind) String() string {
	return [...]string{"Block", "DropOldest", "DropNewest", "Latest", "Disconnect"}[f]
}

// queues reports whether the policy keeps accepted messages apart from the log.
func (f flowKind) queues() bool { return f == DropNewest || f == flowLatest }

type latest struct{}

func (latest) start()         {}
func (latest) flow() flowKind { return flowLatest }
func (latest) String() string { return "Latest" }

// Latest is two things that read alike. As a start it begins with the next message; it is the default. As a flow policy it
// keeps the newest message only, or the newest of each key (see [Key]) where messages have keys, and drops the ones they
// replace.
var Latest latest

type earliest struct{}

func (earliest) start() {}

// Earliest starts with the oldest message that the log retains.
var Earliest earliest

// opened starts with the first message since this system opened the topic.
type opened struct{}

func (opened) start() {}

type at struct{ position Position }

func (at) start() {}

// At starts behind a position, which was the last message seen. Messages behind it that the log has dropped since are
// reported by [Context].Skipped with the first message. A position of another epoch is an error: that log is gone.
func At(p Position) Start { return at{p} }

type since struct{ time time.Time }

func (since) start() {}

// Since starts with the first retained message published at t or later.
func Since(t time.Time) Start { return since{t} }

// overrun reports whether a leg whose policy is Disconnect is farther behind than its buffer: what it needs next may be gone.
func (l *leg) overrun() bool { return l.flow() == Disconnect && l.lag() > l.buffer() }
