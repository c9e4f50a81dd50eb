package topic

import (
	"sync/atomic"
	"time"
)

// A batcher collects messages for a consumer of batches: up to n, or what has come when the first has waited long enough.
type batcher struct {
	n      uint64
	wait   time.Duration
	handle func(s *subscriber, batch []*header) error
	armed  atomic.Bool // the timer runs
	due    atomic.Bool // the timer has fired

	items []*header // in hand; belongs to the subscriber's owner, like the rest
	last  uint64    // position behind the last one looked at, for streams
}

// ready reports whether a batch can be handed out, or its timer has to be started.
func (b *batcher) ready(lag uint64) bool {
	return lag >= b.n || (lag > 0 && (b.due.Load() || !b.armed.Load()))
}

// serveBatch hands out a batch, or arms the timer for a smaller one.
func (s *subscriber) serveBatch(l *leg) bool {
	b := l.batch
	if s.attempt > 0 {
		if s.extra().trouble.letters != nil {
			s.settleBatch(l, s.bury())
			return true
		}
		s.handBatch(l)
		return true
	}
	lag := l.available()
	if lag == 0 {
		return false
	}
	if lag < b.n && b.wait > 0 && !b.due.Load() {
		if b.armed.CompareAndSwap(false, true) {
			time.AfterFunc(b.wait, func() {
				b.due.Store(true)
				if s.many != nil {
					s.many.offer(l)
				} else {
					s.schedule()
				}
			})
		}
		return false
	}
	b.due.Store(false)
	b.armed.Store(false)
	s.collect(l)
	if len(b.items) == 0 {
		s.settleBatch(l, true)
		return true
	}
	s.handBatch(l)
	return true
}

// collect takes up to n messages into hand.
func (s *subscriber) collect(l *leg) {
	b := l.batch
	b.items = b.items[:0]
	s.on = l
	if l.group == nil && l.queue == nil {
		tail, r := l.stream.tail.Load(), l.stream.ring.Load()
		pos := l.cursor.Load()
		if l.flow() == DropOldest {
			pos = l.skip(pos, tail)
		}
		for ; pos < tail && uint64(len(b.items)) < b.n; pos++ {
			if h := r.at(pos); h == nil {
				l.dropped.Add(1)
			} else if h.isFor(s.label()) && s.wants(h) {
				b.items = append(b.items, h)
			}
		}
		b.last = pos
		return
	}
	for uint64(len(b.items)) < b.n {
		var h *header
		if l.group != nil {
			h, _ = l.group.take(s)
		} else {
			l.queue.feed(l.stream, &l.dropped)
			h = l.queue.pop()
		}
		switch {
		case h == nil:
			return
		case (l.group != nil || h.isFor(s.label())) && s.wants(h):
			b.items = append(b.items, h)
		case l.group != nil:
			l.group.finish(h)
		}
	}
}

func (s *subscriber) wants(h *header) bool {
	f := s.on.config().filter
	return f == nil || f(h)
}

// handBatch hands out what is in hand. The context's metadata are those of the first message.
func (s *subscriber) handBatch(l *leg) {
	b := l.batch
	s.on, s.cur, s.pos = l, b.items[0], b.items[0].pos
	drops := l.drops()
	s.skipped, l.seen = drops-l.seen, drops
	if err := b.handle(s, b.items); err != nil {
		s.settleBatch(l, s.failed(l, s.cur, err))
		return
	}
	s.delivered.Add(uint64(len(b.items)))
	s.settleBatch(l, true)
}

// settleBatch ends a batch, if it is dealt with; otherwise all of it comes again.
func (s *subscriber) settleBatch(l *leg, dealt bool) {
	if !dealt {
		return
	}
	b := l.batch
	switch {
	case l.group != nil:
		for _, h := range b.items {
			l.group.finish(h)
		}
	case l.queue == nil:
		l.commit(b.last)
	}
	clear(b.items)
	b.items = b.items[:0]
	s.attempt, s.cur = 0, nil
	if r := s.rare.Load(); r != nil {
		r.trouble.reset()
	}
}
