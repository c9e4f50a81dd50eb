package actor

import (
	"slices"

	proto "github.com/asynkron/protoactor-go/actor"
)

// Overflow says what a full mailbox does with one more message.
type Overflow int

const (
	// Block lets the sender wait until there is room. It is the default.
	Block Overflow = iota
	// DropOldest gives the oldest message that waits to the dead letters, with ErrFull.
	DropOldest
	// DropNewest gives the message that has no room to the dead letters, with ErrFull.
	DropNewest
)

// overflow deals with a message that has no room. b.mu is held, and released.
func (b *mailbox) overflow(m any, ask *reply) {
	switch b.set.overflow {
	case DropOldest:
		// A pill at the front means that the actor stops before it could come to m.
		if _, pill := b.user.front().(*proto.PoisonPill); !pill {
			old := b.user.pop()
			b.user.push(m)
			b.wake()
			b.refuse(old, ErrFull)
			return
		}
		fallthrough
	case DropNewest:
		b.mu.Unlock()
		b.refuse(m, ErrFull)
	default:
		b.block(m, ask)
	}
}

// block waits for room, for the end of the actor, or for the end of ask's context, in which case m is forgotten:
// the caller of Ask knows. b.mu is held, and released.
func (b *mailbox) block(m any, ask *reply) {
	var ended <-chan struct{}
	if ask != nil {
		ended = ask.ctx.Done()
	}
	for first := true; ; first = false {
		room := make(chan struct{})
		if first {
			b.waiters = append(b.waiters, room)
		} else {
			b.waiters = slices.Insert(b.waiters, 0, room)
		}
		b.mu.Unlock()
		select {
		case <-room:
			b.mu.Lock()
		case <-ended:
			b.mu.Lock()
			if i := slices.Index(b.waiters, room); i >= 0 {
				b.waiters = slices.Delete(b.waiters, i, i+1)
			} else if len(b.waiters) > 0 {
				b.admit() // the room that was ours goes to the next
			}
			b.mu.Unlock()
			return
		}
		if b.closed {
			b.mu.Unlock()
			b.refuse(m, b.sys.gone())
			return
		}
		if b.user.len() < b.set.bound {
			b.user.push(m)
			b.wake()
			return
		}
	}
}

// admit lets the first of those who wait try again, if there is room. b.mu is held; somebody waits.
func (b *mailbox) admit() {
	if b.user.len() < b.set.bound {
		close(b.waiters[0])
		b.waiters[0] = nil
		b.waiters = b.waiters[1:]
		if len(b.waiters) == 0 {
			b.waiters = nil
		}
	}
}

// close ends the mailbox once the actor has stopped: what is left goes to the dead letters, and whoever waits for
// room or for an answer learns of it.
func (b *mailbox) close() {
	reason := b.reason()
	var left []any
	if b.current != nil {
		left = append(left, b.current)
		b.current = nil
	}
	if b.extra != nil {
		left = append(left, b.extra.stash...)
		b.extra.close()
	}
	b.mu.Lock()
	b.closed = true
	for b.user.len() > 0 {
		left = append(left, b.user.pop())
	}
	b.user = queue{}
	for _, w := range b.waiters {
		close(w)
	}
	b.waiters = nil
	b.mu.Unlock()
	for _, m := range left {
		if _, pill := m.(*proto.PoisonPill); !pill {
			b.refuse(m, reason)
		}
	}
	for _, r := range b.asks {
		if r.owner.Load() == b {
			r.fail(reason)
		}
	}
	b.asks = nil
}

// owe notes an ask that was handled but not answered yet: if the actor stops first, the asker must learn of it.
func (b *mailbox) owe(r *reply) {
	if r == nil || r.done.Load() {
		return
	}
	if len(b.asks) >= max(16, b.prune) {
		b.asks = slices.DeleteFunc(b.asks, func(r *reply) bool { return r.done.Load() })
		b.prune = 2 * len(b.asks)
	}
	b.asks = append(b.asks, r)
}
