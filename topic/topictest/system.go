package topictest

import (
	"context"
	"sync"
	"testing"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// A guard watches over one system for one test.
type guard struct {
	t      testing.TB
	sys    *actor.System
	before map[string]bool // goroutines that there were already

	mu      sync.Mutex
	letters []Letter            // guarded by mu
	allowed []func(Letter) bool // guarded by mu
	errors  []string            // guarded by mu: lines logged
	excused []string            // guarded by mu: parts of lines that may be logged as errors
	over    bool                // guarded by mu: the test must not be written to any more
}

type guardKey struct{}

// NewSystem makes a system for one test. It is closed at the end of the test, which fails if anything was left or lost: see the
// package's Failure section. Warnings and errors go to the test's output; with [actor.WithLogger] they go there, unseen by this
// package. A test may close the system itself: then it judges the outcome itself.
func NewSystem(t testing.TB, opts ...actor.Option) *actor.System {
	t.Helper()
	g := &guard{t: t, before: census.enter()}
	g.sys = actor.NewSystem(append([]actor.Option{actor.WithLogger(g.logger())}, opts...)...)
	actor.Extend(g.sys, guardKey{}, func() *guard { return g })
	t.Cleanup(g.end)
	g.sys.OnDeadLetter(g.keepUndelivered)
	dead, err := topic.Match[topic.DeadLetter](g.sys, "dead.>")
	if err == nil {
		_, err = dead.Subscribe(func(_ topic.Context, d topic.DeadLetter) error {
			g.keep(Letter{GivenUp: &d})
			return nil
		}, topic.Name("topictest"))
	}
	if err != nil {
		t.Fatalf("topictest: %v", err)
	}
	return g.sys
}

// guardOf finds the guard of a system made by NewSystem.
func guardOf(sys *actor.System) *guard {
	g := actor.Extend(sys, guardKey{}, func() *guard { return nil })
	if g == nil {
		panic("topictest: the system was not made by topictest.NewSystem")
	}
	return g
}

// end is the last thing that happens in the test.
func (g *guard) end() {
	g.t.Helper()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.over = true
	}()
	byTest := g.sys.Closing()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	err := g.sys.Close(ctx)
	if byTest && ctx.Err() == nil {
		err = nil // the test has seen it
	}
	last := census.leave()
	if err != nil {
		g.t.Errorf("topictest: the system does not close: %v\n%s", err, report(stray(g.before)))
	} else if last {
		if left := g.settle(); len(left) > 0 {
			g.t.Errorf("topictest: the system is closed, but %d of its goroutines are left:\n%s", len(left), report(left))
		}
	}
	g.judge()
}

// judge fails the test for what was lost on the way.
func (g *guard) judge() {
	g.t.Helper()
	if left := g.unexpected(); len(left) > 0 {
		g.t.Errorf("topictest: %d unexpected dead letters (AllowDeadLetters says which are expected):\n%s", len(left), list(left))
	}
	if lines := g.unexcused(); len(lines) > 0 {
		g.t.Errorf("topictest: %d unexpected errors were logged (AllowErrors says which are expected):\n%s", len(lines), list(lines))
	}
}
