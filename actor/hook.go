package actor

import (
	"time"

	"github.com/azutoolkit/echo/supervisor"
)

// hook is a message outside of those that users send.
type hook uint8

const (
	noHook hook = iota
	hookStart
	hookStopping
	hookRestarting
	hookStopped
	hookTerminated
	hookSystem // anything else of the engine's
)

// String names the message.
func (h hook) String() string {
	return [...]string{"none", "Started", "Stopping", "Restarting", "Stopped", "Terminated", "system message"}[h]
}

// note takes a failure in h. If something is to follow from it, that waits until the engine is done with the message.
// What a value does wrong while it is on its way out is only logged.
func (b *mailbox) note(h hook, err error) {
	if h != hookStart && (b.stopping || b.restarting) {
		b.hookFailed(h, err)
		return
	}
	t := b.troubled()
	t.hook, t.hookErr = h, err
}

// hookFailed decides what follows from a failure in a lifecycle message. Those are not repeated, Started excepted.
func (b *mailbox) hookFailed(h hook, err error) {
	if b.stopping || b.restarting || h == hookStopped {
		b.report(err, supervisor.Skip, 1, 0, nil)
		b.sys.log.Error("actor failed in a lifecycle message; it goes on", "actor", b.name(), "message", h.String(), "error", err, "stack", stackOf(err))
		return
	}
	if h == hookStart {
		b.startFailed(err)
		return
	}
	t, p := b.troubled(), b.plan.set.policy
	d := p.Decision(err)
	if d == supervisor.Restart && !t.window.Allow(time.Now(), p) {
		d = supervisor.Stop
	}
	switch d {
	case supervisor.Restart:
		delay := p.Backoff(1)
		b.report(err, d, 1, delay, nil)
		b.backoff(delay, true)
	case supervisor.Stop:
		b.report(err, d, 1, 0, nil)
		b.sys.log.Error("actor stopped by its policy", "actor", b.name(), "error", err)
		b.stop()
	case supervisor.Escalate:
		b.report(err, d, 1, 0, nil)
		b.engine.EscalateFailure(escalation{err}, nil)
	default:
		b.report(err, supervisor.Skip, 1, 0, nil)
		b.sys.log.Error("actor failed in a system message; it goes on", "actor", b.name(), "message", h.String(), "error", err, "stack", stackOf(err))
	}
}

// startFailed decides about a value that could not be made or failed in Started: another one after a back-off, and in
// the end none.
func (b *mailbox) startFailed(err error) {
	b.broken = true
	t, p := b.troubled(), b.plan.set.policy
	t.starts++
	t.err = err
	d := p.Directive(err, t.starts)
	if (d == supervisor.Retry || d == supervisor.Restart) && !t.window.Allow(time.Now(), p) {
		d = supervisor.Stop
	}
	switch d {
	case supervisor.Retry, supervisor.Restart:
		delay := p.Backoff(t.starts)
		b.report(err, supervisor.Restart, t.starts, delay, nil)
		b.backoff(delay, true)
	case supervisor.Escalate:
		b.report(err, d, t.starts, 0, nil)
		b.engine.EscalateFailure(escalation{err}, nil)
	default:
		b.report(err, supervisor.Stop, t.starts, 0, nil)
		b.sys.log.Error("actor stopped: it did not start", "actor", b.name(), "attempts", t.starts, "error", err, "stack", stackOf(err))
		b.stop()
	}
}

// started notes that a value has started.
func (b *mailbox) started() {
	b.broken = false
	b.unstash()
	if b.trouble != nil {
		b.trouble.starts = 0
	}
}
