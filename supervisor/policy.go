package supervisor

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// What the zero value of a [Policy] means.
const (
	DefaultRetries    = 3
	DefaultMinBackoff = 10 * time.Millisecond
	DefaultMaxBackoff = 30 * time.Second
	DefaultJitter     = 0.5
	DefaultWithin     = time.Minute
)

// Policy says how often a failing message is tried, how long to wait in between, and what to do in the end.
// The zero value works. It is read only: share it freely.
type Policy struct {
	// Retries is how many further attempts one message gets after the first. Default 3; negative means none.
	Retries int
	// MinBackoff is the delay before the second attempt; each further one doubles it. Default 10 ms; negative means no delay.
	MinBackoff time.Duration
	// MaxBackoff caps the delay. Default 30 s.
	MaxBackoff time.Duration
	// Jitter is the share of each delay that is random, 0 to 1, so that those who failed together do not come back
	// together. Default 0.5; negative means none.
	Jitter float64
	// Restarts is how many restarts one actor gets Within; one more stops it. Default 0: no limit; negative: it never
	// restarts, but stops.
	Restarts int
	// Within is the length of time over which Restarts counts. Default one minute.
	Within time.Duration
	// Decide maps an error to a directive; 0 is the default: a *PanicError restarts, any other error retries.
	// A panic in it counts as 0, and Observe sees an event of its own for it. It may be called concurrently.
	Decide func(err error) Directive
	// Observe sees every decision. It is called without locks, by the goroutine that decides, so it must not block;
	// it may be called concurrently. A panic in it is logged and forgotten. Default nil.
	Observe func(Event)
}

// Backoff returns the delay before the attempt that follows failure number attempt, counted from 1: exponential,
// capped, jittered, never negative.
func (p Policy) Backoff(attempt int) time.Duration {
	d, most := p.MinBackoff, p.MaxBackoff
	if d < 0 {
		return 0
	}
	if d == 0 {
		d = DefaultMinBackoff
	}
	if most <= 0 {
		most = DefaultMaxBackoff
	}
	for i := 1; i < attempt && d < most; i++ {
		if d > most/2 {
			d = most
		} else {
			d *= 2
		}
	}
	d = min(d, most)
	share := p.jitter()
	if share == 0 {
		return d
	}
	return max(0, d-time.Duration(float64(d)*share*rand.Float64()))
}

func (p Policy) jitter() float64 {
	switch {
	case p.Jitter == 0 || math.IsNaN(p.Jitter):
		return DefaultJitter
	case p.Jitter < 0:
		return 0
	}
	return min(p.Jitter, 1)
}

// Attempts returns how often one message is tried at most: one plus the retries.
func (p Policy) Attempts() int {
	switch {
	case p.Retries == 0:
		return 1 + DefaultRetries
	case p.Retries < 0:
		return 1
	case p.Retries == math.MaxInt:
		return math.MaxInt
	}
	return 1 + p.Retries
}

// Decision returns what the policy says about err alone, however often the message has failed.
func (p Policy) Decision(err error) Directive {
	if d := p.ask(err); d.known() {
		return d
	}
	var panicked *PanicError
	if errors.As(err, &panicked) {
		return Restart
	}
	return Retry
}

// Directive returns what to do after failure number attempt, counted from 1, of one message. It is [Policy.Decision]
// until the attempts are used up, and then DeadLetter in place of Retry and Restart.
func (p Policy) Directive(err error, attempt int) Directive {
	d := p.Decision(err)
	if (d == Retry || d == Restart) && attempt >= p.Attempts() {
		return DeadLetter
	}
	return d
}

// ask calls Decide and takes a panic for "no opinion".
func (p Policy) ask(err error) (d Directive) {
	if p.Decide == nil {
		return 0
	}
	defer func() {
		if v := recover(); v != nil {
			d = 0
			if p.Observe == nil {
				slog.Error("supervisor: panic in Policy.Decide, the default holds", "panic", v, "error", err)
			}
			p.Report(nil, Event{Time: time.Now(), Err: fmt.Errorf("supervisor: decide about %q: %w", err, Recovered(v, debug.Stack()))})
		}
	}()
	return p.Decide(err)
}

// Report hands e to Observe, if there is one. A panic in it goes to log (nil: slog.Default) and no further.
func (p Policy) Report(log *slog.Logger, e Event) {
	if p.Observe == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			if log == nil {
				log = slog.Default()
			}
			log.Error("supervisor: panic in Policy.Observe", "panic", v)
		}
	}()
	p.Observe(e)
}

func (p Policy) within() time.Duration {
	if p.Within <= 0 {
		return DefaultWithin
	}
	return p.Within
}
