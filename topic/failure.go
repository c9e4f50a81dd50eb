package topic

import (
	"errors"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/supervisor"
)

// trouble is what a subscriber knows about its failures. It belongs to the subscriber's owner.
type trouble struct {
	since    time.Time         // first failure of the message being tried
	window   supervisor.Window // restarts
	rebuilds int               // attempts to build a consumer in a row
	letters  []*header         // dead letters that the dead-letter topic has not taken yet
	lettered int               // attempts to hand them over
	orphans  bool              // waits for the children of the old consumer to end
}

func (t *trouble) reset() {
	t.since, t.letters, t.lettered = time.Time{}, nil, 0
}

// failed decides what becomes of a message whose consumer returned an error or panicked, and reports whether the message is
// dealt with.
func (s *subscriber) failed(l *leg, h *header, err error) (dealt bool) {
	if s.state.Load()&stopped != 0 {
		return false // it was told to stop, which may be all that went wrong
	}
	r := s.extra()
	if r.trouble.since.IsZero() {
		r.trouble.since = time.Now()
	}
	if s.attempt < 1<<16-2 {
		s.attempt++
	}
	directive := s.decide(h, err)
	var delay time.Duration
	if directive == supervisor.Retry || directive == supervisor.Restart || directive == supervisor.Escalate {
		delay = s.cfg.policy.Backoff(int(s.attempt))
	}
	s.observe(l, h, err, directive, delay)
	var crash *supervisor.PanicError
	if errors.As(err, &crash) || directive == supervisor.Restart || directive == supervisor.Escalate {
		s.fresh = true
		r.restarts.Add(1)
		if !r.trouble.window.Allow(time.Now(), s.cfg.policy) {
			s.requestStop(&restartsError{name: s.label(), cause: err})
			return false
		}
	}
	switch directive {
	case supervisor.Skip:
		return true
	case supervisor.DeadLetter:
		r.trouble.letters = s.letters(l, h, err, crash)
		return s.bury()
	case supervisor.Stop:
		s.requestStop(err)
		return false
	case supervisor.Escalate:
		l.stream.owner.escalated(s)
	}
	r.retried.Add(1)
	s.backOff(delay)
	return false
}

// decide is the policy's word, except where the message itself says what to do.
func (s *subscriber) decide(h *header, err error) supervisor.Directive {
	if s.cfg.responder && h.meta != nil && h.meta.reply != nil {
		h.meta.reply.send(err) // the asker decides whether to try again
		return supervisor.Skip
	}
	if r := (*rejection)(nil); errors.As(err, &r) {
		return supervisor.DeadLetter
	}
	p := s.cfg.policy
	if p.Decide == nil {
		return p.Directive(err, int(s.attempt))
	}
	var d supervisor.Directive
	if outcome(func() error { // it may call runtime.Goexit
		d = p.Directive(err, int(s.attempt))
		return nil
	}) != nil {
		p.Decide = nil
		return p.Directive(err, int(s.attempt))
	}
	return d
}

func (s *subscriber) observe(l *leg, h *header, err error, d supervisor.Directive, delay time.Duration) {
	if s.cfg.policy.Observe == nil {
		return
	}
	e := supervisor.Event{
		Time: time.Now(), Actor: s.Self(), Topic: l.stream.owner.name, Consumer: s.label(),
		Err: err, Directive: d, Attempt: int(s.attempt), Delay: delay, Message: h.value(),
	}
	_ = outcome(func() error { // it may call runtime.Goexit
		s.cfg.policy.Report(s.registry().logger(), e)
		return nil
	})
}

// restartsError ends a subscription whose policy allows no further restart.
type restartsError struct {
	name  string
	cause error
}

func (e *restartsError) Error() string   { return ErrRestarts.Error() + ": " + e.cause.Error() }
func (e *restartsError) Unwrap() []error { return []error{ErrRestarts, e.cause} }

// backOff keeps the subscriber from its messages for a while, without a goroutine.
func (s *subscriber) backOff(d time.Duration) {
	if d <= 0 {
		return
	}
	s.set(waiting)
	time.AfterFunc(d, func() { s.post(func() { s.clear(waiting) }) })
}

// rebuild replaces the consumer by a fresh one, and reports whether it is ready. The children of the old one end first.
func (s *subscriber) rebuild() bool {
	t := &s.extra().trouble
	if kids := s.Context.Children(); len(kids) > 0 {
		t.orphans = true
		s.set(bereft)
		for _, kid := range append([]*proto.PID(nil), kids...) {
			s.Context.Stop(kid)
		}
		return false
	}
	s.stopHook()
	if err := s.startHook(); err != nil {
		t.rebuilds++
		s.registry().logger().Warn("echo: consumer does not start", "subscription", s.label(), "error", err, "attempt", t.rebuilds)
		if !t.window.Allow(time.Now(), s.cfg.policy) {
			s.requestStop(&restartsError{name: s.label(), cause: err})
			return false
		}
		s.backOff(max(s.cfg.policy.Backoff(t.rebuilds), time.Millisecond))
		return false
	}
	t.rebuilds = 0
	s.fresh = false
	return true
}

var errNoConsumer = errors.New("the function that makes consumers returned nil")

// startHook builds the consumer and starts it.
func (s *subscriber) startHook() error {
	if s.cfg.hooks.build == nil {
		return nil
	}
	return outcome(func() error {
		s.consumer = s.cfg.hooks.build()
		if isNil(s.consumer) {
			s.consumer = nil
			return errNoConsumer
		}
		if s.cfg.hooks.start == nil {
			return nil
		}
		return s.cfg.hooks.start(s.consumer, s)
	})
}

// stopHook stops the consumer. What fails in it cannot be helped; it is logged.
func (s *subscriber) stopHook() {
	if s.consumer == nil || s.cfg.hooks.stop == nil {
		return
	}
	if err := outcome(func() error { return s.cfg.hooks.stop(s.consumer, s) }); err != nil {
		s.registry().logger().Error("echo: consumer does not stop cleanly", "subscription", s.label(), "error", err)
	}
}

// terminated is told of the end of children and of actors that the consumer watches.
func (s *subscriber) terminated(m *proto.Terminated) {
	if t := &s.extra().trouble; t.orphans && len(s.Context.Children()) == 0 {
		t.orphans = false
		s.clear(bereft)
	}
	if s.cfg.follows != nil && s.cfg.follows.Equal(m.Who) {
		s.requestStop(nil)
	}
}
