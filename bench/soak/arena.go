package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// An arena is a topic, from its opening to its removal.
type arena struct {
	name    string
	number  uint32
	handles []*topic.Topic[Event] // one for each system
	log     *ledger
	witness []*subject // one for each system: sees everything, from the first message to the last
	squads  []*squad
	removed bool // guarded by the world's mutex
}

// A squad is a group. Its first member, the anchor, stays; others come and go.
type squad struct {
	name    string
	arena   *arena
	anchors []*subject
	spec    spec // what all members have in common: flow and buffer
}

// open makes an arena in all systems of the world, and those who stay in it.
func (w *world) open(rng *rand.Rand, name string, opts ...topic.Option) (*arena, error) {
	a := &arena{name: name, number: uint32(w.id())}
	opts = append(opts, topic.KeyBy(keyOf))
	for i, sys := range w.systems {
		if w.hub != nil {
			opts = append(opts, topic.Via(w.links[i]))
		}
		t, err := topic.Open[Event](sys, name, opts...)
		if err != nil {
			return nil, err
		}
		a.handles = append(a.handles, t)
		if err := w.collect(t, i); err != nil {
			return nil, err
		}
		s := &subject{w: w, name: fmt.Sprintf("witness%d", w.id()), source: name, arena: a, system: i,
			spec: spec{flow: topic.Block, buffer: 4096, from: topic.Earliest, start: "Earliest", parallel: 1}}
		if err := s.subscribe(t); err != nil {
			return nil, err
		}
		a.witness = append(a.witness, s)
	}
	for range 1 + rng.IntN(2) {
		if err := w.form(rng, a); err != nil {
			return nil, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arenas = append(w.arenas, a)
	w.history = append(w.history, a)
	if w.hub == nil {
		a.log = w.books.ledger(name, a.witness[0].sub.Start().Epoch)
	}
	return a, nil
}

// form makes a group, with an anchor in every system.
func (w *world) form(rng *rand.Rand, a *arena) error {
	sp := randomSpec(rng, true)
	sp.flow, sp.from, sp.start, sp.filter, sp.parallel = topic.Block, topic.Latest, "Latest", 0, 1
	q := &squad{name: fmt.Sprintf("group%d", w.id()), arena: a, spec: sp}
	for i, t := range a.handles {
		s := w.member(q)
		s.system = i
		if err := s.subscribe(t); err != nil {
			return err
		}
		q.anchors = append(q.anchors, s)
	}
	a.squads = append(a.squads, q)
	return nil
}

// member is a new member of the squad, which never ends by itself.
func (w *world) member(q *squad) *subject {
	sp := randomSpec(w.random(), true)
	sp.flow, sp.buffer, sp.from, sp.start, sp.filter, sp.parallel = q.spec.flow, q.spec.buffer, q.spec.from, q.spec.start, 0, 1
	sp.batch = min(sp.batch, sp.buffer)
	sp.retries, sp.restarts = q.spec.retries, 0
	sp.kind = w.random().IntN(len(tempers) - 1) // not the last, which ends its consumer
	sp.temper = tempers[sp.kind]
	return &subject{w: w, name: fmt.Sprintf("s%d", w.id()), source: q.arena.name + "/" + q.name, arena: q.arena, squad: q, spec: sp}
}

// remove ends an arena while others publish to it and read it.
func (w *world) remove(a *arena) {
	w.mu.Lock()
	a.removed = true
	for i, other := range w.arenas {
		if other == a {
			w.arenas = append(w.arenas[:i:i], w.arenas[i+1:]...)
			break
		}
	}
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, t := range a.handles {
		if err := t.Remove(ctx); err != nil && !w.closing.Load() {
			w.violation("remove %s: %v", a.name, err)
		}
	}
}

// collect listens to a topic's dead letters.
func (w *world) collect(t *topic.Topic[Event], system int) error {
	if system > 0 {
		return nil // the dead letters are in the transport too: one listener sees all
	}
	w.mu.Lock()
	heard := w.heard[t.Name()]
	w.heard[t.Name()] = true
	w.mu.Unlock()
	if heard {
		return nil
	}
	dead, err := t.DeadLetters()
	if err != nil {
		return err
	}
	_, err = dead.Subscribe(func(_ topic.Context, d topic.DeadLetter) error {
		w.bury(d)
		return nil
	}, topic.Name("undertaker"), topic.From(topic.Earliest))
	return err
}

func (w *world) bury(d topic.DeadLetter) {
	l := w.books.ledger(d.Topic, d.Position.Epoch)
	w.mu.Lock()
	defer w.mu.Unlock()
	l.letter[letter{d.Consumer, d.Position.Major, d.Attempts}]++
	w.buried++
}

// undelivered gets what a system calls dead.
func (w *world) undelivered(d actor.DeadLetter) {
	switch m := d.Message.(type) {
	case topic.DeadLetter:
		w.bury(m)
	case Event:
		w.mu.Lock()
		defer w.mu.Unlock()
		if d.To != nil && w.ears[d.To.Id] {
			return // published, and handed out: the actor has lost it
		}
		if errors.Is(d.Reason, topic.ErrUnknown) {
			w.maybe[m] = true
		} else {
			w.lost[m] = true
		}
	}
}

// patience is how long anything may take that must end.
const patience = 20 * time.Second
