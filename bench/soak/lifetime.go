package main

import (
	"context"
	"sync"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
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

// close closes the systems, in any case within its time.
func (w *world) close() {
	w.closing.Store(true)
	w.closedAt = now()
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
