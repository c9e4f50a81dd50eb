package topic

import (
	"context"
	"sync"
)

// ids remembers the most recent publication IDs of a topic, so that one that is repeated is not appended twice.
type ids struct {
	mu     sync.Mutex
	seen   map[string]*attempt // guarded by mu
	recent []string            // guarded by mu: a ring, as large as the window
	next   int                 // guarded by mu
}

// An attempt is a publication under way or done.
type attempt struct {
	done chan struct{}
	ok   bool // written before done is closed
}

// once calls publish, unless the ID has been published already. If it is being published it waits for the outcome.
func (i *ids) once(ctx context.Context, id string, window int, publish func() error) error {
	for {
		i.mu.Lock()
		a := i.seen[id]
		if a == nil {
			a = &attempt{done: make(chan struct{})}
			if i.seen == nil {
				i.seen = map[string]*attempt{}
			}
			i.seen[id] = a
			i.mu.Unlock()
			return i.publish(id, a, window, publish)
		}
		i.mu.Unlock()
		select {
		case <-a.done:
			if a.ok {
				return nil
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (i *ids) publish(id string, a *attempt, window int, publish func() error) error {
	err := publish()
	i.mu.Lock()
	defer i.mu.Unlock()
	defer close(a.done)
	if a.ok = err == nil; !a.ok {
		delete(i.seen, id)
		return err
	}
	if len(i.recent) < max(window, 1) {
		i.recent = append(i.recent, id)
		return nil
	}
	delete(i.seen, i.recent[i.next])
	i.recent[i.next] = id
	i.next = (i.next + 1) % len(i.recent)
	return nil
}
