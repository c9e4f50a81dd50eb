package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/azutoolkit/echo/transport"
)

// Topics tells of every log there is and will be: see transport.Catalog.
func (l *Link) Topics(ctx context.Context, seen func(topic string)) error {
	return fail(l.topics(ctx, seen), "list topics")
}

func (l *Link) topics(ctx context.Context, seen func(topic string)) error {
	if err := l.travel(ctx, nil); err != nil {
		return err
	}
	var after uint64
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		down, _, err := l.check()
		if err != nil {
			return err
		}
		stores, news := l.hub.madeAfter(after)
		for _, s := range stores {
			after = s.number
			seen(s.topic)
		}
		if len(stores) > 0 {
			continue
		}
		select {
		case <-news:
		case <-ctx.Done():
		case <-down:
			return l.broken()
		}
	}
}

// madeAfter returns the stores that were made after a number, in that order, and a channel that is closed when the next
// one is made.
func (h *Hub) madeAfter(number uint64) ([]*store, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var stores []*store
	for _, s := range h.stores {
		if s.number > number {
			stores = append(stores, s)
		}
	}
	slices.SortFunc(stores, func(a, b *store) int { return cmp.Compare(a.number, b.number) })
	return stores, h.news.wait()
}

// Remove drops a log for everybody: see transport.Catalog.
func (l *Link) Remove(ctx context.Context, topic string) error {
	if err := l.travel(ctx, nil); err != nil {
		return fail(err, "remove %q", topic)
	}
	l.hub.mu.Lock()
	s := l.hub.stores[topic]
	delete(l.hub.stores, topic)
	l.hub.mu.Unlock()
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removed = true
	s.end(transport.ErrRemoved, false, func(*log) bool { return true })
	return nil
}
