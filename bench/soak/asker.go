package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

// A query asks for the double of N.
type query struct{ N uint64 }

// ask sends requests until ctx ends: each is answered, with the right answer or an error that says why not.
func (w *world) ask(ctx context.Context, t *topic.Topic[query]) {
	rng := w.random()
	for ctx.Err() == nil {
		n := rng.Uint64()
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		answer, err := topic.Request[uint64](limited, t, query{n})
		cancel()
		var crash *supervisor.PanicError
		switch {
		case err == nil:
			w.report.count("requests answered", 1)
			if answer != 2*n {
				w.violation("the answer to %d is %d", n, answer)
			}
		case errors.Is(err, topic.ErrNoResponder), errors.Is(err, errTemper), errors.As(err, &crash):
			w.report.count("requests refused", 1)
		case errors.Is(err, topic.ErrClosed), errors.Is(err, topic.ErrRemoved):
			if !w.closing.Load() {
				w.violation("request: %v", err)
			}
			wait(ctx, time.Millisecond)
		default:
			w.violation("request: %v", err)
			return
		}
		if rng.IntN(50) == 0 {
			wait(ctx, time.Millisecond)
		}
	}
}

// respond starts and stops responders until ctx ends.
func (w *world) respond(ctx context.Context, t *topic.Topic[query]) {
	rng := w.random()
	for ctx.Err() == nil {
		temper := []temper{calm, moody, wild}[rng.IntN(3)]
		temper.skip, temper.reject = 0, 0
		sub, err := topic.Respond(t, responder(w, temper), topic.Parallel(1+rng.IntN(3)), topic.Name(fmt.Sprintf("r%d", w.id())))
		if err != nil {
			if !w.closing.Load() {
				w.violation("respond: %v", err)
			}
			return
		}
		wait(ctx, time.Duration(rng.IntN(20))*time.Millisecond)
		if w.closing.Load() {
			return // Close ends it
		}
		sub.Stop()
		if rng.IntN(2) == 0 {
			<-sub.Done()
		}
	}
}

func responder(w *world, t temper) func(topic.Context, query) (uint64, error) {
	rngs := make(chan *rand.Rand, 8) // the function is called concurrently
	for range cap(rngs) {
		rngs <- w.random()
	}
	return func(ctx topic.Context, q query) (uint64, error) {
		rng := <-rngs
		defer func() { rngs <- rng }()
		err := t.act(ctx, rng, w.gate(), &handout{})
		return 2 * q.N, err
	}
}
