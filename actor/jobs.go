package actor

import (
	"context"
	"runtime/debug"
	"sync"
)

// jobs are the goroutines that Close waits for.
type jobs struct {
	mu      sync.Mutex // guards what follows
	running map[*job]struct{}
	idle    []chan struct{} // who waits for the last one
	sealing bool            // the last one to end closes
	closed  bool            // none can start
}

type job struct{ name string }

// Go runs f in a goroutine that Close waits for, and names in its error if it does not end. The context is the
// system's: f must return when it ends. A panic in f is logged and ends f alone. Once Close is over f is not run, and
// Go returns false.
func (s *System) Go(name string, f func(ctx context.Context)) bool {
	j := &job{name}
	s.jobs.mu.Lock()
	if s.jobs.closed {
		s.jobs.mu.Unlock()
		return false
	}
	if s.jobs.running == nil {
		s.jobs.running = map[*job]struct{}{}
	}
	s.jobs.running[j] = struct{}{}
	s.jobs.mu.Unlock()
	// The goroutine is owned by s.jobs and ends when f returns, at the latest when the system's context ends.
	go func() {
		defer s.jobs.end(j)
		defer func() {
			if v := recover(); v != nil {
				s.log.Error("panic in a goroutine", "name", name, "panic", v, "stack", string(debug.Stack()))
			}
		}()
		f(s.ctx)
	}()
	return true
}

func (g *jobs) end(j *job) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.running, j)
	if len(g.running) == 0 {
		g.closed = g.sealing
		for _, ch := range g.idle {
			close(ch)
		}
		g.idle = nil
	}
}

// wait returns a channel that is closed when no goroutine runs. From then on none can start.
func (g *jobs) wait() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	ch := make(chan struct{})
	g.sealing = true
	if len(g.running) == 0 {
		g.closed = true
		close(ch)
	} else {
		g.idle = append(g.idle, ch)
	}
	return ch
}

// left returns the names of the goroutines that run.
func (g *jobs) left() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var names []string
	for j := range g.running {
		names = append(names, j.name)
	}
	return names
}

func (g *jobs) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}
