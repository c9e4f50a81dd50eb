package supervisor

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"
)

// strategy is what OneForOne and AllForOne share: a policy and what it has to remember of those who failed.
type strategy struct {
	policy Policy

	mu      sync.Mutex // guards what follows
	records map[any]*record
	sweep   time.Time // when to look for records to forget
}

// record is the memory of one child (or, for AllForOne, of one family). It is forgotten once there was no failure for
// so long that neither the window nor the back-off depend on it.
type record struct {
	failures int // in a row, each within memory of the one before
	last     time.Time
	window   Window
	waiting  bool       // a restart is due
	family   []relative // who is restarted then; AllForOne only
}

// verdict is what was decided about a failure.
type verdict struct {
	directive Directive
	attempt   int
	delay     time.Duration
	merged    bool // no delay: a restart is due already
}

func newStrategy(p Policy) strategy { return strategy{policy: p, records: map[any]*record{}} }

// decide counts a failure of key and says what to do. What reaches a strategy is the failure of an actor, so unless
// the policy says otherwise the actor is restarted.
func (s *strategy) decide(key any, err error) verdict {
	v := verdict{directive: s.policy.ask(err)}
	if !v.directive.known() {
		v.directive = Restart
	}
	now := time.Now()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	r := s.records[key]
	if r == nil {
		r = &record{}
		s.records[key] = r
	}
	if now.Sub(r.last) > s.memory() {
		r.failures = 0
	}
	r.failures++
	r.last = now
	v.attempt = r.failures
	switch v.directive {
	case Retry:
		v.delay = s.policy.Backoff(r.failures)
	case Restart:
		if r.waiting {
			v.merged = true
			return v
		}
		if !r.window.Allow(now, s.policy) {
			v.directive = Stop
			return v
		}
		v.delay = s.policy.Backoff(r.failures)
		r.waiting = true
	}
	return v
}

// join adds children to those whom the restart of key that is due concerns.
func (s *strategy) join(key any, children ...relative) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.records[key]; r != nil {
		r.family = append(r.family, children...)
	}
}

// settled notes that a restart of key is no longer due and returns whom it concerned.
func (s *strategy) settled(key any) []relative {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.records[key]
	if r == nil {
		return nil
	}
	family := r.family
	r.waiting, r.family = false, nil
	return family
}

// memory is how long a failure matters.
func (s *strategy) memory() time.Duration {
	most := s.policy.MaxBackoff
	if most <= 0 {
		most = DefaultMaxBackoff
	}
	return s.policy.within() + most
}

// forget drops old records, at most once per memory, so that it costs nothing per failure. s.mu is held.
func (s *strategy) forget(now time.Time) {
	if now.Before(s.sweep) {
		return
	}
	for key, r := range s.records {
		if now.Sub(r.last) > s.memory() {
			delete(s.records, key)
		}
	}
	s.sweep = now.Add(s.memory())
}

func (s *strategy) report(log *slog.Logger, child *proto.PID, err error, v verdict, message any) {
	s.policy.Report(log, Event{
		Time: time.Now(), Actor: child, Err: err, Directive: v.directive,
		Attempt: v.attempt, Delay: v.delay, Message: proto.UnwrapEnvelopeMessage(message),
	})
}

// failure makes an error of the reason that the engine gives: whatever was panicked with.
func failure(reason any) error {
	switch v := reason.(type) {
	case *PanicError:
		return v
	case error:
		return v
	case nil:
		return Recovered(fmt.Errorf("no reason given"), nil)
	}
	return Recovered(reason, nil)
}
