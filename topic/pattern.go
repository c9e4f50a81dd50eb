package topic

import (
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/transport"
)

// Pattern stands for all topics whose name matches and whose messages are of type M: those that there are and those that
// come later. It is a [Source].
type Pattern[M any] struct {
	sys     *actor.System
	pattern string
}

// Match is a pattern of topic names, with the rules of NATS: names are tokens split by dots, "*" stands for one token, ">" as
// the last token for one or more. If M is an interface type the pattern takes every topic whose type implements it;
// Match[any] takes all.
//
// A subscription to a pattern is one consumer with a place in each topic: messages of one topic come in order, between topics
// there is none. It gets a topic that comes later from its first message; the option [From] holds for those that there are.
// Where the topics are in transports, those opened by this system are meant.
func Match[M any](sys *actor.System, p string) (*Pattern[M], error) {
	err := transport.CheckPattern(p)
	if sys == nil {
		err = fmt.Errorf("system is nil: make one with actor.NewSystem")
	}
	if err != nil {
		return nil, wrap("match", p, err)
	}
	return &Pattern[M]{sys: sys, pattern: p}, nil
}

func (p *Pattern[M]) registry() *registry { return registryOf(p.sys) }

// Subscribe is like [Topic.Subscribe], for all topics that match.
func (p *Pattern[M]) Subscribe(fn func(Context, M) error, opts ...SubscribeOption) (*Subscription, error) {
	return subscribeFunc(p, p.pattern, fn, opts)
}

// SubscribeBatch is like [Topic.SubscribeBatch]; a batch holds messages of one topic.
func (p *Pattern[M]) SubscribeBatch(n int, wait time.Duration, fn func(Context, []M) error, opts ...SubscribeOption) (*Subscription, error) {
	return subscribeBatch(p, p.pattern, n, wait, fn, opts)
}

// SubscribePID is like [Topic.SubscribePID], for all topics that match.
func (p *Pattern[M]) SubscribePID(pid *actor.PID, opts ...SubscribeOption) (*Subscription, error) {
	return subscribePID(p, p.pattern, pid, opts)
}

// A pattern without its type: it gives its consumers a place in every topic that matches.
type pattern struct {
	reg   *registry
	name  string
	fits  func(reflect.Type) bool
	join  func(c *core, s *subscriber, from Start) error
	hosts []*subscriber

	mu   sync.Mutex
	left bool // guarded by mu
}

func (p *pattern) matches(c *core) bool {
	return p.fits(c.typ) && transport.Match(p.name, c.name)
}

// attach gives the consumers a place in the topic.
func (p *pattern) attach(c *core, from Start) {
	p.mu.Lock()
	left := p.left
	p.mu.Unlock()
	if left || !c.takeIn(p) {
		return
	}
	for _, s := range p.hosts {
		if err := p.join(c, s, from); err != nil && !c.removed() {
			p.reg.logger().Error("echo: pattern subscription cannot join a topic", "pattern", p.name, "topic", c.name, "subscription", s.label(), "error", err)
		}
	}
}

// leave stops the pattern from joining further topics.
func (p *pattern) leave() {
	p.mu.Lock()
	p.left = true
	p.mu.Unlock()
	p.reg.mu.Lock()
	delete(p.reg.patterns, p)
	p.reg.mu.Unlock()
	for _, c := range p.reg.cores() {
		c.mu.Lock()
		delete(c.patterns, p)
		c.mu.Unlock()
	}
}

// takeIn reports whether the pattern comes for the first time. It comes twice to a topic that is opened while it subscribes.
func (c *core) takeIn(p *pattern) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.patterns[p] {
		return false
	}
	if c.patterns == nil {
		c.patterns = map[*pattern]bool{}
	}
	c.patterns[p] = true
	return true
}

func (p *Pattern[M]) subscribe(plan plan[M], cfg *config) (*Subscription, error) {
	if err := typed[M](cfg); err != nil {
		return nil, err
	}
	if cfg.responder {
		return nil, fmt.Errorf("a pattern cannot respond: call Respond for each topic")
	}
	reg := p.registry()
	group := cfg.group
	if cfg.parallel > 1 && cfg.name == "" {
		cfg.name = "$" + p.pattern + reg.unique()
	}
	if cfg.parallel > 1 && group == "" {
		group = "~" + cfg.name
	}
	pt := &pattern{reg: reg, name: p.pattern, fits: fits[M]}
	pt.join = func(c *core, s *subscriber, from Start) error {
		return c.join(s, plan.handler(cfg), plan.batcher(), cfg, from, group)
	}
	sub := &Subscription{pattern: pt}
	var alive atomic.Int64
	alive.Store(int64(cfg.parallel))
	for range cfg.parallel {
		s, err := reg.roamer(cfg)
		if err == nil {
			s.many.closer(func() {
				if alive.Add(-1) == 0 {
					pt.leave()
				}
			})
			pt.hosts = append(pt.hosts, s)
			sub.hosts = pt.hosts
			if err = s.startHook(); err == nil && cfg.follows != nil {
				s.Context.Watch(cfg.follows)
			}
		}
		if err != nil {
			for _, s := range pt.hosts {
				s.requestStop(err)
				s.release()
			}
			return nil, err
		}
	}
	reg.mu.Lock()
	reg.patterns[pt] = true
	reg.mu.Unlock()
	for _, c := range reg.opened() {
		if pt.matches(c) {
			pt.attach(c, cfg.from)
		}
	}
	for _, s := range pt.hosts {
		s.release()
		s.schedule()
	}
	return sub, nil
}

// join gives a consumer of several sources a place in every topic that matches.
func (p *Pattern[M]) join(s *subscriber, plan plan[M], cfg *config) error {
	reg := p.registry()
	pt := &pattern{reg: reg, name: p.pattern, fits: fits[M], hosts: []*subscriber{s}}
	pt.join = func(c *core, s *subscriber, from Start) error {
		return c.join(s, plan.handler(cfg), plan.batcher(), cfg, from, "")
	}
	reg.mu.Lock()
	reg.patterns[pt] = true
	reg.mu.Unlock()
	s.many.closer(pt.leave)
	for _, c := range reg.opened() {
		if pt.matches(c) {
			pt.attach(c, cfg.from)
		}
	}
	return nil
}

// fits reports whether messages of a topic of that type are M.
func fits[M any](topic reflect.Type) bool {
	m := reflect.TypeFor[M]()
	return topic == m || (m.Kind() == reflect.Interface && topic.Implements(m))
}
