package actor

import (
	"time"

	proto "github.com/asynkron/protoactor-go/actor"
)

// extra holds what few actors use.
type extra struct {
	names   map[string]struct{} // ids of named children that live or have not been seen to end
	drained map[string]struct{} // ids of children that are being drained
	rounds  int                 // how often children were drained
	stash   []any
	stashed bool // the current message is the last in stash
	timer   *idleTimer

	watchers []*PID   // who watches since the actor is stopping
	asks     []*reply // handled, not yet answered
	again    any      // the message that a continuation belongs to, while it runs
	prune    int      // when to look for answered ones among asks

	strategy proto.SupervisorStrategy // the default one, if it was needed
}

func (b *mailbox) extras() *extra {
	if b.extra == nil {
		b.extra = &extra{}
	}
	return b.extra
}

// free makes the name of a child that has ended free.
func (x *extra) free(id string) { delete(x.names, id) }

// close drops what belongs to the value that ends.
func (x *extra) close() {
	if x.timer != nil {
		x.timer.stop()
		x.timer = nil
	}
}

// unstash puts what was stashed back, before what waits. It is called when a fresh value has started.
func (b *mailbox) unstash() {
	if b.extra == nil || len(b.extra.stash) == 0 {
		return
	}
	stash := b.extra.stash
	b.extra.stash = nil
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(stash) - 1; i >= 0; i-- {
		b.user.pushFront(stash[i])
	}
}

// idleTimer tells an actor that no message came for a while. The engine's own races with the actor.
type idleTimer struct {
	d     time.Duration
	gen   int // counts armings, to tell an alarm that is late
	timer *time.Timer
}

// alarm is the message of an idleTimer to its mailbox.
type alarm struct{ gen int }

func (t *idleTimer) arm(b *mailbox) {
	t.gen++
	a := &alarm{t.gen}
	t.timer = time.AfterFunc(t.d, func() { b.force(a) })
}

func (t *idleTimer) stop() {
	t.gen++
	t.timer.Stop()
}

// idle returns the timer of an actor that set one.
func (b *mailbox) idle() *idleTimer {
	if b.extra == nil {
		return nil
	}
	return b.extra.timer
}

// ring turns an alarm into the message for the user, or nil if it is late. A timer rings once.
func (b *mailbox) ring(a *alarm) any {
	t := b.idle()
	if t == nil || t.gen != a.gen {
		return nil
	}
	b.extra.timer = nil
	return &proto.ReceiveTimeout{}
}

// idles reports whether m leaves the timer alone.
func idles(m any) bool {
	_, ok := proto.UnwrapEnvelopeMessage(m).(proto.NotInfluenceReceiveTimeout)
	return ok
}

// SetReceiveTimeout asks for a ReceiveTimeout when no message came for d. It comes once: set it again for another.
// Less than a millisecond cancels.
func (c *view) SetReceiveTimeout(d time.Duration) {
	c.CancelReceiveTimeout()
	if d < time.Millisecond {
		return
	}
	x := c.box.extras()
	x.timer = &idleTimer{d: d}
	x.timer.arm(c.box)
}

// CancelReceiveTimeout cancels what SetReceiveTimeout asked for.
func (c *view) CancelReceiveTimeout() {
	if t := c.box.idle(); t != nil {
		t.stop()
		c.box.extra.timer = nil
	}
}

// ReceiveTimeout returns what SetReceiveTimeout asked for and has not come yet, or 0.
func (c *view) ReceiveTimeout() time.Duration {
	if t := c.box.idle(); t != nil {
		return t.d
	}
	return 0
}
