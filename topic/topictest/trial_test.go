package topictest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// A trial is a test that may fail without failing the one that runs it.
type trial struct {
	testing.TB
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	failures []string     // guarded by mu
	logged   bytes.Buffer // guarded by mu
	cleanups []func()     // of the test's goroutine
}

// try runs f as a test of its own and returns what it failed with.
func try(t *testing.T, f func(t testing.TB)) *trial {
	t.Helper()
	r := &trial{TB: t}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	call := func(f func()) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			f()
		}()
		<-done
	}
	call(func() { f(r) })
	r.cancel()
	for len(r.cleanups) > 0 {
		last := len(r.cleanups) - 1
		f := r.cleanups[last]
		r.cleanups = r.cleanups[:last]
		call(f)
	}
	return r
}

func (r *trial) Helper()                  {}
func (r *trial) Cleanup(f func())         { r.cleanups = append(r.cleanups, f) }
func (r *trial) Context() context.Context { return r.ctx }
func (r *trial) Output() io.Writer        { return r }

func (r *trial) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.logged.Write(p)
}

func (r *trial) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *trial) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// failedWith fails t unless the trial failed once, with all these texts.
func (r *trial) failedWith(t *testing.T, texts ...string) {
	t.Helper()
	if len(r.failures) != 1 {
		t.Fatalf("the test failed %d times, want once:\n%s", len(r.failures), strings.Join(r.failures, "\n"))
	}
	for _, text := range texts {
		if !strings.Contains(r.failures[0], text) {
			t.Errorf("the test failed without a word about %q:\n%s", text, r.failures[0])
		}
	}
}

func (r *trial) passed(t *testing.T) {
	t.Helper()
	for _, f := range r.failures {
		t.Errorf("the test failed: %s", f)
	}
}
