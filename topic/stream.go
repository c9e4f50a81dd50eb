package topic

import (
	"context"
	"math"
	"sort"
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

// expire moves first to where the retention says, counting the message h that has just become the newest.
func (st *stream) expire(r *ring, tail uint64, h *header) {
	if n := uint64(st.retain.Count); tail-st.first > n {
		st.forget(r, tail-n)
	}
	if st.retain.Bytes > 0 && h != nil {
		st.bytes += int64(st.sizeOf(h))
		for st.bytes > st.retain.Bytes && st.first < tail {
			st.forget(r, st.first+1)
		}
	}
	if st.retain.Age > 0 {
		st.expireByAge(r, tail)
	}
}

func (st *stream) forget(r *ring, first uint64) {
	if st.retain.Bytes > 0 {
		for pos := st.first; pos < first; pos++ {
			if h := r.at(pos); h != nil {
				st.bytes -= int64(st.sizeOf(h))
			}
		}
	}
	st.first = first
}

// expireByAge forgets what is too old, and arms a timer for the next one to become so.
func (st *stream) expireByAge(r *ring, tail uint64) {
	oldest := st.owner.now() - int64(st.retain.Age)
	for st.first < tail {
		h := r.at(st.first)
		if h != nil && h.time > oldest {
			if st.expiry == nil {
				st.expiry = time.AfterFunc(time.Duration(h.time-oldest), func() {
					st.mu.Lock()
					defer st.mu.Unlock()
					if st.expiry = nil; st.closed == nil {
						st.trimLocked()
					}
				})
			}
			return
		}
		st.forget(r, st.first+1)
	}
}

// makeSlot frees slots that nobody needs, or grows the ring.
func (st *stream) makeSlot(r *ring, tail uint64) *ring {
	_, keep, _ := st.holds()
	before := st.low
	st.release(r, min(keep, st.first))
	if st.low-before >= uint64(len(r.slots))/4 {
		return r
	}
	r = r.grown(st.low, tail)
	st.swept = st.low
	st.ring.Store(r)
	return r
}

// release gives up the slots below keep. Their messages stay until others take their place, or until they are swept.
func (st *stream) release(r *ring, keep uint64) {
	if keep <= st.low {
		return
	}
	if h := r.at(keep - 1); h != nil && h.meta != nil && h.meta.position != nil {
		st.base = *h.meta.position
	}
	st.low = keep
}

// lean is up to how many messages of retention an idle topic is trimmed at once; others wait until their ring is full.
const lean = 64

func (st *stream) isLean() bool { return st.retain.Count < lean || st.retain.Bytes > 0 }

func (st *stream) trimIfLean() {
	if st.isLean() {
		st.trim()
	}
}

// trim drops every message that neither retention nor a subscription holds, so that an idle topic pins no garbage.
func (st *stream) trim() {
	st.mu.Lock()
	st.trimLocked()
	st.mu.Unlock()
}

func (st *stream) trimLocked() {
	r, tail := st.ring.Load(), st.tail.Load()
	st.expire(r, tail, nil)
	_, keep, _ := st.holds()
	st.release(r, min(keep, st.first, tail))
	for pos := max(st.swept, tail-min(tail, uint64(len(r.slots)))); pos < st.low; pos++ {
		r.slots[pos&r.mask].Store(nil)
	}
	st.swept = st.low
}

// holds asks the legs how far publishers may go, which messages are still needed, and who is the farthest behind.
// Of several legs that are equally far behind it names the last, which a pump serves last: so that publishers are woken
// once per round and not once per leg.
func (st *stream) holds() (limit, keep uint64, blocker *leg) {
	limit, keep = math.MaxUint64, math.MaxUint64
	tail := st.tail.Load()
	for _, l := range *st.legs.Load() {
		if l.ended.Load() {
			continue
		}
		lim, low := l.hold(tail)
		if lim <= limit && lim != math.MaxUint64 {
			limit, blocker = lim, l
		}
		keep = min(keep, low)
	}
	return limit, keep, blocker
}

// waitForRoom returns with mu held when the next message may be written.
func (st *stream) waitForRoom(ctx context.Context) error {
	from := publisher(ctx) // a consumer that publishes cannot wait for itself
	var slow *time.Timer
	defer func() {
		if slow != nil {
			slow.Stop()
		}
	}()
	for {
		st.waiting.Add(1)
		blocker := st.look()
		switch {
		case st.closed != nil:
			st.waiting.Add(-1)
			return st.closed
		case st.sealed && from == nil:
			st.waiting.Add(-1)
			return ErrClosed
		case st.tail.Load() < st.limit:
			st.waiting.Add(-1)
			return nil
		case from != nil && st.waitsForItself(from):
			st.waiting.Add(-1)
			return &fullError{topic: st.owner.name, by: from.label(), self: true}
		}
		if slow == nil {
			slow = time.AfterFunc(slowPublish, func() { st.owner.warnSlow(st) })
		}
		if st.room == nil {
			st.room = make(chan struct{})
		}
		room := st.room
		st.mu.Unlock()
		var err error
		select {
		case <-room:
		case <-ctx.Done():
			err = &fullError{topic: st.owner.name, by: blocker.host.label(), cause: context.Cause(ctx)}
		}
		st.waiting.Add(-1)
		st.mu.Lock()
		if err != nil {
			return err
		}
	}
}

// look finds the limit, and the leg that sets it, whose next commit will call freed. A leg that commits between the look
// and the note of its name would not call, so it is asked again afterwards. The caller holds mu.
func (st *stream) look() *leg {
	for {
		limit, _, blocker := st.holds()
		st.limit = limit
		st.blocker.Store(blocker)
		if blocker == nil {
			return nil
		}
		if again, _ := blocker.hold(st.tail.Load()); again == limit {
			return blocker
		}
	}
}

// waitsForItself reports whether there will be no room before from, which is publishing, has finished its message.
func (st *stream) waitsForItself(from *subscriber) bool {
	tail := st.tail.Load()
	for _, l := range *st.legs.Load() {
		if l.host != from || l.ended.Load() {
			continue
		}
		if limit, low := l.hold(tail); limit <= tail && (l.group == nil || l.group.heldBy(from, low)) {
			return true
		}
	}
	return false
}

// slowPublish is how long a publisher waits for room before the log says for whom.
const slowPublish = 5 * time.Second

// freed tells waiting publishers that the leg has moved.
func (st *stream) freed(l *leg) {
	if st.waiting.Load() == 0 || (l != nil && st.blocker.Load() != l && st.blocker.Load() != nil) {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.look()
	if st.room != nil && (st.tail.Load() < st.limit || st.closed != nil) {
		close(st.room)
		st.room = nil
	}
}

// attach adds a leg at its start. From here on every message reaches it.
func (st *stream) attach(l *leg, from Start) (behind Position, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.closed != nil {
		return behind, st.closed
	}
	start, lost, err := st.resolve(from)
	if err != nil {
		return behind, err
	}
	l.place(start, lost)
	st.limit = 0
	legs := append(*st.legs.Load(), l)
	st.legs.Store(&legs)
	return st.before(l.position()), nil
}

// before is the place of the message before pos, where the log lives.
func (st *stream) before(pos uint64) Position {
	if st.owner.bridge == nil {
		return Position{Epoch: st.owner.epoch, Major: pos - 1}
	}
	if h := st.ring.Load().at(pos - 1); h != nil && h.meta != nil && h.meta.position != nil {
		return *h.meta.position
	}
	return st.base
}

// detach forgets a leg. What it held back goes on.
func (st *stream) detach(l *leg) {
	st.mu.Lock()
	if !l.ended.Swap(true) {
		st.dead++
		if legs := *st.legs.Load(); st.dead > 16 && st.dead > len(legs)/2 {
			live := make([]*leg, 0, len(legs)-st.dead)
			for _, l := range legs {
				if !l.ended.Load() {
					live = append(live, l)
				}
			}
			st.legs.Store(&live)
			st.dead = 0
		}
	}
	st.limit = 0
	st.mu.Unlock()
	st.freed(nil)
}

// resolve turns a start into a position and the number of messages that are not there any more.
func (st *stream) resolve(from Start) (start, lost uint64, err error) {
	tail, r := st.tail.Load(), st.ring.Load()
	if st.retain.Age > 0 {
		st.expireByAge(r, tail)
	}
	switch s := from.(type) {
	case nil, latest:
		return tail, 0, nil
	case earliest, opened:
		return st.first, 0, nil
	case since:
		n := sort.Search(int(tail-st.first), func(i int) bool {
			h := r.at(st.first + uint64(i))
			return h != nil && h.time >= s.time.UnixNano()
		})
		return st.first + uint64(n), 0, nil
	case at:
		return st.resolvePosition(s.position, tail)
	default:
		panic("topic: unknown start")
	}
}

func (st *stream) resolvePosition(p Position, tail uint64) (start, lost uint64, err error) {
	if p.Epoch != st.owner.epoch {
		return 0, 0, &positionError{topic: st.owner.name, position: p, why: "it belongs to another epoch of the log: start at Earliest or Latest"}
	}
	next := p.Major + 1
	switch {
	case next > tail:
		return 0, 0, &positionError{topic: st.owner.name, position: p, why: "the log has not got that far"}
	case next < st.first:
		return st.first, st.first - next, nil
	}
	return next, 0, nil
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
