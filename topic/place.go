package topic

import (
	"sort"
)

// attach adds a leg at its start. From here on every message reaches it.
func (st *stream) attach(l *leg, from Start) (behind Position, err error) {
	behind, err = st.addLeg(l, from)
	if err == nil && l.group != nil && l.group.seated != nil {
		l.group.seated() // not before: what comes while nobody has a place in the stream is kept for nobody
	}
	return behind, err
}

func (st *stream) addLeg(l *leg, from Start) (behind Position, err error) {
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
