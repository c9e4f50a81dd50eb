package actor

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"
)

// DeadLetter is a message that could not be delivered, or that was given up.
type DeadLetter struct {
	To      *PID  // who it was for; nil if that is not known
	Message any   // may be nil, if that is what was sent
	From    *PID  // who sent it; nil if that is not known
	Reason  error // why: ErrDead, ErrStopped, ErrFull, ErrNil, ErrClosed, or the error that the actor failed with
}

// deadLetters are the system's dead letters: who listens, or else a warning a second.
type deadLetters struct {
	log    *slog.Logger
	nested atomic.Int32 // calls of listeners under way

	mu        sync.Mutex // guards what follows
	listeners []*listener
	warned    time.Time // when a warning was logged last
	quiet     uint64    // how many were not logged since
}

type listener struct{ f func(DeadLetter) }

// A listener that sends to a dead actor calls itself. Beyond this depth (or this many at once) dead letters are logged.
const maxNested = 128

// DeadLetter hands d to the system's dead letters. If d was asked for, whoever asks gets the reason as error.
func (s *System) DeadLetter(d DeadLetter) {
	if d.Reason == nil {
		d.Reason = ErrDead
	}
	r := s.replyOf(d.From)
	if r != nil {
		r.fail(d.Reason)
	}
	s.dead.post(d, r != nil)
}

// OnDeadLetter lets f see every dead letter until cancel is called. f is called by whoever found out, possibly by
// several at once and inside an actor, so it must not block. A panic in f is logged. Without a listener dead letters
// are counted and logged as a warning, at most one a second and without the message itself; those of Ask are not, for
// whoever asked has got the error.
func (s *System) OnDeadLetter(f func(DeadLetter)) (cancel func()) {
	l := &listener{f}
	d := &s.dead
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listeners = append(d.listeners[:len(d.listeners):len(d.listeners)], l)
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		var rest []*listener
		for _, other := range d.listeners {
			if other != l {
				rest = append(rest, other)
			}
		}
		d.listeners = rest
	}
}

// post hands letter to the listeners. Without any it is logged, unless somebody has been told: who asked.
func (d *deadLetters) post(letter DeadLetter, told bool) {
	d.mu.Lock()
	listeners := d.listeners
	d.mu.Unlock()
	defer d.nested.Add(-1)
	if d.nested.Add(1) > maxNested || len(listeners) == 0 {
		if !told {
			d.warn(letter)
		}
		return
	}
	for _, l := range listeners {
		d.call(l, letter)
	}
}

func (d *deadLetters) call(l *listener, letter DeadLetter) {
	defer func() {
		if v := recover(); v != nil {
			d.log.Error("panic in a listener to dead letters", "panic", v)
		}
	}()
	l.f(letter)
}

// warn logs letter, or counts it if there was a warning within the last second.
func (d *deadLetters) warn(letter DeadLetter) {
	now := time.Now()
	d.mu.Lock()
	if !d.warned.IsZero() && now.Sub(d.warned) < time.Second {
		d.quiet++
		d.mu.Unlock()
		return
	}
	quiet := d.quiet
	d.warned, d.quiet = now, 0
	d.mu.Unlock()
	d.log.Warn("dead letter", "to", letter.To.GetId(), "type", fmt.Sprintf("%T", letter.Message), "reason", letter.Reason, "suppressed", quiet)
}

// flush logs how many dead letters have not been logged.
func (d *deadLetters) flush() {
	d.mu.Lock()
	quiet := d.quiet
	d.quiet = 0
	d.mu.Unlock()
	if quiet > 0 {
		d.log.Warn("dead letters", "suppressed", quiet)
	}
}

// engineEvent takes the engine's dead letters. It also does what the engine does for them, since it replaces that: see
// newEngine.
func (s *System) engineEvent(event any) {
	e, ok := event.(*proto.DeadLetterEvent)
	if !ok {
		return
	}
	switch m := e.Message.(type) {
	case *proto.Watch:
		s.tell(m.Watcher, &proto.Terminated{Who: e.PID, Why: proto.TerminatedReason_NotFound})
		return
	case *proto.DeadLetterResponse, *proto.PoisonPill, proto.SystemMessage, proto.MailboxMessage, proto.IgnoreDeadLetterLogging:
		return // nobody's loss
	}
	if isAsk(e.PID) || e.PID != nil && strings.HasPrefix(e.PID.Id, "future$") {
		return // an answer that comes too late
	}
	reason := s.gone()
	if e.Message == nil {
		reason = ErrNil
	}
	s.DeadLetter(DeadLetter{To: e.PID, Message: e.Message, From: e.Sender, Reason: reason})
	if e.Sender != nil && !isAsk(e.Sender) {
		s.engine.Root.Send(e.Sender, &proto.DeadLetterResponse{Target: e.PID})
	}
}

// gone says why there is no such actor.
func (s *System) gone() error {
	if s.closed.Load() {
		return errClosedDead
	}
	return ErrDead
}

// errClosedDead is both: the actor is dead because the system is closed.
var errClosedDead error = closedDead{}

type closedDead struct{}

func (closedDead) Error() string        { return ErrClosed.Error() }
func (closedDead) Is(target error) bool { return target == ErrClosed || target == ErrDead }
