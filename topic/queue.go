package topic

import (
	"sync"
	"sync/atomic"
)

// A queue holds what a DropNewest or Latest leg has accepted. It is fed from the stream whenever a pump passes, also while
// the consumer is busy, so that the log need not keep what the consumer has not seen and publishers never wait.
type queue struct {
	flow   flowKind
	bound  int
	fed    atomic.Uint64 // next position of the stream to copy
	length atomic.Int64  // live elements

	mu     sync.Mutex
	items  []*header      // guarded by mu: in log order; nil where a newer one took over
	head   int            // guarded by mu: first of items not yet taken
	byKey  map[string]int // guarded by mu: Latest: where in items a key is, counted from base
	base   int            // guarded by mu: items taken since the beginning
	filter func(*header) bool
	name   string // of the subscription or group: messages for others are left out
}

func newQueue(flow flowKind, bound int, filter func(*header) bool, name string) *queue {
	q := &queue{flow: flow, bound: bound, filter: filter, name: name}
	if flow == flowLatest {
		q.byKey = map[string]int{}
	}
	return q
}

func (q *queue) size() uint64 { return uint64(max(q.length.Load(), 0)) }

// feed copies what the stream has, and counts in dropped what the policy leaves out.
func (q *queue) feed(st *stream, dropped *atomic.Uint64) {
	if q.fed.Load() >= st.tail.Load() {
		return
	}
	q.mu.Lock()
	pos, tail := q.fed.Load(), st.tail.Load()
	r := st.ring.Load()
	if q.filter == nil {
		q.copy(r, pos, tail, dropped)
	} else {
		q.sift(r, pos, tail, dropped)
	}
	q.fed.Store(max(pos, tail))
	q.mu.Unlock()
	if st.waiting.Load() != 0 {
		st.freed(nil)
	}
}

// copy takes over what the consumer wants. The caller holds mu.
func (q *queue) copy(r *ring, pos, tail uint64, dropped *atomic.Uint64) {
	for ; pos < tail; pos++ {
		if h := r.at(pos); h != nil && q.takes(h) {
			dropped.Add(q.add(h))
		}
	}
}

// sift is copy for a queue with a filter, which may panic or call runtime.Goexit. Then the message is taken over for the
// consumer to fail on.
func (q *queue) sift(r *ring, pos, tail uint64, dropped *atomic.Uint64) {
	for ; pos < tail; pos++ {
		if outcome(func() error {
			for ; pos < tail; pos++ {
				if h := r.at(pos); h != nil && q.takes(h) {
					dropped.Add(q.add(h))
				}
			}
			return nil
		}) == nil {
			return
		}
		if h := r.at(pos); h != nil {
			dropped.Add(q.add(h))
		}
	}
}

// takes reports whether the message is for the consumer. One that did not decode is: it fails in the consumer's place.
func (q *queue) takes(h *header) bool {
	return h.isFor(q.name) && (q.filter == nil || h.alone() || q.filter(h))
}

// add returns how many messages, this or an older one, it dropped.
func (q *queue) add(h *header) (dropped uint64) {
	if q.flow == DropNewest {
		if int(q.length.Load()) >= q.bound {
			return 1
		}
		q.items = append(q.items, h)
		q.length.Add(1)
		return 0
	}
	key := h.key()
	if i, ok := q.byKey[key]; ok {
		q.items[i-q.base+q.head] = nil
		q.length.Add(-1)
		q.squeeze()
		dropped = 1
	} else if int(q.length.Load()) >= q.bound {
		q.popLocked()
		dropped = 1
	}
	q.items = append(q.items, h)
	q.byKey[key] = q.base + len(q.items) - 1 - q.head
	q.length.Add(1)
	return dropped
}

// pop takes the oldest message, or returns nil.
func (q *queue) pop() *header {
	if q.length.Load() == 0 {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.popLocked()
}

func (q *queue) popLocked() *header {
	for q.head < len(q.items) {
		h := q.items[q.head]
		q.items[q.head] = nil
		q.head++
		q.base++
		if h == nil {
			continue
		}
		if q.byKey != nil {
			delete(q.byKey, h.key())
		}
		q.length.Add(-1)
		q.compact()
		return h
	}
	q.compact()
	return nil
}

// oldest is the message that comes next, or nil.
func (q *queue) oldest() *header {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, h := range q.items[q.head:] {
		if h != nil {
			return h
		}
	}
	return nil
}

// squeeze closes the gaps where newer messages have taken over, once there are more of them than messages.
func (q *queue) squeeze() {
	if gaps := len(q.items) - q.head - int(q.length.Load()); gaps <= 64 || gaps <= int(q.length.Load()) {
		return
	}
	live := q.items[:0]
	for _, h := range q.items[q.head:] {
		if h != nil {
			q.byKey[h.key()] = q.base + len(live)
			live = append(live, h)
		}
	}
	clear(q.items[len(live):])
	q.items, q.head = live, 0
}

func (q *queue) compact() {
	switch {
	case q.head == len(q.items):
		q.items, q.head = q.items[:0], 0
	case q.head > 64 && q.head > len(q.items)/2:
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
}
