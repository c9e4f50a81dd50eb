package transporttest

import (
	"context"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// call is a call that runs in a goroutine of its own, which ends with the call.
type call struct {
	t    *trial
	what string
	done chan struct{}
	err  error
}

// begin starts f, which gets the context ctx.
func (t *trial) begin(ctx context.Context, what string, f func(ctx context.Context) error) *call {
	c := &call{t: t, what: what, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.err = f(ctx)
	}()
	return c
}

// blocks starts f and checks that it does not return by itself.
func (t *trial) blocks(ctx context.Context, what string, f func(ctx context.Context) error) *call {
	t.Helper()
	c := t.begin(ctx, what, f)
	timer := time.NewTimer(t.Quiet)
	defer timer.Stop()
	select {
	case <-c.done:
		t.Fatalf("%s returned %v, want it to block", what, c.err)
	case <-timer.C:
	}
	return c
}

// end waits for the call to return, and returns its error.
func (c *call) end() error {
	c.t.Helper()
	timer := time.NewTimer(c.t.Patience)
	defer timer.Stop()
	select {
	case <-c.done:
		return c.err
	case <-timer.C:
		c.t.Fatalf("%s did not return in %v", c.what, c.t.Patience)
		return nil
	}
}

// endsWith waits for the call to return with an error.
func (c *call) endsWith(want error) {
	c.t.Helper()
	c.t.is(c.what, c.end(), want)
}

func next(r transport.Reader) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := r.Next(ctx)
		return err
	}
}

func take(g transport.Group) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := g.Take(ctx, 1)
		return err
	}
}
