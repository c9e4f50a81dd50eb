package topic

import (
	"context"
	"fmt"
	"reflect"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/transport"
)

// Topic is a named stream of messages of type M. All handles to one topic are equal; methods may be called concurrently.
type Topic[M any] struct {
	core    *core
	keyBy   func(M) string
	sizeOf  func(M) int
	nilable bool
	arena   *arena[M] // nil where messages are not made in blocks
}

// Open finds the topic or makes it. A name stands for one type: opening it with another is a [*TypeError]. Options of a topic
// that there is already are either left out or the same; another transport or retention is an error.
//
// A topic lives until [Topic.Remove], the end of its actor, or the system's Close. Nothing else removes it: not the end of
// its last subscription, and not time.
//
// Names are made of tokens split by dots, such as "orders.eu.new": at most 255 bytes of UTF-8 without spaces, control
// characters, "*" and ">", and no token empty.
func Open[M any](sys *actor.System, name string, opts ...Option) (*Topic[M], error) {
	t, err := open[M](sys, name, opts)
	if err != nil {
		return nil, wrap("open", name, err)
	}
	return t, nil
}

func open[M any](sys *actor.System, name string, opts []Option) (*Topic[M], error) {
	if sys == nil {
		return nil, fmt.Errorf("system is nil: make one with actor.NewSystem")
	}
	if err := transport.CheckName(name); err != nil {
		return nil, err
	}
	set := settingsOf(opts)
	if set.err != nil {
		return nil, set.err
	}
	typ := reflect.TypeFor[M]()
	t := &Topic[M]{nilable: nilable(typ)}
	if set.keyBy != nil {
		var ok bool
		if t.keyBy, ok = set.keyBy.(func(M) string); !ok {
			return nil, fmt.Errorf("KeyBy takes %v, want func(%v) string", reflect.TypeOf(set.keyBy), typ)
		}
	}
	c, err := registryOf(sys).open(name, typ, set, func(c *core) error { return setUp(c, t) })
	if err != nil {
		return nil, err
	}
	t.core = c
	t.arena, _ = c.arena.(*arena[M])
	if c.set.keyBy != nil {
		t.keyBy = c.set.keyBy.(func(M) string)
	}
	t.sizeOf, _ = c.set.sizeOf.(func(M) int)
	return t, nil
}

// setUp gives a new core what depends on the type.
func setUp[M any](c *core, opened *Topic[M]) error {
	t := &Topic[M]{keyBy: opened.keyBy, nilable: opened.nilable} // opened is still being written to
	c.wrap = func(v any) (*header, error) {
		m, ok := v.(M)
		if !ok {
			if v == nil {
				return nil, ErrNil
			}
			return nil, &TypeError{Topic: c.name, Have: c.typ, Want: reflect.TypeOf(v)}
		}
		return t.message(m, nil)
	}
	c.blank = func() *header { return newMessage(*new(M)) }
	if f, ok := c.set.sizeOf.(func(M) int); ok {
		t.sizeOf = f
		c.weigh = func(h *header) (size int) {
			_ = outcome(func() error {
				size = max(f(valueOf[M](h)), 0)
				return nil
			})
			return size
		}
	}
	size, err := sizer[M](&c.set)
	if err != nil {
		return err
	}
	c.stream = newStream(c, c.set.retain, size)
	if c.set.via == nil {
		if t.keyBy == nil && c.set.sizeOf == nil && !c.stream.isLean() {
			c.arena = newArena[M]()
		}
		return nil
	}
	if err := coded[M](c); err != nil {
		return err
	}
	return c.connect()
}

// sizer is how the size of a message is told, if it can be. It also fills in the retention's defaults.
func sizer[M any](set *settings) (func(*header) int, error) {
	typ := reflect.TypeFor[M]()
	var size func(*header) int
	switch set.sizeOf.(type) {
	case nil:
		switch {
		case typ.Kind() == reflect.String, typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Uint8:
			size = func(h *header) int { return reflect.ValueOf(valueOf[M](h)).Len() }
		}
	case func(M) int: // called by publishers, because here the log is locked
		size = (*header).bytes
	default:
		return nil, fmt.Errorf("SizeOf takes %v, want func(%v) int", reflect.TypeOf(set.sizeOf), typ)
	}
	r := &set.retain
	if r.Bytes > 0 && size == nil {
		return nil, fmt.Errorf("retention counts bytes, but the size of %v is not known: add SizeOf", typ)
	}
	if size != nil && r.Bytes == 0 {
		r.Bytes = 64 << 20
	}
	switch {
	case r.Count < 0:
		r.Count = 0
	case r.Count == 0 && r.Age > 0:
		r.Count = 1 << 40
	case r.Count == 0:
		r.Count = 1024
	}
	return size, nil
}

func settingsOf(opts []Option) settings {
	set := settings{dedup: 1 << 14}
	for _, o := range opts {
		if o != nil {
			o(&set)
		}
	}
	set.asked = set.retain
	return set
}

