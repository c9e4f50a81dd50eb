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
	switch b.plan.set.overflow {
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
		if b.waiters == nil {
			b.waiters = new([]chan struct{})
		}
		at := 0
		if first {
			at = len(*b.waiters)
		}
		*b.waiters = slices.Insert(*b.waiters, at, room)
		b.mu.Unlock()
		select {
		case <-room:
			b.mu.Lock()
		case <-ended:
			b.mu.Lock()
			b.forgo(room)
			b.mu.Unlock()
			return
		}
		if b.closed {
			b.mu.Unlock()
			b.refuse(m, b.sys.gone())
			return
		}
		if b.user.len() < b.plan.set.bound {
			b.user.push(m)
			b.wake()
			return
		}
	}
}

// admit lets the first of those who wait try again, if there is room. b.mu is held.
func (b *mailbox) admit() {
	if b.waiters == nil || b.user.len() >= b.plan.set.bound {
		return
	}
	w := *b.waiters
	close(w[0])
	b.forget(0)
}

// forgo ends the wait for room. If it is over already, the room goes to the next. b.mu is held.
func (b *mailbox) forgo(room chan struct{}) {
	if b.waiters != nil {
		if i := slices.Index(*b.waiters, room); i >= 0 {
			b.forget(i)
			return
		}
	}
	b.admit()
}

func (b *mailbox) forget(i int) {
	if *b.waiters = slices.Delete(*b.waiters, i, i+1); len(*b.waiters) == 0 {
		b.waiters = nil
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
	var asks []*reply
	if x := b.extra; x != nil {
		left = append(left, x.stash...)
		asks = x.asks
		x.stash, x.asks = nil, nil
		x.close()
	}
	b.mu.Lock()
	b.closed = true
	for b.user.len() > 0 {
		left = append(left, b.user.pop())
	}
	b.user = queue{}
	if b.waiters != nil {
		for _, w := range *b.waiters {
			close(w)
		}
		b.waiters = nil
	}
	b.mu.Unlock()
	for _, m := range left {
		if _, pill := m.(*proto.PoisonPill); !pill {
			b.refuse(m, reason)
		}
	}
	for _, r := range asks {
		if r.owner.Load() == b {
			r.fail(reason)
		}
	}
}

// owe notes an ask that was handled but not answered yet: if the actor stops first, the asker must learn of it.
func (b *mailbox) owe(r *reply) {
	if r == nil || r.done.Load() {
		return
	}
	x := b.extras()
	if len(x.asks) >= max(16, x.prune) {
		x.asks = slices.DeleteFunc(x.asks, func(r *reply) bool { return r.done.Load() })
		x.prune = 2 * len(x.asks)
	}
	x.asks = append(x.asks, r)
}
