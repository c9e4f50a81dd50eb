package topic

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/azutoolkit/echo/actor"
)

// Close removes all topics and waits for their subscriptions. It names those that have not ended when ctx does: not those that
// were on the point of it, who get half of [actor.Grace].
func (r *registry) Close(ctx context.Context) error {
	hosts := r.subscribers()
	for _, s := range hosts {
		if s.core == nil {
			s.requestStop(ErrClosed)
		}
	}
	cores := r.cores()
	for _, c := range cores {
		r.sys.Engine().Root.Stop(c.pid)
	}
	ctx, cancel := after(ctx, actor.Grace/2)
	defer cancel()
	var left leftovers
	for _, s := range hosts {
		left.add(awaitAll(ctx, []*subscriber{s}))
	}
	for _, c := range cores {
		if !within(ctx, c.gone) {
			left.add(wrap("close", c.name, context.Cause(ctx)))
		}
		if c.bridge != nil {
			left.add(c.bridge.await(ctx))
		}
	}
	r.dog.close()
	return left.err()
}

// after is a context that ends a while after ctx, for the same cause.
func after(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { // ends with d at the latest
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			cancel(context.Cause(ctx))
		case <-later.Done():
		}
	})
	return later, func() {
		stop()
		cancel(nil)
	}
}

// within waits for done, and reports false if ctx has ended before.
func within(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// leftovers joins errors, the first ones only.
type leftovers struct {
	errs []error
	more int
}

// maxLeft is how many leftovers an error names.
const maxLeft = 10

func (l *leftovers) add(err error) {
	switch {
	case err == nil:
	case len(l.errs) < maxLeft:
		l.errs = append(l.errs, err)
	default:
		l.more++
	}
}

func (l *leftovers) err() error {
	if l.more > 0 {
		l.errs = append(l.errs, fmt.Errorf("and %d more", l.more))
	}
	return errors.Join(l.errs...)
}
