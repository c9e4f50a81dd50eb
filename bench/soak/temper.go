package main

import (
	"context"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/azutoolkit/echo/topic"
)

// A temper says how a consumer behaves: each field is the chance of something, in 10,000 messages.
type temper struct {
	fail, panic, exit, reject, skip, halt int
	slow, block                           int
}

var (
	calm     = temper{}
	moody    = temper{fail: 100, panic: 20, reject: 20, skip: 20, slow: 20}
	wild     = temper{fail: 400, panic: 150, exit: 50, reject: 50, skip: 50, slow: 50, block: 3}
	sleepy   = temper{slow: 2000, block: 10}
	stubborn = temper{block: 20, fail: 20}
	mortal   = temper{halt: 20, fail: 50, panic: 10}
)

var tempers = []temper{calm, calm, moody, moody, wild, sleepy, stubborn, mortal}

// act does to the message what the temper and chance say, and notes it.
func (t temper) act(ctx context.Context, rng *rand.Rand, gate <-chan struct{}, h *handout) error {
	roll := func(chance int) bool { return chance > 0 && rng.IntN(10_000) < chance }
	switch {
	case roll(t.slow):
		wait(ctx, time.Duration(50+rng.IntN(500))*time.Microsecond)
	case roll(t.block):
		select { // does not look at its context
		case <-gate:
		case <-time.After(20 * time.Millisecond):
		}
	}
	switch {
	case roll(t.fail):
		return h.leave(failed, errTemper)
	case roll(t.panic):
		h.leave(panicked, nil)
		panic("soak: the consumer panics")
	case roll(t.exit):
		h.leave(exited, nil)
		runtime.Goexit()
	case roll(t.reject):
		return h.leave(rejected, topic.Reject(errTemper))
	case roll(t.skip):
		return h.leave(skipped, errSkip)
	case roll(t.halt):
		return h.leave(halted, errHalt)
	}
	return h.leave(fine, nil)
}

// leave notes what became of the message.
func (h *handout) leave(made outcome, err error) error {
	h.made, h.out = made, now()
	return err
}

// wait waits, but not longer than ctx lives.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
