package topic

import (
	"fmt"
	"reflect"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
)

// Source is where a consumer's messages come from: a [Topic] or a [Pattern].
type Source[M any] interface {
	subscribe(p plan[M], cfg *config) (*Subscription, error)
	join(s *subscriber, p plan[M], cfg *config) error
	registry() *registry
}

// A plan says how a consumer handles messages of type M.
type plan[M any] struct {
	handle handler
	exact  handler // the same, faster, for topics whose type is M itself
	batch  func(s *subscriber, ms []M) error
	n      int
	wait   time.Duration
}

// exactly is the plan for a topic of type M, and not of one that implements M.
func (p plan[M]) exactly() plan[M] {
	if p.exact != nil {
		p.handle = p.exact
	}
	return p
}

// handler makes the plan fit the untyped core.
func (p plan[M]) handler(cfg *config) handler {
	f := p.handle
	switch {
	case f == nil:
		return nil
	case cfg.responder:
		return func(s *subscriber, h *header) error {
			if h.meta == nil || h.meta.reply == nil {
				s.passed++
				return nil
			}
			return f(s, h)
		}
	case cfg.filterM != nil:
		filter := cfg.filterM.(func(M) bool)
		return func(s *subscriber, h *header) error {
			if !filter(valueOf[M](h)) {
				s.passed++
				return nil
			}
			return f(s, h)
		}
	}
	return f
}

func (p plan[M]) batcher() *batcher {
	if p.batch == nil {
		return nil
	}
	return &batcher{n: uint64(p.n), wait: p.wait, handle: func(s *subscriber, hs []*header) error {
		ms := make([]M, len(hs))
		for i, h := range hs {
			ms[i] = valueOf[M](h)
		}
		return p.batch(s, ms)
	}}
}

// typed checks what the options say about the type, and prepares the filter for those who read headers.
func typed[M any](cfg *config) error {
	if cfg.err != nil {
		return cfg.err
	}
	if cfg.filterM == nil {
		return nil
	}
	f, ok := cfg.filterM.(func(M) bool)
	if !ok {
		return fmt.Errorf("Filter takes %T, want func(%v) bool", cfg.filterM, reflect.TypeFor[M]())
	}
	cfg.filter = func(h *header) bool { return f(valueOf[M](h)) }
	return nil
}

func (t *Topic[M]) registry() *registry { return t.core.reg }

// Subscribe calls fn for each message, one at a time and in order. When it returns every later publication reaches fn. An
// error from fn brings the same message again, and a panic as well, as the [supervisor.Policy] says.
func (t *Topic[M]) Subscribe(fn func(Context, M) error, opts ...SubscribeOption) (*Subscription, error) {
	return subscribeFunc(t, t.core.name, fn, opts)
}

// SubscribeBatch calls fn with up to n messages at once: with n as soon as there are so many, or with what has come when the
// first of them has waited for the given time. Zero waits for none. A batch fails as a whole and comes again as a whole; given
// up, each of its messages becomes a dead letter. The context's metadata are those of the first message.
func (t *Topic[M]) SubscribeBatch(n int, wait time.Duration, fn func(Context, []M) error, opts ...SubscribeOption) (*Subscription, error) {
	return subscribeBatch(t, t.core.name, n, wait, fn, opts)
}

// SubscribePID sends each message to an actor. The subscription ends with the actor. A message counts as dealt with when it
// is in the actor's mailbox; what the mailbox loses is lost.
func (t *Topic[M]) SubscribePID(pid *actor.PID, opts ...SubscribeOption) (*Subscription, error) {
	return subscribePID(t, t.core.name, pid, opts)
}

func subscribeFunc[M any](src Source[M], name string, fn func(Context, M) error, opts []SubscribeOption) (*Subscription, error) {
	if fn == nil {
		return nil, wrap("subscribe to", name, fmt.Errorf("function is nil: give one that handles messages"))
	}
	sub, err := src.subscribe(plan[M]{
		handle: func(s *subscriber, h *header) error { return fn(s, valueOf[M](h)) },
		exact:  func(s *subscriber, h *header) error { return fn(s, exactly[M](h)) },
	}, configure(opts))
	return sub, wrap("subscribe to", name, err)
}

func subscribeBatch[M any](src Source[M], name string, n int, wait time.Duration, fn func(Context, []M) error, opts []SubscribeOption) (*Subscription, error) {
	switch {
	case fn == nil:
		return nil, wrap("subscribe to", name, fmt.Errorf("function is nil: give one that handles batches"))
	case n < 1 || n > maxBuffer:
		return nil, wrap("subscribe to", name, fmt.Errorf("batch of %d messages: use 1 to %d", n, maxBuffer))
	case wait < 0:
		return nil, wrap("subscribe to", name, fmt.Errorf("batch after %v: use 0 or more", wait))
	}
	cfg := configured(opts)
	cfg.batch, cfg.batchWait = n, wait
	if cfg.buffer < n {
		cfg.buffer = n
	}
	sub, err := src.subscribe(plan[M]{n: n, wait: wait, batch: func(s *subscriber, ms []M) error { return fn(s, ms) }}, cfg)
	return sub, wrap("subscribe to", name, err)
}

