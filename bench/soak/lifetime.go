package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/transport"
)

// crowd are goroutines that end together.
type crowd struct {
	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup
}

func newCrowd() *crowd {
	ctx, cancel := context.WithCancel(context.Background())
	return &crowd{ctx: ctx, stop: cancel}
}

func (c *crowd) start(f func(ctx context.Context)) { c.wg.Go(func() { f(c.ctx) }) }

func (c *crowd) end() {
	c.stop()
	c.wg.Wait()
}

// run lets everything happen for some time, ends the world, and checks what was seen.
func (w *world) run(d time.Duration) {
	w.spend(d)
	w.check()
}

// Ways to end a world.
const (
	anyhow   = iota // while all goes on, or as below
	calmly          // after all has been handled, and all are gone that do not stay
	abruptly        // without time for anything
)

// ending draws one. Where a transport lies between, what is complete can only be told in calm.
func (w *world) ending() int {
	switch n := w.rng.IntN(10); {
	case w.endings != anyhow:
		return w.endings
	case w.hub != nil || n < 3:
		return calmly
	case n < 5:
		return abruptly
	}
	return anyhow
}

// spend lets everything happen for some time, and ends the world.
func (w *world) spend(d time.Duration) {
	gates, publishers, meddlers := newCrowd(), newCrowd(), newCrowd()
	gates.start(func(ctx context.Context) {
		for ctx.Err() == nil {
			wait(ctx, 5*time.Millisecond)
			w.openGate()
		}
	})
	defer gates.end()
	base := w.strangers()
	w.populate(publishers, meddlers)
	wait(publishers.ctx, d)
	switch w.ending() {
	case calmly:
		w.calm = true
		publishers.end()
		meddlers.end()
		w.settle(base)
	case abruptly:
		w.abrupt = true
	}
	w.close()
	publishers.end()
	meddlers.end()
	w.drains.Wait()
	w.afterlife()
}

// populate starts those who publish and those who meddle.
func (w *world) populate(publishers, meddlers *crowd) {
	for i := range 4 {
		p := &publisher{w: w, pub: uint32(w.id()), sender: uint32(w.id()), system: i % len(w.systems), rng: w.random(),
			seqs: map[*arena]uint32{}, sent: map[*arena]uint32{}}
		w.publishers = append(w.publishers, p)
		publishers.start(p.run)
	}
	meddlers.start(func(ctx context.Context) { w.churn(ctx, true) })
	meddlers.start(func(ctx context.Context) { w.churn(ctx, false) })
	if w.hub != nil {
		meddlers.start(w.breakLinks)
		return
	}
	meddlers.start(w.renew)
	t, err := topic.Open[query](w.systems[0], "ask")
	if err != nil {
		w.violation("open: %v", err)
		return
	}
	for range 2 {
		publishers.start(func(ctx context.Context) { w.ask(ctx, t) })
		meddlers.start(func(ctx context.Context) { w.respond(ctx, t) })
	}
}

// renew removes topics and opens them again.
func (w *world) renew(ctx context.Context) {
	rng := w.random()
	for ctx.Err() == nil {
		wait(ctx, time.Duration(50+rng.IntN(200))*time.Millisecond)
		if a := w.anyArena(rng); a != nil && a.name != "out" && a.name != "t.0" && !w.closing.Load() && ctx.Err() == nil {
			w.remove(a)
			w.report.count("topics removed", 1)
			if _, err := w.open(rng, a.name); err != nil && !w.closing.Load() {
				w.violation("open %s again: %v", a.name, err)
			}
		}
	}
}

// breakLinks cuts and heals links, makes them slow, and loses replies. All links are well when it returns.
func (w *world) breakLinks(ctx context.Context) {
	rng := w.random()
	for ctx.Err() == nil {
		wait(ctx, time.Duration(rng.IntN(100))*time.Millisecond)
		l := w.links[rng.IntN(len(w.links))]
		w.report.count("faults of links", 1)
		switch rng.IntN(3) {
		case 0:
			l.Cut()
			wait(ctx, time.Duration(rng.IntN(60))*time.Millisecond)
			l.Heal()
		case 1:
			l.Delay(time.Duration(rng.IntN(2000)) * time.Microsecond)
			wait(ctx, time.Duration(rng.IntN(60))*time.Millisecond)
			l.Delay(0)
		case 2:
			l.LoseReplies(1 + rng.IntN(5))
		}
	}
}

