package topic

import (
	"time"
)

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
