package topic

import (
	"math"
	"sync/atomic"
)

// A leg is one consumer's place in one stream. Most consumers have one; a consumer of several topics has one in each.
type leg struct {
	*special // what few legs need; all others share one that is empty
	stream   *stream
	host     *subscriber
	handle   handler

	cursor atomic.Uint64 // first message not yet dealt with
	ended  atomic.Bool
}

// special is what legs need that do more than read a log of this process under Block.
type special struct {
	queue   *queue // set for DropNewest and Latest, which keep what they have accepted apart from the log
	group   *group // set for members of a group, which share its cursor
	batch   *batcher
	cfg     *config       // set where it differs from the host's
	dropped atomic.Uint64 // messages that the flow policy left out
	seen    uint64        // dropped, as the consumer was last told; owned by who runs the host
	skipped uint64        // what the consumer is told with the message in hand; owned by who runs the host
	queued  atomic.Bool   // in the host's list of legs with work
	gated   atomic.Bool   // waits for the replay before it; see replay.go
}

// plain is what legs have in common that are nothing special. Nobody changes it: under Block nothing is dropped.
var plain = &special{}

// handler hands one message to the consumer.
type handler func(s *subscriber, h *header) error

// place sets the start, before anybody else sees the leg. lost messages are reported to the consumer as skipped.
func (l *leg) place(start, lost uint64) {
	l.cursor.Store(start)
	if l.queue != nil {
		l.queue.fed.Store(start)
	}
	switch {
	case l.group != nil:
		if !l.group.place(start, lost) {
			l.seen = l.group.dropped.Load() // what went before is no business of a member that joins now
		}
	case lost > 0:
		if l.special == plain {
			l.special = &special{}
		}
		l.dropped.Store(lost)
	}
}

// note finds out what the consumer is to be told with the next message.
func (l *leg) note() {
	if l.special != plain {
		l.skipped = l.drops() - l.seen
	}
}

func (l *leg) drops() uint64 {
	if l.group != nil {
		return l.group.dropped.Load()
	}
	return l.dropped.Load()
}

// hold says below which position publishers may append without waiting for this leg, and the oldest message it needs.
func (l *leg) hold(tail uint64) (limit, low uint64) {
	low = l.position()
	switch l.flow() {
	case Block:
		return low + l.buffer(), low
	case DropOldest, Disconnect:
		if n := l.buffer(); tail-low > n {
			low = tail - n
		}
		return math.MaxUint64, low
	default:
		fed := l.feeder().fed.Load()
		return fed + feedAhead, fed
	}
}

// feedAhead bounds how far publishers run ahead of a leg that copies messages into a queue of its own. Copying waits for
// nobody, so this is no back-pressure from the consumer.
const feedAhead = 4096

// position is the first message that the leg, or its group, has not dealt with.
func (l *leg) position() uint64 {
	if l.group != nil {
		return l.group.low.Load()
	}
	return l.cursor.Load()
}

func (l *leg) flow() flowKind {
	if l.group != nil {
		return l.group.flow
	}
	return l.config().flow
}

func (l *leg) buffer() uint64 {
	if l.group != nil {
		return l.group.buffer
	}
	return uint64(l.config().buffer)
}

func (l *leg) feeder() *queue {
	if l.group != nil {
		return l.group.queue
	}
	return l.queue
}

// lag is the number of messages that wait for the consumer.
func (l *leg) lag() uint64 {
	if q := l.feeder(); q != nil {
		return q.size() + l.stream.tail.Load() - q.fed.Load()
	}
	if l.group != nil {
		return l.group.lag()
	}
	return l.stream.tail.Load() - l.cursor.Load()
}

// oldest is the message that has waited longest, or nil.
func (l *leg) oldest() *header {
	r, q := l.stream.ring.Load(), l.feeder()
	if q == nil {
		return r.at(l.position())
	}
	if h := q.oldest(); h != nil {
		return h
	}
	return r.at(q.fed.Load())
}

// hasWork reports whether the consumer has something to do on this leg.
func (l *leg) hasWork() bool {
	if l.ended.Load() || l.gated.Load() {
		return false
	}
	if l.batch != nil {
		return l.batchReady()
	}
	return l.available() > 0
}

// available is the number of messages that could be handed out now.
func (l *leg) available() uint64 {
	switch {
	case l.group != nil:
		return uint64(max(l.group.pending(), 0))
	case l.queue != nil:
		return l.queue.size() + l.stream.tail.Load() - l.queue.fed.Load()
	default:
		return l.stream.tail.Load() - l.cursor.Load()
	}
}

// skip moves the cursor of a DropOldest leg to the oldest message that its buffer covers, and counts what it jumps over.
func (l *leg) skip(pos, tail uint64) uint64 {
	if n := l.buffer(); tail-pos > n {
		l.dropped.Add(tail - n - pos)
		l.cursor.Store(tail - n) // what comes after a panic counts from here
		return tail - n
	}
	return pos
}

// commit publishes how far the consumer has come.
func (l *leg) commit(pos uint64) {
	l.cursor.Store(pos)
	if l.stream.waiting.Load() != 0 {
		l.stream.freed(l)
	}
}

// leave ends the leg, and its membership.
func (l *leg) leave() {
	if l.ended.Load() {
		return
	}
	if g := l.group; g != nil {
		if g.leave(l.host) {
			l.stream.owner.disband(g)
		}
	}
	l.stream.detach(l)
	if l.batch != nil {
		l.batch.calm()
	}
}

func (l *leg) config() *config {
	if l.cfg != nil {
		return l.cfg
	}
	return l.host.cfg
}