// settle waits until all is handled, ends what may be ended, and looks for what is left.
func (w *world) settle(base int) {
	w.drains.Wait()
	for _, s := range w.alive() {
		s.resume()
	}
	if w.hub != nil { // what the transport has must be here first
		w.settleArenas()
	}
	for _, s := range w.alive() {
		if w.rng.IntN(2) == 0 || w.hub != nil {
			w.await(fmt.Sprintf("%v handles everything", s), s.idle)
		}
		if w.hub == nil || w.rng.IntN(2) == 0 {
			w.forget(s)
			if w.rng.IntN(2) == 0 {
				s.stop()
			} else {
				s.drain()
			}
		}
	}
	for _, s := range w.all() {
		if s.pid != nil {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			if err := w.systems[s.system].Drain(ctx, s.pid); err != nil {
				w.violation("%v: drain its actor: %v", s, err)
			}
			cancel()
			w.await(fmt.Sprintf("%v ends with its actor", s), func() bool { return isClosed(s.sub.Done()) })
		}
	}
	if w.hub == nil {
		w.settleArenas()
		w.await("all actors end but those that stay", func() bool { return w.strangers() <= base+1 }) // the topic for requests
	}
}

func (w *world) settleArenas() {
	for _, a := range w.arenas {
		w.settleArena(a)
	}
}

// settleArena waits until those who stay have seen all there is, and checks that nobody else is there.
func (w *world) settleArena(a *arena) {
	if w.hub != nil {
		last := w.inTransport(a)
		for i, t := range a.handles {
			w.await(fmt.Sprintf("%s in system %d has all %d messages", a.name, i, last), func() bool { return t.Stats().Published == last })
		}
	}
	stay := a.staff()
	for _, s := range stay {
		w.await(fmt.Sprintf("%v handles everything", s), s.idle)
	}
	if w.hub != nil {
		w.await(fmt.Sprintf("the groups of %s have nothing left in the transport", a.name), func() bool { return w.pending(a) == 0 })
		return // the others end with the system
	}
	w.await(fmt.Sprintf("%s has %d subscriptions", a.name, len(stay)), func() bool { return len(a.handles[0].Stats().Subscriptions) == len(stay) })
}

// staff are the subjects that stay as long as the arena.
func (a *arena) staff() []*subject {
	stay := append([]*subject(nil), a.witness...)
	for _, q := range a.squads {
		stay = append(stay, q.anchors...)
	}
	return stay
}

// inTransport is how much the log in the transport holds.
func (w *world) inTransport(a *arena) uint64 { return w.transportStats(a).Last.Major }

// pending is how many messages the groups that stay have not acknowledged.
func (w *world) pending(a *arena) (n int64) {
	for _, g := range w.transportStats(a).Groups {
		if slices.ContainsFunc(a.squads, func(q *squad) bool { return q.name == g.Name }) {
			n += int64(g.Pending) + int64(g.Lag)
		}
	}
	return n
}

func (w *world) transportStats(a *arena) transport.Stats {
	ctx := context.Background()
	log, err := w.hub.Open(ctx, a.name, transport.Config{})
	if err != nil {
		w.violation("open %s: %v", a.name, err)
		return transport.Stats{}
	}
	defer log.Close()
	stats, err := log.Stats(ctx)
	if err != nil {
		w.violation("statistics of %s: %v", a.name, err)
	}
	return stats
}

// strangers is how many actors there are that do not belong to those who stay.
func (w *world) strangers() (n int) {
	for _, a := range w.arenas {
		n -= len(a.staff())
	}
	for _, sys := range w.systems {
		for _, shard := range sys.Engine().ProcessRegistry.LocalPIDs.LocalPIDs {
			n += shard.Count()
		}
	}
	return n
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// await waits for something that has to come true.
func (w *world) await(what string, true_ func() bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for !true_() {
		if ctx.Err() != nil {
			w.violation("never: %s", what)
			return false
		}
		wait(ctx, time.Millisecond)
	}
	return true
}

// close closes the systems, in any case within its time.
func (w *world) close() {
	w.closing.Store(true)
	limit := patience
	if w.abrupt {
		limit = time.Duration(w.rng.IntN(20)) * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	begin := time.Now()
	for _, sys := range w.systems {
		if err := sys.Close(ctx); err != nil && !w.abrupt {
			w.violation("close: %v", err)
		}
	}
	if took := time.Since(begin); took > limit+time.Second+time.Duration(len(w.systems))*actor.Grace {
		w.violation("Close took %v, its context ended after %v", took, limit)
	}
	w.report.count("systems closed", uint64(len(w.systems)))
	if w.hub != nil {
		_ = w.hub.Close(context.Background())
	}
}

// afterlife waits for the ends of all subscriptions.
func (w *world) afterlife() {
	for _, s := range w.all() {
		select {
		case <-s.sub.Done():
		case <-time.After(patience):
			w.violation("%v: has not ended, though its system is closed", s)
		}
	}
}
