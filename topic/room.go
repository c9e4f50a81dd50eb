package topic

import (
	"context"
	"math"
	"time"
)

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
