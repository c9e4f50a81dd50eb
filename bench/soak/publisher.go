package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/transport"
)

// A publisher publishes on all arenas, in all ways. It is two in the books: what it sends to PIDs is counted apart, because
// of that it does not hear.
type publisher struct {
	w        *world
	pub      uint32
	sender   uint32
	system   int
	rng      *rand.Rand
	seqs     map[*arena]uint32 // last sequence number published
	sent     map[*arena]uint32 // last sequence number sent
	refusals uint64
}

// quota is how many messages one publisher may have in one log, so that the books fit in memory. Where the log is in a
// transport nothing makes publishers wait for slow consumers.
func (w *world) quota() uint32 {
	if w.hub != nil {
		return 3_000
	}
	return 20_000
}

func (p *publisher) run(ctx context.Context) {
	for ctx.Err() == nil {
		a := p.w.anyArena(p.rng)
		if a == nil || p.seqs[a]+p.sent[a] > p.w.quota() {
			wait(ctx, time.Millisecond)
			continue
		}
		for range 1 + p.rng.IntN(30) {
			if ctx.Err() != nil {
				return
			}
			p.publish(ctx, a)
		}
		if p.rng.IntN(20) == 0 {
			wait(ctx, time.Duration(p.rng.IntN(2000))*time.Microsecond)
		}
	}
}

func (p *publisher) event(a *arena, pub, seq uint32) Event {
	e := Event{Arena: a.number, Pub: pub, Seq: seq}
	if p.rng.IntN(10) < 6 {
		e.Key = "k" + strconv.Itoa(p.rng.IntN(8))
	}
	return e
}

func (p *publisher) publish(ctx context.Context, a *arena) {
	switch p.rng.IntN(8) {
	case 0:
		p.publishBatch(ctx, a)
	case 1:
		p.sent[a]++
		p.w.systems[p.system].Send(a.handles[p.system].PID(), p.event(a, p.sender, p.sent[a]))
	default:
		e := p.event(a, p.pub, p.seqs[a]+1)
		if p.settle(ctx, a, e) {
			p.seqs[a]++
		}
	}
}

// settle publishes one event, and reports whether it is in the log. Where a transport leaves that open it asks again, with
// the same ID.
func (p *publisher) settle(ctx context.Context, a *arena, e Event) bool {
	var opts []topic.PublishOption
	if p.w.hub != nil {
		opts = append(opts, topic.ID(a.name+"-"+strconv.Itoa(int(e.Pub))+"-"+strconv.Itoa(int(e.Seq))))
	}
	unknown := false
	for {
		impatient, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(1+p.rng.IntN(30))*time.Millisecond)
		err := a.handles[p.system].Publish(impatient, e, opts...)
		cancel()
		switch {
		case err == nil:
			return true
		case p.w.hub == nil:
			p.refused(a, err)
			return false
		case errors.Is(err, topic.ErrUnknown):
			unknown = true
		case !p.mayRefuse(a, err):
			p.w.violation("publish on %s: %v", a.name, err)
			return false
		}
		if p.w.closing.Load() || ctx.Err() != nil || !unknown {
			if unknown {
				p.w.unsure(e)
			}
			return unknown
		}
		wait(ctx, time.Millisecond)
	}
}

// publishBatch publishes a few at once.
func (p *publisher) publishBatch(ctx context.Context, a *arena) {
	batch := make([]Event, 1+p.rng.IntN(40))
	for i := range batch {
		batch[i] = p.event(a, p.pub, p.seqs[a]+uint32(i)+1)
	}
	impatient, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(1+p.rng.IntN(30))*time.Millisecond)
	defer cancel()
	err := a.handles[p.system].PublishBatch(impatient, batch)
	var part *topic.BatchError
	switch {
	case err == nil:
		p.seqs[a] += uint32(len(batch))
	case errors.As(err, &part):
		p.seqs[a] += uint32(part.Published)
		p.refused(a, err)
	case errors.Is(err, topic.ErrUnknown):
		p.seqs[a] += uint32(len(batch))
		for _, e := range batch {
			p.w.unsure(e)
		}
	default:
		p.refused(a, err)
	}
}

func (p *publisher) refused(a *arena, err error) {
	p.refusals++
	if !p.mayRefuse(a, err) {
		p.w.violation("publish on %s: %v", a.name, err)
	}
}

// mayRefuse reports whether this is an error that a publisher has to expect.
func (p *publisher) mayRefuse(a *arena, err error) bool {
	switch {
	case errors.Is(err, topic.ErrFull), errors.Is(err, context.DeadlineExceeded):
		return true
	case errors.Is(err, topic.ErrClosed):
		return p.w.closing.Load()
	case errors.Is(err, topic.ErrRemoved):
		return p.w.closing.Load() || p.w.isRemoved(a)
	case errors.Is(err, transport.ErrLinkDown):
		return p.w.hub != nil
	}
	return false
}

// A relay publishes, from inside a consumer, on another topic.
type relay struct {
	pub uint32
	to  *arena
	seq uint32 // belongs to the consumer
}

func (r *relay) pass(ctx topic.Context, e Event) error {
	err := r.to.handles[0].Publish(ctx, Event{Arena: r.to.number, Pub: r.pub, Seq: r.seq + 1, Key: e.Key})
	if err == nil {
		r.seq++
	}
	return err
}
