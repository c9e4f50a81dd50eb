package topic

import "sync/atomic"

// A ring holds the messages of a stream, each at its position modulo the length. A writer under the stream's lock stores;
// readers load without a lock and compare the position, which tells whether they were lapped.
type ring struct {
	slots []atomic.Pointer[header]
	mask  uint64
}

const minRing = 16

func newRing(n uint64) *ring { return &ring{slots: make([]atomic.Pointer[header], n), mask: n - 1} }

// at returns the message at pos, or nil if it is not there any more.
func (r *ring) at(pos uint64) *header {
	if h := r.slots[pos&r.mask].Load(); h != nil && h.pos == pos {
		return h
	}
	return nil
}

// grown returns a ring of twice the length with the messages from low to tail.
func (r *ring) grown(low, tail uint64) *ring {
	g := newRing(2 * uint64(len(r.slots)))
	for pos := low; pos < tail; pos++ {
		g.slots[pos&g.mask].Store(r.slots[pos&r.mask].Load())
	}
	return g
}
