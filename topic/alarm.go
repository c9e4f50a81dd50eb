package topic

import (
	"sync/atomic"
	"time"
)

// An alarm rings when the first message of a batch has waited long enough.
type alarm struct{ timer atomic.Pointer[time.Timer] }

// due is the alarm that has rung.
var due = new(alarm)

func (b *batcher) isDue() bool { return b.alarm.Load() == due }

// set sets the alarm, unless it is set already. ring is called on a goroutine of its own.
func (b *batcher) set(ring func()) {
	a := new(alarm)
	if b.alarm.CompareAndSwap(nil, a) {
		a.timer.Store(time.AfterFunc(b.wait, func() {
			if b.alarm.CompareAndSwap(a, due) {
				ring()
			}
		}))
	}
}

// calm takes the alarm back.
func (b *batcher) calm() { b.stop(b.alarm.Swap(nil)) }

// hurry makes the next batch one of what there is.
func (b *batcher) hurry() { b.stop(b.alarm.Swap(due)) }

func (b *batcher) stop(a *alarm) {
	if a == nil {
		return
	}
	if t := a.timer.Load(); t != nil {
		t.Stop()
	}
}
