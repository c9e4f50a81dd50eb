package memory

import (
	"context"
	"sync"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// Link is one node's way to a hub, a transport of its own. All methods may be called concurrently.
type Link struct {
	hub  *Hub
	name string

	mu     sync.Mutex // the last to be taken
	state  state
	down   chan struct{} // closed when the link breaks; another one once it is mended
	silent time.Time     // when the link broke, while it is not up
	delay  time.Duration
	lose   int // Appends whose replies will be lost
}

type state int

const (
	up state = iota
	cut
	closed
)

var (
	_ transport.Transport = (*Link)(nil)
	_ transport.Catalog   = (*Link)(nil)
)

// String is the link's name.
func (l *Link) String() string { return l.name }

// Capabilities are the hub's.
func (l *Link) Capabilities() transport.Capabilities { return l.hub.Capabilities() }

// Open finds or makes the log of a topic: see transport.Transport.
func (l *Link) Open(ctx context.Context, topic string, cfg transport.Config) (transport.Log, error) {
	lg, err := l.open(ctx, topic, cfg)
	if err != nil {
		return nil, fail(err, "open %q", topic)
	}
	return lg, nil
}

func (l *Link) open(ctx context.Context, topic string, cfg transport.Config) (*log, error) {
	if err := transport.CheckName(topic); err != nil {
		return nil, err
	}
	if err := l.Capabilities().CheckConfig(cfg); err != nil {
		return nil, err
	}
	if err := l.travel(ctx, nil); err != nil {
		return nil, err
	}
	s, err := l.hub.open(topic, cfg)
	if err != nil {
		return nil, err
	}
	return &log{link: l, store: s, done: make(chan struct{})}, nil
}

// Close ends what was opened through this link: see transport.Transport. It never waits. On a link that is cut the hub
// does not hear of it: what members hold comes back after their Idle.
func (l *Link) Close(context.Context) error {
	l.shut(false)
	return nil
}

// shut ends the link for good. If kill is set, or the link is cut, members vanish without giving back.
func (l *Link) shut(kill bool) {
	l.hub.mu.Lock()
	delete(l.hub.links, l)
	l.hub.mu.Unlock()
	before := l.leave(closed)
	if before == closed {
		return
	}
	silent := before == cut || kill
	l.hub.each(func(s *store) {
		s.end(transport.ErrClosed, silent, func(lg *log) bool { return lg.link == l })
	})
}

// check returns the error that calls on this link meet now, the channel that is closed when it breaks, and its delay.
func (l *Link) check() (down <-chan struct{}, delay time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.state {
	case cut:
		err = transport.ErrLinkDown
	case closed:
		err = transport.ErrClosed
	}
	return l.down, l.delay, err
}

// travel is how a call reaches the hub: it waits for the link's delay, and returns an error if the context ends, the link
// breaks, or done is closed.
func (l *Link) travel(ctx context.Context, done <-chan struct{}) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	down, delay, err := l.check()
	if err != nil || delay <= 0 {
		return err
	}
	t := time.NewTimer(delay)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-done:
		return transport.ErrClosed
	case <-down:
		return l.broken()
	}
}

// broken is the error of a call that the link's break interrupted. The link may be up again already.
func (l *Link) broken() error {
	if _, _, err := l.check(); err != nil {
		return err
	}
	return transport.ErrLinkDown
}

// leave takes the link from up to another state, or from cut to closed, and returns the state it had.
func (l *Link) leave(to state) (before state) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before = l.state
	if to <= before {
		return before
	}
	if before == up {
		close(l.down)
		l.silent = time.Now()
	}
	l.state = to
	return before
}
