package topic

import (
	"context"
	"slices"
	"sync"

	"github.com/azutoolkit/echo/actor"
)

// Subscription is a handle to a consumer, or to the n consumers of [Parallel]. Its methods may be called concurrently, also
// by the consumer itself.
type Subscription struct {
	hosts   []*subscriber
	pattern *pattern
	start   Position

	once sync.Once
	done chan struct{}
}

// PID is the consumer's actor; with Parallel the first of them.
func (s *Subscription) PID() *actor.PID { return s.hosts[0].Self() }

// Name is the subscription's name, as given with [Name] or made up.
func (s *Subscription) Name() string { return s.hosts[0].label() }

// Start is the place behind which the subscription began: it gets every message after it. It is zero for a consumer of
// several topics.
func (s *Subscription) Start() Position { return s.start }

// Stop ends the subscription now. Nothing that is published after it has returned is handed out, and of what is in the log at
// most the message whose hand-over has begun at that very moment. The message in the consumer's hands is not waited for, see
// Done; its context ends.
func (s *Subscription) Stop() {
	s.leavePattern()
	for _, h := range s.hosts {
		h.requestStop(nil)
	}
}

// Drain lets the subscription deal with what is in the log now, ends it, and waits for the end. If ctx ends first Drain
// returns its error and the subscription goes on to drain. A consumer cannot wait for itself: called with its own context
// Drain returns an error at once, and the subscription drains all the same.
func (s *Subscription) Drain(ctx context.Context) error {
	if ctx == nil {
		return wrap("drain", s.Name(), errNoContext)
	}
	s.leavePattern()
	for _, h := range s.hosts {
		h.drain()
	}
	if slices.Contains(s.hosts, publisher(ctx)) {
		return wrap("drain", s.Name(), errOwnEnd)
	}
	return wrap("drain", s.Name(), awaitAll(ctx, s.hosts))
}

func (s *Subscription) leavePattern() {
	if s.pattern != nil {
		s.pattern.leave()
	}
}

// Pause keeps the consumer from further messages until Resume. They stay in the log: under [Block] publishers wait when the
// buffer is full; other flow policies act as always.
func (s *Subscription) Pause() {
	for _, h := range s.hosts {
		h.set(paused)
	}
}

// Resume ends Pause.
func (s *Subscription) Resume() {
	for _, h := range s.hosts {
		h.clear(paused) // at once: a Pause that follows must not be undone
		h.post(func() {})
	}
}

// Done is closed when the subscription has ended: its consumer has returned and been stopped.
func (s *Subscription) Done() <-chan struct{} {
	if len(s.hosts) == 1 {
		return s.hosts[0].ended()
	}
	s.once.Do(func() {
		s.done = make(chan struct{})
		go func() { // ends with the subscription
			defer close(s.done)
			for _, h := range s.hosts {
				<-h.ended()
			}
		}()
	})
	return s.done
}

// Err is nil while the subscription lives and after Stop and Drain; else it says why the subscription ended:
// [ErrSlowConsumer], [ErrRestarts], [ErrRemoved], [ErrClosed], or the error that its policy stopped it for.
func (s *Subscription) Err() error {
	i := slices.IndexFunc(s.hosts, func(h *subscriber) bool { return h.why() != nil })
	if i < 0 {
		return nil
	}
	return s.hosts[i].why()
}

func (s *subscriber) why() error {
	r := s.rare.Load()
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// drain ends the subscriber once it has dealt with what is in the log now.
func (s *subscriber) drain() {
	targets := map[*leg]uint64{}
	legs := s.legs()
	if s.many != nil {
		legs = append(legs, s.many.expected()...)
	}
	for _, l := range legs {
		targets[l] = l.stream.tail.Load()
		if l.group != nil {
			l.group.draining.Store(true)
		}
		if l.batch != nil {
			l.batch.hurry()
		}
	}
	s.post(func() {
		s.clear(paused)
		s.drainTo(targets)
	})
}

// drainTo stops the subscriber if it has come far enough; otherwise it is asked again with every release.
func (s *subscriber) drainTo(targets map[*leg]uint64) {
	for l, tail := range targets {
		if !l.ended.Load() && !l.past(tail) {
			s.extra().draining = targets
			return
		}
	}
	s.extra().draining = nil
	s.requestStop(nil)
}

// past reports whether everything before tail is dealt with.
func (l *leg) past(tail uint64) bool {
	if q := l.feeder(); q != nil {
		return q.size() == 0 && q.fed.Load() >= tail && l.host.cur == nil
	}
	return l.position() >= tail
}
