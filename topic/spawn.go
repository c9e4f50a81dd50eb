package topic

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/azutoolkit/echo/actor"
)

// Consumer handles messages, one at a time, so that its state needs no lock. It may have more methods:
//
//	Start(ctx Context) error     // before the first message; an error from it is returned by Spawn
//	Stop(ctx Context) error      // after the last one, and before a restart
//	Receive(ctx actor.Context)   // direct messages: answers to its requests, the ends of actors it watches
type Consumer[M any] interface {
	On(ctx Context, m M) error
}

// Spawn subscribes a consumer with a state of its own, made by new. After a panic it is replaced by a fresh one, which gets the
// same message.
func Spawn[M any, C Consumer[M]](src Source[M], new func() C, opts ...SubscribeOption) (*Subscription, error) {
	cfg := &config{wishes: configure(opts).wishes}
	var sub *Subscription
	var err error
	switch {
	case isNil(src):
		err = errNoSource
	case new == nil:
		err = errors.New("the function that makes consumers is nil")
	default:
		cfg.hooks = hooksOf(new)
		sub, err = src.subscribe(consumerPlan[M, C](), cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("topic: spawn %v: %w", reflect.TypeFor[C](), err)
	}
	return sub, nil
}

var errNoSource = errors.New("source is nil: open a topic, or match a pattern")

func consumerPlan[M any, C Consumer[M]]() plan[M] {
	return plan[M]{
		handle: func(s *subscriber, h *header) error { return s.consumer.(C).On(s, valueOf[M](h)) },
		exact:  func(s *subscriber, h *header) error { return s.consumer.(C).On(s, exactly[M](h)) },
	}
}

// hooksOf finds out what a consumer can do besides.
func hooksOf[C any](build func() C) hooks {
	h := hooks{build: func() any { return build() }}
	typ := reflect.TypeFor[C]()
	if typ.Implements(reflect.TypeFor[interface{ Start(Context) error }]()) {
		h.start = func(c any, ctx Context) error { return c.(interface{ Start(Context) error }).Start(ctx) }
	}
	if typ.Implements(reflect.TypeFor[interface{ Stop(Context) error }]()) {
		h.stop = func(c any, ctx Context) error { return c.(interface{ Stop(Context) error }).Stop(ctx) }
	}
	if typ.Implements(reflect.TypeFor[actor.Actor]()) {
		h.receive = func(c any, ctx direct) { c.(actor.Actor).Receive(ctx) }
	}
	return h
}

// Leg is one of the sources of a consumer of several topics; see [With].
type Leg[C any] struct {
	attach func(s *subscriber) error
	reg    *registry
	opts   []SubscribeOption
	err    error
}

// With is a source and the method that handles its messages, for [SpawnOn]. Of the options, [Name] and [Supervise] hold for
// the consumer as a whole, wherever they stand; the others for this source. [Parallel] and [Group] have no meaning here.
func With[C, M any](src Source[M], fn func(C, Context, M) error, opts ...SubscribeOption) Leg[C] {
	if isNil(src) {
		return Leg[C]{err: errNoSource}
	}
	return Leg[C]{reg: src.registry(), opts: opts, attach: func(s *subscriber) error {
		if fn == nil {
			return fmt.Errorf("method is nil")
		}
		cfg := configured(opts)
		if cfg.parallel > 1 || cfg.group != "" {
			return fmt.Errorf("a consumer of several topics is one: Parallel and Group have no meaning")
		}
		if err := typed[M](cfg); err != nil {
			return err
		}
		p := plan[M]{handle: func(s *subscriber, h *header) error { return fn(s.consumer.(C), s, valueOf[M](h)) }}
		return src.join(s, p, cfg)
	}}
}

// SpawnOn subscribes one consumer to several sources, of different types: it still handles one message at a time. Messages of
// one topic come in order; between topics there is none.
func SpawnOn[C any](sys *actor.System, new func() C, legs ...Leg[C]) (*Subscription, error) {
	sub, err := spawnOn(sys, new, legs)
	if err != nil {
		return nil, fmt.Errorf("topic: spawn %v: %w", reflect.TypeFor[C](), err)
	}
	return sub, nil
}

func spawnOn[C any](sys *actor.System, new func() C, legs []Leg[C]) (*Subscription, error) {
	switch {
	case sys == nil:
		return nil, fmt.Errorf("system is nil: make one with actor.NewSystem")
	case new == nil:
		return nil, fmt.Errorf("the function that makes consumers is nil")
	case len(legs) == 0:
		return nil, fmt.Errorf("no source: add topic.With")
	}
	reg := registryOf(sys)
	var opts []SubscribeOption
	for _, l := range legs {
		switch {
		case l.err != nil:
			return nil, l.err
		case l.attach == nil:
			return nil, errors.New("a source is empty: make it with topic.With")
		case l.reg != reg:
			return nil, fmt.Errorf("a source belongs to another system")
		}
		opts = append(opts, l.opts...)
	}
	all := configured(opts)
	cfg := configured(nil)
	cfg.name, cfg.policy, cfg.hooks, cfg.err = all.name, all.policy, hooksOf(new), all.err
	if cfg.err != nil {
		return nil, cfg.err
	}
	s, err := reg.roamer(cfg)
	if err != nil {
		return nil, err
	}
	err = s.startHook()
	for _, l := range legs {
		if err == nil {
			err = l.attach(s)
		}
	}
	sub := &Subscription{hosts: []*subscriber{s}}
	if err != nil {
		s.requestStop(err)
		s.release()
		return nil, err
	}
	s.release()
	s.schedule()
	return sub, nil
}
