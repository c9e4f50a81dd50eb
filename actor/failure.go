package actor

import (
	"errors"
	"fmt"
	"time"

	"github.com/azutoolkit/echo/supervisor"
)

// trouble is what an actor that fails needs in addition.
type trouble struct {
	attempt int   // failures of the current message
	starts  int   // failures to start in a row
	err     error // the last one of either
	timer   *time.Timer
	window  supervisor.Window
	hook    hook  // what hookErr is about
	hookErr error // what came of a hook, until it is dealt with
}

// failed decides about the current message after it failed once more.
func (b *mailbox) failed(err error) {
	if x := b.extra; x != nil && x.stashed {
		// It comes again anyway.
		x.stash, x.stashed = x.stash[:len(x.stash)-1], false
	}
	t, p := b.troubled(), b.plan.set.policy
	t.attempt++
	t.err = err
	base := p.Decision(err)
	d := base
	if (d == supervisor.Retry || d == supervisor.Restart) && t.attempt >= p.Attempts() {
		d = supervisor.DeadLetter
	}
	// A value that was to be replaced must not see another message, even if this one is given up.
	fresh := base == supervisor.Restart
	if fresh && !t.window.Allow(time.Now(), p) {
		d = supervisor.Stop
	}
	var delay time.Duration
	if d == supervisor.Retry || d == supervisor.Restart {
		delay = p.Backoff(t.attempt)
	}
	b.report(err, d, t.attempt, delay, b.current)
	if stack := stackOf(err); stack != "" && t.attempt == 1 {
		b.sys.log.Error("actor panicked", "actor", b.name(), "error", err, "directive", d, "stack", stack)
	}
	switch d {
	case supervisor.Retry:
		b.backoff(delay, false)
	case supervisor.Restart:
		b.backoff(delay, true)
	case supervisor.Skip:
		b.skip(err)
	case supervisor.DeadLetter:
		b.giveUp(err)
		if fresh {
			b.backoff(0, true)
		}
	case supervisor.Stop:
		b.giveUp(err)
		b.sys.log.Error("actor stopped by its policy", "actor", b.name(), "error", err)
		b.stop()
	case supervisor.Escalate:
		m := b.current
		b.giveUp(err)
		b.engine.EscalateFailure(escalation{err}, m)
	}
}

// giveUp hands the current message to the dead letters with err. Who asked gets err.
func (b *mailbox) giveUp(err error) {
	m := b.current
	b.done()
	b.refuse(m, err)
}

// skip drops the current message. Who asked gets err.
func (b *mailbox) skip(err error) {
	m := b.current
	b.done()
	if env, ok := m.(*Envelope); ok {
		if r := b.sys.replyOf(env.Sender); r != nil {
			r.fail(err)
		}
	}
}

func (b *mailbox) done() {
	b.current = nil
	b.trouble.attempt, b.trouble.err = 0, nil
}

// backoff lets the actor rest for d, then goes on: with a fresh value if restart is set. No goroutine waits.
func (b *mailbox) backoff(d time.Duration, restart bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if d <= 0 {
		b.restarts = restart
		return
	}
	b.backoffs++
	b.delayed = true
	mine := b.backoffs
	b.trouble.timer = time.AfterFunc(d, func() {
		b.mu.Lock()
		if mine != b.backoffs {
			b.mu.Unlock()
			return
		}
		b.delayed = false
		b.restarts = restart
		b.wake()
	})
}

// calm ends a back-off.
func (b *mailbox) calm() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backoffs++
	b.delayed, b.restarts = false, false
	if b.trouble != nil && b.trouble.timer != nil {
		b.trouble.timer.Stop()
		b.trouble.timer = nil
	}
}

func (b *mailbox) troubled() *trouble {
	if b.trouble == nil {
		b.trouble = &trouble{}
	}
	return b.trouble
}

func (b *mailbox) report(err error, d supervisor.Directive, attempt int, delay time.Duration, m any) {
	if _, msg, _ := unwrap(m); b.plan.set.policy.Observe != nil {
		b.plan.set.policy.Report(b.sys.log, supervisor.Event{
			Time: time.Now(), Actor: b.self(), Err: err, Directive: d, Attempt: attempt, Delay: delay, Message: msg,
		})
	}
}

// reason says why what is left in a stopped actor's mailbox is not handled.
func (b *mailbox) reason() error {
	if b.trouble != nil && b.trouble.err != nil {
		return fmt.Errorf("%w: %w", ErrStopped, b.trouble.err)
	}
	return ErrStopped
}

// stackOf returns the stack of a panic, for the log.
func stackOf(err error) string {
	var p *supervisor.PanicError
	if errors.As(err, &p) {
		return string(p.Stack)
	}
	return ""
}
