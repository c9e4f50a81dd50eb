package actor

import (
	"context"
	"fmt"
	"sync"

	proto "github.com/asynkron/protoactor-go/actor"
)

// watches is the process that watches actors for those who are not actors.
type watches struct {
	pid *PID

	mu     sync.Mutex // guards what follows
	ended  map[address]chan struct{}
	closed bool
}

// address identifies an actor. A PID cannot be a key: it is a pointer, and many point to the same actor.
type address struct{ host, id string }

func newWatches(s *System) *watches {
	w := &watches{ended: map[address]chan struct{}{}}
	w.pid, _ = s.engine.ProcessRegistry.Add(w, "$!watch")
	return w
}

// Watch returns a channel that is closed when the actor has ended: at once if there is none, and at Close. Any number
// of watchers share one channel, so there is nothing to cancel. The name of a top-level actor is free by then.
//
// An actor from bare engine props that is not top-level counts as ended as soon as it is stopping.
func (s *System) Watch(pid *PID) <-chan struct{} {
	w := s.watches
	if pid == nil {
		return closedChannel()
	}
	key := address{pid.Address, pid.Id}
	w.mu.Lock()
	ch, ok := w.ended[key]
	if w.closed {
		w.mu.Unlock()
		return closedChannel()
	}
	if !ok {
		ch = make(chan struct{})
		w.ended[key] = ch
	}
	w.mu.Unlock()
	if !ok && !s.root.has(key) {
		s.tell(pid, &proto.Watch{Watcher: w.pid})
	}
	return ch
}

// Stop stops the actor, without handling what waits, and waits for its end and that of its children. It returns the
// error of ctx if that ends first; the actor stops all the same. A dead or nil PID is no error.
//
// An actor cannot wait for its own end: it must call Context.Stop.
func (s *System) Stop(ctx context.Context, pid *PID) error {
	if pid == nil {
		return nil
	}
	ended := s.Watch(pid)
	s.engine.Root.Stop(pid)
	return await(ctx, ended, "stop", pid)
}

// Drain lets the actor handle what waits, then lets its children do so, then stops it, and waits for that. What
// children send to their parent meanwhile is handled. It returns the error of ctx if that ends first; the actor goes
// on draining. A dead or nil PID is no error.
//
// An actor from bare engine props only handles what waits for itself: its children are stopped.
func (s *System) Drain(ctx context.Context, pid *PID) error {
	if pid == nil {
		return nil
	}
	ended := s.Watch(pid)
	s.engine.Root.Poison(pid)
	return await(ctx, ended, "drain", pid)
}

func await(ctx context.Context, ended <-chan struct{}, verb string, pid *PID) error {
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("actor: %s %q: %w", verb, pid.Id, context.Cause(ctx))
	}
}

// SendUserMessage does nothing: nobody sends to a watcher.
func (w *watches) SendUserMessage(*PID, any) {}

// SendSystemMessage learns of the end of an actor.
func (w *watches) SendSystemMessage(_ *PID, m any) {
	t, ok := m.(*proto.Terminated)
	if !ok {
		return
	}
	w.end(address{t.Who.GetAddress(), t.Who.GetId()})
}

// end tells those who watch the actor.
func (w *watches) end(key address) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ch, ok := w.ended[key]; ok {
		delete(w.ended, key)
		close(ch)
	}
}

// Stop does nothing.
func (w *watches) Stop(*PID) {}

// close releases everybody.
func (w *watches) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for _, ch := range w.ended {
		close(ch)
	}
	clear(w.ended)
}

func closedChannel() <-chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}
