package actor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Grace is how much longer than its context Close may take, to see who obeys when told to stop at once.
const Grace = 100 * time.Millisecond

// Close ends the system: it stops the intake, lets everything finish what it has, children before parents, and returns
// when all actors and goroutines have ended. The order: Drain of extensions (see [Extend]), users' actors, Drain of
// extensions once more, the system's context, Close of extensions, all other actors, goroutines.
//
// When ctx ends first, all are told to stop at once, and what they had not handled goes to the dead letters. Those who
// still run after at most Grace are named in the error, which wraps that of ctx; they end when they can.
//
// Close may be called many times and concurrently: all calls share one outcome, but none waits longer than its own ctx.
// It must not be called by an actor or by a goroutine of [System.Go]: they would wait for themselves.
func (s *System) Close(ctx context.Context) error {
	first := false
	s.once.Do(func() { first = true })
	if first {
		s.result = s.close(ctx)
		close(s.over)
		return s.result
	}
	select {
	case <-s.over:
		return s.result
	default:
	}
	select {
	case <-s.over:
		return s.result
	case <-ctx.Done():
		return s.leftError(context.Cause(ctx), nil)
	}
}

func (s *System) close(ctx context.Context) error {
	defer s.cancel()
	stop := context.AfterFunc(ctx, s.cancel)
	defer stop()
	s.intake.Store(true)

	var errs []error
	errs = append(errs, s.drainExtensions(ctx))
	within(ctx, s.root.enter(closing))
	errs = append(errs, s.drainExtensions(ctx))
	s.cancel()
	errs = append(errs, s.closeExtensions(ctx))
	ok := within(ctx, s.root.enter(drainingAll)) && within(ctx, s.jobs.wait())
	cut := !ok
	if cut {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), Grace)
		defer cancel()
		ok = within(grace, s.root.enter(stoppingAll)) && within(grace, s.jobs.wait())
	}
	s.closed.Store(true)
	s.jobs.close()
	s.watches.close()
	s.root.end()
	s.engine.Shutdown()
	s.dead.flush()
	switch {
	case !ok:
		return s.leftError(context.Cause(ctx), errs)
	case cut:
		errs = append([]error{fmt.Errorf("stopped before all was handled: %w", context.Cause(ctx))}, errs...)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("actor: close %q: %w", s.name, err)
	}
	return nil
}

// within waits for done, or for the end of ctx.
func within(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
	}
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// maxNamed is how many of those who are left an error names.
const maxNamed = 10

// leftError names who still runs.
func (s *System) leftError(cause error, errs []error) error {
	var left []string
	for _, id := range s.root.left() {
		left = append(left, fmt.Sprintf("actor %q", id))
	}
	for _, name := range s.jobs.left() {
		left = append(left, fmt.Sprintf("goroutine %q", name))
	}
	if len(left) == 0 {
		left = []string{"nothing any more"}
	}
	slices.Sort(left)
	if more := len(left) - maxNamed; more > 0 {
		left = append(left[:maxNamed], fmt.Sprintf("and %d more", more))
	}
	err := fmt.Errorf("actor: close %q: still running: %s: %w", s.name, strings.Join(left, ", "), cause)
	return errors.Join(append([]error{err}, errs...)...)
}
