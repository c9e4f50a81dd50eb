package memory

import (
	"context"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// log is a handle of a store, opened through a link.
type log struct {
	link  *Link
	store *store
	done  chan struct{} // closed by Close, under the store's mutex
}

// enter is how every call begins: it travels to the hub and takes the store's mutex, unless it returns an error.
func (lg *log) enter(ctx context.Context, done <-chan struct{}) error {
	if err := lg.link.travel(ctx, done); err != nil {
		return err
	}
	lg.store.mu.Lock()
	if err := lg.usable(); err != nil {
		lg.store.mu.Unlock()
		return err
	}
	return nil
}

// usable returns the error that calls meet now. The store's mutex is held.
func (lg *log) usable() error {
	select {
	case <-lg.done:
		return transport.ErrClosed
	default:
	}
	if _, _, err := lg.link.check(); err != nil {
		return err
	}
	if lg.store.removed {
		return transport.ErrRemoved
	}
	return nil
}

func (lg *log) Append(ctx context.Context, records []transport.Record) ([]transport.Position, error) {
	positions, err := lg.append(ctx, records)
	return positions, fail(err, "append to %q", lg.store.topic)
}

func (lg *log) append(ctx context.Context, records []transport.Record) ([]transport.Position, error) {
	if err := lg.enter(ctx, lg.done); err != nil {
		return nil, err
	}
	defer lg.store.mu.Unlock()
	if len(records) == 0 {
		return nil, nil
	}
	positions, err := lg.store.append(records)
	if err == nil && lg.link.loses() {
		return nil, transport.ErrUnknown
	}
	return positions, err
}

func (lg *log) Follow(ctx context.Context, from transport.Start) (transport.Reader, error) {
	if err := lg.enter(ctx, lg.done); err != nil {
		return nil, fail(err, "follow %q", lg.store.topic)
	}
	defer lg.store.mu.Unlock()
	s := lg.store
	s.trim(time.Now())
	r := &reader{log: lg, done: make(chan struct{})}
	r.next, r.unknown = s.resolve(from)
	r.start = s.position(max(r.next, s.first()) - 1)
	s.readers[r] = struct{}{}
	return r, nil
}

func (lg *log) Group(ctx context.Context, name string, cfg transport.GroupConfig) (transport.Group, error) {
	m, err := lg.join(ctx, name, cfg)
	if err != nil {
		return nil, fail(err, "join group %q of %q", name, lg.store.topic)
	}
	return m, nil
}

func (lg *log) Stats(ctx context.Context) (transport.Stats, error) {
	if err := lg.enter(ctx, lg.done); err != nil {
		return transport.Stats{}, fail(err, "stats of %q", lg.store.topic)
	}
	defer lg.store.mu.Unlock()
	now := time.Now()
	lg.store.trim(now)
	return lg.store.stats(now), nil
}

func (lg *log) Close() error {
	lg.store.mu.Lock()
	defer lg.store.mu.Unlock()
	select {
	case <-lg.done:
		return nil
	default:
	}
	close(lg.done)
	_, _, broken := lg.link.check()
	lg.store.end(transport.ErrClosed, broken != nil, func(other *log) bool { return other == lg })
	return nil
}
