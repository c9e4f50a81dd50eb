package transporttest

import (
	"runtime"
	"time"
)

func goroutines() int { return runtime.NumGoroutine() }

// noLeak waits until there are no more goroutines than before.
func (t *trial) noLeak(before int) {
	t.Helper()
	for deadline := time.Now().Add(t.Patience); ; t.pass(time.Millisecond) {
		now := goroutines()
		if now <= before {
			return
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			t.Errorf("%d goroutines before, %d after all links were closed:\n%s", before, now, stacks)
			return
		}
	}
}