// conflict compares the options of a later Open with those of the first.
func (s *settings) conflict(later settings) error {
	switch {
	case later.via != nil && later.via != s.via:
		return fmt.Errorf("the topic is open with another transport: open it with the same Via, or without")
	case later.keyBy != nil && s.keyBy == nil:
		return fmt.Errorf("the topic is open without KeyBy: give it when the topic is opened first")
	case later.sizeOf != nil && s.sizeOf == nil:
		return fmt.Errorf("the topic is open without SizeOf: give it when the topic is opened first")
	case later.asked != Retention{} && later.asked != s.asked:
		return fmt.Errorf("the topic is open with another retention (%+v): give the same, or none", s.asked)
	}
	return nil
}

func nilable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Chan, reflect.Func:
		return true
	}
	return false
}

// isNil reports whether v is nil, or a nil of some type.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return nilable(r.Type()) && r.IsNil()
}

// Name is the topic's name.
func (t *Topic[M]) Name() string { return t.core.name }

// PID is the topic's actor. Sending it an M publishes the M, without a word about the outcome: what is not of type M, or finds
// no room for 5 seconds, or comes after Close goes to the system's dead letters with a reason. A message with a sender is a
// request, see [Respond].
func (t *Topic[M]) PID() *actor.PID { return t.core.pid }

// Publish appends a message. nil means that it is in the log: in memory, or acknowledged by the transport. Under [Block] it
// waits for room until ctx ends. Errors: [ErrFull], [ErrClosed], [ErrRemoved], [ErrNil] and the context's mean that it is not
// in the log; [ErrUnknown] that it may be.
//
// The value is shared by all subscribers of this process: nobody may change it afterwards.
//
// A consumer may publish to its own topic, with its own context. If the log is full because of that very consumer, waiting
// would never end: Publish returns ErrFull at once. Called with another context it waits until that ends; the log
// (slog) names the subscription that is waited for after 5 seconds.
func (t *Topic[M]) Publish(ctx context.Context, m M, opts ...PublishOption) error {
	if len(opts) == 0 && t.arena != nil && t.publishPlain(ctx, m) {
		return nil
	}
	h, err := t.message(m, opts)
	if err == nil {
		_, err = t.core.publish(ctx, h)
	}
	if err != nil {
		return wrap("publish", t.core.name, err)
	}
	return nil
}

// publishPlain is the fast path for a value without metadata, when there is room in a log of this process. It reports false
// if it has done nothing.
func (t *Topic[M]) publishPlain(ctx context.Context, m M) bool {
	c := t.core
	if ctx == nil || (t.nilable && isNil(m)) || ctx.Err() != nil || c.reg.sys.Closing() {
		return false
	}
	st, now := c.stream, c.now()
	st.mu.Lock()
	if st.closed != nil || st.sealed || st.tail.Load() >= st.limit {
		st.mu.Unlock()
		return false
	}
	st.put(t.arena.next(m), now)
	st.mu.Unlock()
	st.wake()
	return true
}

// PublishBatch appends messages in order. Other publishers' messages come between them only where the batch has to wait for
// room. If it fails after the first ones the error is a [*BatchError] with their number. The options hold for each message;
// an [ID] does not fit several.
func (t *Topic[M]) PublishBatch(ctx context.Context, ms []M, opts ...PublishOption) error {
	if len(ms) == 0 {
		return nil
	}
	batch := make([]*header, len(ms))
	for i, m := range ms {
		h, err := t.message(m, opts)
		if err == nil && h.meta != nil && h.meta.id != "" {
			err = fmt.Errorf("an ID does not fit a batch: publish its messages one by one")
		}
		if err != nil {
			return wrap("publish", t.core.name, fmt.Errorf("message %d of the batch: %w", i, err))
		}
		batch[i] = h
	}
	n, err := t.core.publish(ctx, batch...)
	if err != nil && n > 0 {
		err = &BatchError{Published: n, Err: err}
	}
	return wrap("publish", t.core.name, err)
}

func (t *Topic[M]) message(m M, opts []PublishOption) (*header, error) {
	if t.nilable && isNil(m) {
		return nil, ErrNil
	}
	h := newMessage(m)
	var key string
	if t.keyBy != nil {
		key = t.keyBy(m)
	}
	h.meta = metaOf(key, opts)
	if t.sizeOf != nil {
		if h.meta == nil {
			h.meta = &meta{}
		}
		h.meta.size = max(t.sizeOf(m), 0)
	}
	return h, nil
}

// Remove ends the topic: publishers get [ErrRemoved], subscriptions end, the log is dropped, and the name is free. It waits
// for the subscriptions until ctx ends. A topic in a transport is closed here; what the transport holds stays for others.
// The topic of its dead letters stays: it is removed like any other.
func (t *Topic[M]) Remove(ctx context.Context) error {
	return wrap("remove", t.core.name, t.core.remove(ctx))
}
