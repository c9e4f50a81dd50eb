package topic

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A stream is a log in this process and the cursors that read it. Appending is serialised by a mutex; reading takes no lock.
//
// Three positions matter: tail is the next to be written, first is where retention begins, and low is the oldest
// message still held, which is older than first while a subscription needs it.
type stream struct {
	owner *core

	mu      sync.Mutex
	ring    atomic.Pointer[ring]
	low     uint64        // guarded by mu
	swept   uint64        // guarded by mu: the slots below it are empty
	first   uint64        // guarded by mu
	bytes   int64         // guarded by mu: size of the messages from first to tail, when retention counts bytes
	limit   uint64        // guarded by mu: appending below it needs no look at the legs
	room    chan struct{} // guarded by mu: closed when there is room again; nil while nobody waits
	last    int64         // guarded by mu: time of the newest message
	dead    int           // guarded by mu: legs in the list that have ended
	closed  error         // guarded by mu: why nothing more is appended
	sealed  bool          // guarded by mu: only consumers append, because the system closes
	base    Position      // guarded by mu: where the log lives in a transport, its place before low
	expiry  *time.Timer   // guarded by mu: releases what is older than the retention's age
	retain  Retention
	sizeOf  func(*header) int
	blocker atomic.Pointer[leg] // the leg that publishers wait for
	waiting atomic.Int32        // publishers that wait for room

	_    [64]byte // what follows is written with every message
	tail atomic.Uint64
	_    [56]byte // what follows is read with every message, and seldom written
	legs atomic.Pointer[[]*leg]
	pump atomic.Int32 // pumps that walk the legs
	_    [48]byte     // what follows is written by pumps
	next atomic.Uint64
	_    [56]byte
}

func newStream(owner *core, retain Retention, sizeOf func(*header) int) *stream {
	st := &stream{owner: owner, retain: retain, sizeOf: sizeOf, low: 1, first: 1}
	st.tail.Store(1)
	st.ring.Store(newRing(minRing))
	st.legs.Store(new([]*leg))
	return st
}

// append writes the messages in order, waiting for room as often as it has to, until ctx ends. It returns how many it wrote.
func (st *stream) append(ctx context.Context, now int64, batch ...*header) (int, error) {
	st.mu.Lock()
	for i, h := range batch {
		if st.closed != nil || st.sealed || st.tail.Load() >= st.limit {
			if i > 0 {
				st.wake() // the first ones have to be delivered to make room for the rest
			}
			if err := st.waitForRoom(ctx); err != nil {
				st.mu.Unlock()
				return i, err
			}
		}
		st.put(h, now)
	}
	st.mu.Unlock()
	st.wake()
	return len(batch), nil
}

// put stores one message at the tail. The caller holds mu and has made sure of room.
func (st *stream) put(h *header, now int64) {
	r, tail := st.ring.Load(), st.tail.Load()
	if tail-st.low == uint64(len(r.slots)) {
		r = st.makeSlot(r, tail)
	}
	if h.time != 0 {
		now = h.time // as the transport says
	}
	st.last = max(st.last, now)
	h.pos, h.time = tail, st.last
	r.slots[tail&r.mask].Store(h)
	st.tail.Store(tail + 1)
	st.expire(r, tail+1, h)
}

// seal refuses all publishers but consumers, also those that wait for room.
func (st *stream) seal() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.sealed = true
	if st.room != nil {
		close(st.room)
		st.room = nil
	}
}

// close ends the stream: waiting publishers get the error.
func (st *stream) close(why error) {
	st.mu.Lock()
	if st.closed == nil {
		st.closed = why
	}
	st.limit = 0
	if st.expiry != nil {
		st.expiry.Stop()
	}
	if st.room != nil {
		close(st.room)
		st.room = nil
	}
	st.mu.Unlock()
}
