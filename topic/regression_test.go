package topic_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// A consumer that blocks gets the pump to itself. When it then left by runtime.Goexit, the pump's goroutine panicked.
func TestGoexitOfASlowConsumerIsNoCrash(t *testing.T) {
	bubble(t, func(t *testing.T, sys *actor.System) {
		numbers := open[int](t, sys, "numbers")
		gate := make(chan struct{})
		var handled atomic.Int64
		subscribe(t, numbers, func(ctx topic.Context, n int) error {
			switch {
			case n == 0:
				<-gate
			case n == 1 && ctx.Attempt() == 1:
				runtime.Goexit()
			}
			handled.Add(1)
			return nil
		})
		publish(t, numbers, 0, 1, 2)
		pass(100 * time.Millisecond) // long enough for the pump to be lost
		close(gate)
		pass(time.Second)
		if n := handled.Load(); n != 3 {
			t.Errorf("%d messages handled, want 3", n)
		}
	})
}
