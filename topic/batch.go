package topic

import (
	"sync/atomic"
	"time"
)

// A batcher collects messages for a consumer of batches: up to n, or what has come when the first has waited long enough.
// Until then they stay where they are; the batcher only counts those that the consumer wants.
type batcher struct {
	n      uint64
	wait   time.Duration
	handle func(s *subscriber, batch []*header) error
	alarm  atomic.Pointer[alarm] // nil, or the alarm that is set, or due
	looked atomic.Uint64         // for streams: behind the last message counted
	wanted atomic.Uint64         // for streams: messages counted since the cursor

	items []*header // in hand; belongs to the subscriber's owner, like the rest
	last  uint64    // for streams: behind the last message in hand, or passed over
	next  *header   // taken from a group or a queue, but a batch of its own
}

// again is a batcher like this one, for another place of the same consumer.
func (b *batcher) again() *batcher {
	if b == nil {
		return nil
	}
	return &batcher{n: b.n, wait: b.wait, handle: b.handle}
}

// alone reports whether the message makes a batch of its own: one that did not decode, or that is none for the consumer.
func (h *header) alone() bool { return h.meta != nil && (h.meta.broken != nil || h.meta.then != nil) }

// batchReady reports whether a batch can be handed out, or its alarm has to be set.
func (l *leg) batchReady() bool {
	b, lag := l.batch, l.available()
	if b.isDue() {
		return true
	}
	fresh, wanted := lag, uint64(0)
	if l.group == nil && l.queue == nil {
		tail := l.stream.tail.Load()
		fresh, wanted = tail-min(tail, max(b.looked.Load(), l.cursor.Load())), b.wanted.Load()
	}
	return fresh > 0 && (b.alarm.Load() == nil || wanted+fresh >= b.n || lag >= l.buffer())
}

// serveBatch hands out a batch, or sets the alarm for a smaller one.
func (s *subscriber) serveBatch(l *leg) bool {
	b := l.batch
	s.arrived(l)
	if s.attempt > 0 {
		if s.extra().trouble.letters != nil {
			s.settleBatch(l, s.bury())
			return true
		}
		s.handBatch(l)
		return true
	}
	if lag := l.available(); b.next == nil && !b.isDue() && !s.hurried() && b.wait > 0 && lag < l.buffer() {
		if lag == 0 {
			return false
		}
		if n := s.count(l, lag); n < b.n {
			switch {
			case n == 0:
				l.commit(b.looked.Load())
			default:
				b.set(func() { s.poke(l.stream) })
			}
			return false
		}
	}
	b.calm()
	s.collect(l)
	if b.next != nil {
		b.hurry()
	}
	b.wanted.Store(0)
	if len(b.items) == 0 {
		moved := l.group == nil && l.queue == nil && b.last > l.cursor.Load()
		if moved {
			l.commit(b.last)
		}
		return moved
	}
	l.note()
	s.handBatch(l)
	return true
}

// hurried reports whether a batch is not to wait for more, because the subscription or the system ends.
func (s *subscriber) hurried() bool {
	if s.registry().draining.Load() {
		return true
	}
	r := s.rare.Load()
	return r != nil && r.draining != nil
}

// count is how many messages there are for the consumer, or n where one has to be handed out at once.
func (s *subscriber) count(l *leg, lag uint64) uint64 {
	b := l.batch
	if l.group != nil || l.queue != nil {
		return lag
	}
	tail, r, n := l.stream.tail.Load(), l.stream.ring.Load(), b.wanted.Load()
	pos := l.cursor.Load()
	if looked := b.looked.Load(); looked > pos {
		pos = looked
	}
	for ; pos < tail && n < b.n; pos++ {
		switch h := r.at(pos); {
		case h == nil || h.alone():
			n = b.n
		case h.isFor(s.label()) && s.wants(l, h):
			n++
		}
	}
	b.looked.Store(pos)
	b.wanted.Store(n)
	return n
}

// collect takes up to n messages into hand. A message that is alone ends the batch before it.
func (s *subscriber) collect(l *leg) {
	b := l.batch
	b.items = b.items[:0]
	if b.next != nil {
		b.items, b.next = append(b.items, b.next), nil
		return
	}
	if l.group == nil && l.queue == nil {
		s.collectStream(l)
		return
	}
	for uint64(len(b.items)) < b.n {
		var h *header
		attempt := 0
		if l.group != nil {
			h, attempt = l.group.take(s)
		} else {
			l.queue.feed(l.stream, &l.dropped)
			h = l.queue.pop()
		}
		switch {
		case h == nil:
			return
		case h.alone():
			if s.attempt = max(s.attempt, uint16(attempt)); len(b.items) > 0 {
				b.next = h
			} else {
				b.items = append(b.items, h)
			}
			return
		case s.wants(l, h):
			s.attempt = max(s.attempt, uint16(attempt))
			b.items = append(b.items, h)
		case l.group != nil:
			l.group.finish(h)
		}
	}
}

func (s *subscriber) collectStream(l *leg) {
	b := l.batch
	tail, r := l.stream.tail.Load(), l.stream.ring.Load()
	pos := l.cursor.Load()
	if l.flow() == DropOldest {
		pos = l.skip(pos, tail)
	}
	for ; pos < tail && uint64(len(b.items)) < b.n; pos++ {
		h := r.at(pos)
		switch {
		case h == nil && l.flow() == Disconnect: // it is overrun, and ends before it could see a gap
			b.items, b.last = b.items[:0], l.cursor.Load()
			s.requestStop(ErrSlowConsumer)
			return
		case h == nil:
			l.dropped.Add(1)
		case h.alone() && len(b.items) > 0:
			b.last = pos
			b.looked.Store(pos)
			return
		case h.alone() && h.meta.then != nil:
			h.meta.then()
		case h.alone():
			b.items = append(b.items, h)
			b.last = pos + 1
			return
		case h.isFor(s.label()) && s.wants(l, h):
			b.items = append(b.items, h)
		}
	}
	b.last = pos
	b.looked.Store(pos)
}

func (s *subscriber) wants(l *leg, h *header) bool {
	f := l.config().filter
	if f == nil {
		return true
	}
	keep := true // also if the filter panics or calls runtime.Goexit
	_ = outcome(func() error {
		keep = f(h)
		return nil
	})
	return keep
}

// handBatch hands out what is in hand. The context's metadata are those of the first message.
func (s *subscriber) handBatch(l *leg) {
	if s.isStopped() {
		return // what a group has given is given back
	}
	b := l.batch
	h := b.items[0]
	s.on, s.cur = l, h
	var err error
	if h.alone() {
		err = &rejection{h.meta.broken}
	} else {
		err = b.handle(s, b.items)
	}
	if err != nil {
		s.settleBatch(l, s.failed(l, h, err))
		return
	}
	s.delivered.Add(uint64(len(b.items)))
	s.settleBatch(l, true)
}

// settleBatch ends a batch, if it is dealt with; otherwise all of it comes again.
func (s *subscriber) settleBatch(l *leg, dealt bool) {
	b := l.batch
	switch {
	case !dealt:
		for _, h := range b.items {
			if l.group != nil && s.attempt > 0 {
				l.group.attempted(h, int(s.attempt))
			}
		}
		return
	case l.group != nil:
		for _, h := range b.items {
			l.group.finish(h)
		}
	case l.queue == nil:
		l.commit(b.last)
	}
	if !b.items[0].alone() {
		s.told(l)
	}
	clear(b.items)
	b.items = b.items[:0]
	s.attempt, s.cur = 0, nil
	if r := s.rare.Load(); r != nil {
		r.trouble.reset()
	}
}
