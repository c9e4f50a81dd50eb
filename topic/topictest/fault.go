package topictest

import (
	"math"
	"sync"

	"github.com/azutoolkit/echo/topic"
)

// Fault makes a consumer fail on one message: the recorder that it is given to as an option, the function that [Failing]
// wraps, or any consumer that calls [Fault.Strike]. A fault counts the messages that it sees, from 1, however often each of
// them comes. Share one only among consumers that share the messages.
type Fault struct {
	nth    int
	times  int
	strike func() error

	mu     sync.Mutex
	seen   map[place]int // guarded by mu: number of each message
	struck int           // guarded by mu
}

// A place identifies a message.
type place struct {
	topic    string
	position topic.Position
}

// FailOn fails the nth message with err, at every attempt: as the zero [supervisor.Policy] says it becomes a dead letter.
// See [Fault.Times].
func FailOn(n int, err error) *Fault { return newFault(n, func() error { return err }) }

// PanicOn panics with v on the nth message, at every attempt.
func PanicOn(n int, v any) *Fault { return newFault(n, func() error { panic(v) }) }

func newFault(n int, strike func() error) *Fault {
	if n < 1 {
		panic("topictest: messages are counted from 1")
	}
	return &Fault{nth: n, times: math.MaxInt, strike: strike, seen: map[place]int{}}
}

// Times limits the fault to the first n attempts, so that a later one succeeds. It returns the fault. Default: no limit.
func (f *Fault) Times(n int) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.times = n
	return f
}

// Struck returns how often the fault has struck.
func (f *Fault) Struck() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.struck
}

// Strike is for consumers to call first: it returns the error, or panics, if ctx is that of the message meant.
func (f *Fault) Strike(ctx topic.Context) error {
	if !f.hits(place{ctx.Topic(), ctx.Position()}) {
		return nil
	}
	return f.strike()
}

func (f *Fault) hits(p place) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, known := f.seen[p]
	if !known {
		n = len(f.seen) + 1
		f.seen[p] = n
	}
	if n != f.nth || f.struck >= f.times {
		return false
	}
	f.struck++
	return true
}

func (f *Fault) apply(s *settings) { s.faults = append(s.faults, f) }

// Failing returns a function that strikes with the faults and otherwise calls fn, to be given to Subscribe in place of fn.
func Failing[M any](fn func(topic.Context, M) error, faults ...*Fault) func(topic.Context, M) error {
	return func(ctx topic.Context, m M) error {
		for _, f := range faults {
			if err := f.Strike(ctx); err != nil {
				return err
			}
		}
		return fn(ctx, m)
	}
}
