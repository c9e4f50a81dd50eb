package topic

import (
	"crypto/rand"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/azutoolkit/echo/actor"
)

// A registry holds the topics of one system.
type registry struct {
	sys      *actor.System
	dog      *watchdog
	base     time.Time // times are what has passed since then, so that a clock that is set does not move them
	wall     int64     // base in nanoseconds since 1970
	draining atomic.Bool
	moved    chan struct{} // nudged while draining
	pids     sync.Map      // id → *core
	names    atomic.Uint64

	mu       sync.Mutex
	topics   map[string]*entry        // guarded by mu
	patterns map[*pattern]bool        // guarded by mu
	roamers  map[*subscriber]struct{} // guarded by mu: consumers of several topics
	leaving  map[*core]struct{}       // guarded by mu: removed, but consumers have not come back
}

// An entry is a topic that there is, or that somebody is opening.
type entry struct {
	ready chan struct{} // closed when core and err are set
	core  *core
	err   error
}

type registryKey struct{}

func registryOf(sys *actor.System) *registry {
	return actor.Extend(sys, registryKey{}, func() *registry {
		now := time.Now()
		return &registry{sys: sys, dog: &watchdog{stop: make(chan struct{})}, base: now, wall: now.UnixNano(), moved: make(chan struct{}, 1),
			topics: map[string]*entry{}, patterns: map[*pattern]bool{}, roamers: map[*subscriber]struct{}{}}
	})
}

func (r *registry) logger() *slog.Logger { return r.sys.Logger() }

func (r *registry) now() int64 { return r.wall + int64(time.Since(r.base)) }

func (r *registry) newEpoch() string { return strings.ToLower(rand.Text()[:10]) }

func (r *registry) unique() string { return strconv.FormatUint(r.names.Add(1), 10) }

func (r *registry) byPID(pid *actor.PID) *core {
	if pid == nil {
		return nil
	}
	if c, ok := r.pids.Load(pid.Id); ok && pid.Address == c.(*core).pid.Address {
		return c.(*core)
	}
	return nil
}

// open finds the topic, or makes it. Of several callers at once one makes it and the others wait.
func (r *registry) open(name string, typ reflect.Type, set settings, make_ func(*core) error) (*core, error) {
	for {
		r.mu.Lock()
		e := r.topics[name]
		if e == nil {
			if r.sys.Closing() {
				r.mu.Unlock()
				return nil, ErrClosed
			}
			e = &entry{ready: make(chan struct{})}
			r.topics[name] = e
			r.mu.Unlock()
			r.make(e, name, typ, set, make_)
			return e.core, e.err
		}
		r.mu.Unlock()
		<-e.ready
		if e.err != nil {
			return nil, e.err
		}
		select {
		case <-e.core.gone: // being removed: it will be another topic
			r.forget(e.core)
			continue
		default:
		}
		if e.core.removed() {
			<-e.core.gone
			continue
		}
		if e.core.typ != typ {
			return nil, &TypeError{Topic: name, Have: e.core.typ, Want: typ}
		}
		return e.core, e.core.set.conflict(set)
	}
}

func (r *registry) make(e *entry, name string, typ reflect.Type, set settings, finish func(*core) error) {
	defer close(e.ready)
	c := newCore(r, name, typ, set)
	if set.via == nil {
		e.err = finish(c)
	} else {
		e.err = outcome(func() error { return finish(c) }) // a transport is the user's
	}
	if e.err == nil {
		e.err = c.start()
	}
	if e.err != nil {
		if c.bridge != nil {
			c.bridge.end(nil)
		}
		r.mu.Lock()
		delete(r.topics, name)
		r.mu.Unlock()
		return
	}
	r.mu.Lock()
	e.core = c // forget looks at it, for a topic that was there before
	r.mu.Unlock()
	if r.draining.Load() {
		c.seal()
	}
	r.pids.Store(c.pid.Id, c)
	r.mu.Lock()
	var matching []*pattern
	for p := range r.patterns {
		if p.matches(c) {
			matching = append(matching, p)
		}
	}
	r.mu.Unlock()
	for _, p := range matching {
		p.attach(c, opened{})
	}
}

// forget takes a removed topic out of the books.
func (r *registry) forget(c *core) {
	r.pids.CompareAndDelete(c.pid.Id, c)
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.topics[c.name]; e != nil && e.core == c {
		delete(r.topics, c.name)
		r.leaveLocked(c)
	}
}

func (c *core) removed() bool { return c.stream.ended() != nil }

// ended is why nothing more is appended, or nil.
func (st *stream) ended() error {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.closed
}

// opened are the topics that there are, and those that somebody is opening, once they are.
func (r *registry) opened() (all []*core) {
	for _, e := range r.entries() {
		if <-e.ready; e.core != nil {
			all = append(all, e.core)
		}
	}
	return all
}

func (r *registry) entries() []*entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.topics))
}

// cores are the topics that there are.
func (r *registry) cores() (all []*core) {
	for _, e := range r.entries() {
		select {
		case <-e.ready:
			if e.core != nil {
				all = append(all, e.core)
			}
		default:
		}
	}
	return all
}

// subscribers are all that there are.
func (r *registry) subscribers() (all []*subscriber) {
	for _, c := range r.cores() {
		for _, s := range c.hosts() {
			if s.core != nil {
				all = append(all, s)
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.roamers {
		all = append(all, s)
	}
	for c := range r.leaving {
		all = append(all, c.own()...)
	}
	return all
}