func subscribePID[M any](src Source[M], name string, pid *actor.PID, opts []SubscribeOption) (*Subscription, error) {
	if pid == nil {
		return nil, wrap("subscribe to", name, fmt.Errorf("PID is nil"))
	}
	cfg := configured(opts)
	cfg.follows = pid
	sys := src.registry().sys
	sub, err := src.subscribe(plan[M]{handle: func(_ *subscriber, h *header) error {
		sys.Send(pid, valueOf[M](h))
		return nil
	}}, cfg)
	if err != nil {
		return nil, wrap("subscribe to", name, err)
	}
	return sub, nil
}

// subscribe makes the subscribers of one subscription to one topic.
func (t *Topic[M]) subscribe(p plan[M], cfg *config) (*Subscription, error) {
	if err := typed[M](cfg); err != nil {
		return nil, err
	}
	p = p.exactly()
	c := t.core
	if cfg.parallel > 1 || cfg.group != "" {
		return c.subscribeGroup(cfg, p.handler(cfg), p.batcher)
	}
	s, err := c.spawn(cfg, cfg.name)
	if err != nil {
		return nil, err
	}
	if c.bridge != nil && replays(cfg.from) {
		return c.subscribeReplay(s, p.handler(cfg), p.batcher())
	}
	s.leg = leg{special: plain, stream: c.stream, host: s, handle: p.handler(cfg)}
	if p.batch != nil || cfg.flow != Block || c.bridge != nil {
		s.leg.special = &special{batch: p.batcher()}
	}
	if cfg.flow.queues() {
		s.leg.queue = newQueue(cfg.flow, cfg.buffer, cfg.filter, s.label())
	}
	start, err := s.begin(&s.leg, cfg.from)
	if err != nil {
		return nil, err
	}
	return &Subscription{hosts: []*subscriber{s}, start: start}, nil
}

// subscribeGroup makes the members of a group: of the one that is named, or of one of their own.
func (c *core) subscribeGroup(cfg *config, h handler, b func() *batcher) (*Subscription, error) {
	if cfg.name == "" && cfg.parallel > 1 {
		cfg.name = c.subName()
	}
	name := cfg.group
	if name == "" {
		name = "~" + cfg.name
	}
	sub := &Subscription{}
	for i := range cfg.parallel {
		id := cfg.name
		if cfg.parallel > 1 {
			id = fmt.Sprintf("%s#%d", cfg.name, i+1)
		}
		s, err := c.spawn(cfg, id)
		if err == nil {
			sub.hosts = append(sub.hosts, s)
			s.leg = leg{special: &special{batch: b()}, stream: c.stream, host: s, handle: h}
			if err = c.joinGroup(&s.leg, name); err == nil {
				var start Position
				if start, err = s.begin(&s.leg, cfg.from); i == 0 {
					sub.start = start // the others join where the first has got to
				}
			}
		}
		if err != nil {
			sub.Stop()
			return nil, err
		}
	}
	return sub, nil
}

// spawn makes a subscriber's actor, a child of the topic's. It is owned by the caller until begin.
func (c *core) spawn(cfg *config, name string) (*subscriber, error) {
	s := &subscriber{cfg: cfg, core: c}
	s.state.Store(running)
	for {
		element := actor.EscapeName(name)
		if name == "" {
			element = c.subName()
		}
		err := c.spawnActor(s, c.pid.Id+"/"+element)
		if err == nil {
			return s, nil
		}
		if why := c.stream.ended(); why != nil {
			return nil, why
		}
		if name != "" {
			return nil, fmt.Errorf("the topic has a subscription named %q: choose another name", cfg.name)
		}
	}
}

// spawnActor makes an actor of that ID, or of a similar one if a subscription of a removed topic still has it.
func (c *core) spawnActor(s *subscriber, id string) error {
	c.spawnMu.Lock()
	defer c.spawnMu.Unlock()
	c.spawning = s
	_, err := proto.DefaultSpawner(c.reg.sys.Engine(), id, c.props, parent{pid: c.pid})
	if err != nil && c.reg.isLeaving(id) {
		_, err = proto.DefaultSpawner(c.reg.sys.Engine(), id+"~"+c.epoch, c.props, parent{pid: c.pid})
	}
	c.spawning = nil
	return err
}

// A parent is all that the engine asks of a child's parent.
type parent struct {
	proto.SpawnerContext
	pid *actor.PID
}

func (p parent) Self() *proto.PID { return p.pid }

// begin starts the consumer, takes its place in the log, and lets it go. A subscriber that cannot begin is stopped.
func (s *subscriber) begin(l *leg, from Start) (start Position, err error) {
	err = s.startHook()
	if err == nil && s.state.Load()&stopped != 0 {
		err = ErrClosed
	}
	if err == nil {
		start, err = l.stream.attach(l, from)
	}
	if err != nil {
		l.abandon()
		s.requestStop(err)
		s.release()
		return start, err
	}
	if s.cfg.follows != nil {
		s.Context.Watch(s.cfg.follows)
	}
	if s.cfg.responder {
		s.responds = true
		s.core.responders.Add(1)
	}
	s.release()
	s.schedule()
	return start, nil
}
