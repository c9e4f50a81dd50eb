package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

// maxLive is how many subscriptions there are at once, beside those that stay.
const maxLive = 25

// churn subscribes, stops, drains, pauses and resumes until ctx ends. Once the system closes it only subscribes and stops.
// Of several that run at once one may pause and drain: a pause that comes after Drain would be one too many.
func (w *world) churn(ctx context.Context, mayPause bool) {
	rng := w.random()
	for ctx.Err() == nil {
		wait(ctx, time.Duration(rng.IntN(4000))*time.Microsecond)
		w.mu.Lock()
		n := len(w.live)
		w.mu.Unlock()
		if n < maxLive && rng.IntN(3) > 0 {
			w.join(rng)
			continue
		}
		if s := w.pick(rng); s != nil {
			w.meddle(ctx, rng, s, mayPause && !w.closing.Load())
		}
	}
}

// errUnfit: what was drawn makes no sense.
var errUnfit = errors.New("soak: no such subscription")

// join subscribes in some way.
func (w *world) join(rng *rand.Rand) {
	a := w.anyArena(rng)
	if a == nil {
		return
	}
	s := &subject{w: w, name: fmt.Sprintf("s%d", w.id()), source: a.name, arena: a, system: rng.IntN(len(w.systems)), spec: randomSpec(rng, w.hub != nil)}
	var err error
	switch kind := rng.IntN(12); {
	case kind < 2:
		q := a.squads[rng.IntN(len(a.squads))]
		system := s.system
		s = w.member(q)
		s.system = system
		err = s.subscribe(a.handles[s.system])
	case kind == 2:
		err = w.joinPattern(s)
	case kind == 3:
		err = w.joinActor(s)
	case kind == 4 && w.hub == nil:
		err = w.joinRelay(s)
	case kind == 5:
		err = w.joinSeveral(rng, s)
	default:
		err = s.subscribe(a.handles[s.system])
	}
	switch {
	case errors.Is(err, errUnfit):
	case err == nil:
		w.report.count("subscriptions", 1)
		w.mu.Lock()
		w.live = append(w.live, s)
		w.mu.Unlock()
	case errors.Is(err, topic.ErrClosed), errors.Is(err, topic.ErrRemoved), errors.Is(err, actor.ErrClosed):
		if !w.closing.Load() && !slices.ContainsFunc(append(s.several, a), w.isRemoved) {
			w.violation("%v: %v", s, err)
		}
	case w.hub != nil:
		w.report.count("subscriptions refused while the link was down", 1)
	case !w.closing.Load() && !w.isRemoved(a):
		w.violation("%v: %v", s, err)
	}
}

// joinPattern subscribes to all topics of the name t.…
func (w *world) joinPattern(s *subject) error {
	s.arena, s.source = nil, "t.*"
	s.spec.from, s.spec.start, s.spec.parallel, s.spec.batch = topic.Latest, "Latest", 1, 0
	p, err := topic.Match[Event](w.systems[s.system], "t.*")
	if err != nil {
		return err
	}
	return s.subscribe(p)
}

// joinSeveral spawns one consumer on two topics.
func (w *world) joinSeveral(rng *rand.Rand, s *subject) error {
	b := w.anyArena(rng)
	if b == nil || b == s.arena {
		return errUnfit
	}
	a := s.arena
	s.arena, s.source, s.spec.value, s.spec.batch, s.spec.parallel = nil, a.name+" and "+b.name, true, 0, 1
	s.spec.from, s.spec.start = topic.Latest, "Latest"
	s.several = []*arena{a, b}
	opts := s.spec.options(s.name, "")
	s.before = w.published()
	var err error
	s.sub, err = topic.SpawnOn(w.systems[s.system], s.newWatcher,
		topic.With(a.handles[s.system], (*watcher).On, opts...), topic.With(b.handles[s.system], (*watcher).On, opts...))
	if err != nil {
		return err
	}
	s.after = w.published()
	w.enlist(s)
	return nil
}

// joinActor subscribes an actor, which ends now and then before its subscription does.
func (w *world) joinActor(s *subject) error {
	sys := w.systems[s.system]
	s.actor = true
	s.spec = spec{flow: topic.Block, buffer: s.spec.buffer, from: s.spec.from, start: s.spec.start, parallel: 1}
	if w.hub != nil {
		s.spec.from, s.spec.start = topic.Latest, "Latest"
	}
	m := s.member("the actor")
	pid, err := sys.Spawn(func() actor.Actor { return &ear{m} }, actor.Supervise(supervisor.Policy{}))
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.ears[pid.Id] = true
	w.mu.Unlock()
	s.before = w.published()
	s.sub, err = s.arena.handles[s.system].SubscribePID(pid, s.spec.options(s.name, "")...)
	if err != nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return errors.Join(err, sys.Stop(ctx, pid))
	}
	s.pid = pid
	s.after = w.published()
	w.enlist(s)
	return nil
}

// joinRelay subscribes a consumer that publishes what it gets on another topic.
func (w *world) joinRelay(s *subject) error {
	if s.arena == w.out {
		return errUnfit
	}
	s.spec.parallel, s.spec.batch, s.spec.temper, s.spec.kind = 1, 0, moody, 2
	s.relay = &relay{pub: uint32(w.id()), to: w.out}
	w.mu.Lock()
	w.relays = append(w.relays, s.relay)
	w.mu.Unlock()
	return s.subscribe(s.arena.handles[s.system])
}

func (w *world) pick(rng *rand.Rand) *subject {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.live) == 0 {
		return nil
	}
	return w.live[rng.IntN(len(w.live))]
}

// forget takes the subject from those that may be stopped; it reports false if another was faster.
func (w *world) forget(s *subject) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, other := range w.live {
		if other == s {
			w.live = append(w.live[:i:i], w.live[i+1:]...)
			return true
		}
	}
	return false
}

// meddle does something to a subscription.
func (w *world) meddle(ctx context.Context, rng *rand.Rand, s *subject, mayPause bool) {
	switch kind := rng.IntN(10); {
	case kind < 3:
		if w.forget(s) {
			w.report.count("stops", 1)
			s.stop()
		}
	case !mayPause:
	case kind < 5:
		if w.forget(s) {
			w.report.count("drains", 1)
			w.drains.Go(func() { s.drain() })
		}
	case kind < 6 && s.pid != nil:
		w.report.count("actors stopped", 1)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := w.systems[s.system].Stop(ctx, s.pid); err != nil && !w.closing.Load() {
			w.violation("stop the actor of %v: %v", s, err)
		}
	default:
		w.report.count("pauses", 1)
		s.pause()
		wait(ctx, time.Duration(rng.IntN(3000))*time.Microsecond)
		if rng.IntN(50) > 0 {
			s.resume()
		}
	}
}
