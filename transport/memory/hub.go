package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/azutoolkit/echo/transport"
)

// Hub holds logs in this process. It is a transport itself, through a link of its own that never breaks, and makes
// links for nodes. All methods may be called concurrently.
type Hub struct {
	settings settings
	self     *Link

	mu     sync.Mutex // taken before a store's, which is taken before a link's
	stores map[string]*store
	made   uint64 // stores made so far
	links  map[*Link]struct{}
	closed bool
	news   bell // rung when a store was made
}

var (
	_ transport.Transport = (*Hub)(nil)
	_ transport.Catalog   = (*Hub)(nil)
)

// New makes a hub without logs.
func New(opts ...Option) *Hub {
	h := &Hub{
		settings: settings{
			retention: transport.Retention{Count: DefaultCount},
			maxRecord: DefaultMaxRecord,
			ids:       DefaultIDs,
			window:    DefaultWindow,
		},
		stores: map[string]*store{},
		links:  map[*Link]struct{}{},
	}
	for _, o := range opts {
		o(&h.settings)
	}
	h.self = h.Link("hub")
	return h
}

// Link makes one node's link to the hub. The name is for errors and need not be unique: a node that died comes back with
// a new link of its old name.
func (h *Hub) Link(name string) *Link {
	l := &Link{hub: h, name: name, down: make(chan struct{})}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		l.leave(closed)
		return l
	}
	h.links[l] = struct{}{}
	return l
}

// Open finds or makes the log of a topic: see transport.Transport.
func (h *Hub) Open(ctx context.Context, topic string, cfg transport.Config) (transport.Log, error) {
	return h.self.Open(ctx, topic, cfg)
}

// Capabilities are all there are.
func (h *Hub) Capabilities() transport.Capabilities {
	return transport.Capabilities{
		Name: "memory", Replay: true, Time: true, Groups: true, KeyedGroups: true, Dedup: true, Patterns: true,
		Count: true, Bytes: true, Age: true, MaxRecord: h.settings.maxRecord,
	}
}

// Topics tells of every log there is and will be: see transport.Catalog.
func (h *Hub) Topics(ctx context.Context, seen func(topic string)) error {
	return h.self.Topics(ctx, seen)
}

// Remove drops a log for everybody: see transport.Catalog.
func (h *Hub) Remove(ctx context.Context, topic string) error { return h.self.Remove(ctx, topic) }

// Restart breaks every link once, as a store that is started again does: readers and blocked calls end with ErrLinkDown,
// and work again at once. Unless keep is set the records, positions, remembered IDs and the groups' places are lost: each
// log begins another epoch, and whoever follows from an old position, and every group, gets a GapError. The
// names and settings of logs and groups stay.
func (h *Hub) Restart(keep bool) {
	h.mu.Lock()
	links := slices.Collect(maps.Keys(h.links))
	h.mu.Unlock()
	h.each(func(s *store) {
		for r := range s.readers {
			r.end(transport.ErrLinkDown)
		}
		if !keep {
			s.reset()
		}
	})
	for _, l := range links {
		l.blink()
	}
}

// Close ends all links, readers, and members, and drops the logs. It never waits.
func (h *Hub) Close(context.Context) error {
	h.mu.Lock()
	h.closed = true
	links := slices.Collect(maps.Keys(h.links))
	h.mu.Unlock()
	for _, l := range links {
		l.shut(false)
	}
	h.mu.Lock()
	clear(h.stores)
	h.mu.Unlock()
	return nil
}

// open finds or makes a store.
func (h *Hub) open(topic string, cfg transport.Config) (*store, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, transport.ErrClosed
	}
	s := h.stores[topic]
	if s == nil {
		h.made++
		s = newStore(topic, h.made, h.settings)
		h.stores[topic] = s
		h.news.ring()
	}
	s.configure(cfg)
	return s, nil
}

// each calls f for every store, with the store's mutex held.
func (h *Hub) each(f func(*store)) {
	h.mu.Lock()
	stores := slices.Collect(maps.Values(h.stores))
	h.mu.Unlock()
	for _, s := range stores {
		s.mu.Lock()
		f(s)
		s.mu.Unlock()
	}
}

// fail puts what was done to what in front of an error; nil stays nil.
func fail(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("memory: "+format+": %w", append(args, err)...)
}
