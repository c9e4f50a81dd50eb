package topic

import (
	"runtime/debug"
	"time"
)

// run is the body of a goroutine that owns the subscriber. It ends when there is no work left; Close waits for it through
// the subscriber's end.
func (s *subscriber) run() {
	for !s.work() {
	}
	s.registry().nudge()
}

// work hands out messages until there are none, and reports true. It reports false after a panic: the caller calls again.
// runtime.Goexit in a consumer ends the goroutine; another one takes over.
func (s *subscriber) work() (end bool) {
	defer func() {
		if end {
			return
		}
		v := recover()
		s.crashed(v, debug.Stack())
		if v == nil {
			go s.run()
		}
	}()
	var begin time.Time
	var before uint64
	if s.slow.Load() {
		begin, before = time.Now(), s.delivered.Load()
	}
	for {
		if s.state.Load()&notified != 0 {
			s.clear(notified)
			s.obey()
		}
		if s.state.Load() == running && s.step() {
			continue
		}
		s.arrived(&s.leg)
		if s.state.Load() != running {
			s.passOn()
		}
		if n := s.delivered.Load() - before; !begin.IsZero() && n > 0 && time.Since(begin)/time.Duration(n) < quick {
			s.slow.Store(false)
		}
		s.release()
		if !s.hasWork() || !s.acquire() {
			return true
		}
	}
}

// quick is how long a message may take on average so that a consumer that was slow is served together with others again.
const quick = 20 * time.Microsecond

// step hands out one message, or one batch, and reports whether there was any.
func (s *subscriber) step() bool {
	if s.many == nil {
		return s.turn(&s.leg, nil)
	}
	if l := s.on; s.attempt > 0 {
		progress := s.turn(l, nil)
		s.requeue(l)
		return progress
	}
	l := s.many.pop()
	if l == nil {
		return false
	}
	s.turn(l, nil)
	s.requeue(l)
	return true
}

// requeue notes that a leg of a consumer of several topics has more work: pumps only come by when something is published.
func (s *subscriber) requeue(l *leg) {
	if s.many != nil && l.hasWork() {
		s.many.push(l)
	}
}

// turn hands out what is next on the leg, to a consumer that is rebuilt first if it has to be.
func (s *subscriber) turn(l *leg, p *pump) bool {
	if s.fresh && !s.rebuild() {
		return false
	}
	return s.serve(l, p)
}

// serve hands out what is next on the leg. The caller owns the subscriber.
func (s *subscriber) serve(l *leg, p *pump) bool {
	switch {
	case l.stream == nil:
		return false
	case l.ended.Load():
		return s.forgo(l)
	case l.overrun():
		s.requestStop(ErrSlowConsumer)
		return false
	case l.batch != nil:
		return s.serveBatch(l)
	case s.attempt > 0:
		return s.again(l)
	case l.group != nil:
		return s.serveGroup(l)
	case l.queue != nil:
		return s.serveQueue(l)
	default:
		return s.serveStream(l, p)
	}
}

// forgo gives up the message that was to come again from a topic that has been removed meanwhile.
func (s *subscriber) forgo(l *leg) bool {
	if s.attempt == 0 || s.on != l {
		return false
	}
	s.attempt, s.cur = 0, nil
	s.extra().trouble.reset()
	return true
}

// maxBatch is how many messages a subscriber gets in a row before the next one has its turn, and before its cursor moves.
const maxBatch = 256

// isStopped is asked once more when a message has been found: nothing is handed out that was published after Stop returned.
func (s *subscriber) isStopped() bool { return s.state.Load()&stopped != 0 }

// serveStream is the fast path: it hands out a run of messages straight from the ring.
func (s *subscriber) serveStream(l *leg, p *pump) bool {
	tail := l.stream.tail.Load()
	if s.isStopped() {
		return false
	}
	first := l.cursor.Load()
	if l.config().flow == DropOldest {
		first = l.skip(first, tail)
	}
	end := min(tail, first+l.config().run())
	if first >= end {
		return false
	}
	s.on = l
	l.note()
	handle, r, skipped := l.handle, l.stream.ring.Load(), l.skipped != 0
	pos := first
	for pos < end {
		h := r.at(pos)
		if h == nil {
			break // lapped: look again where to go on
		}
		s.cur = h
		err := error(nil)
		if skip := false; h.meta != nil {
			if skip, err = h.special(s.label()); skip {
				s.passed++
				pos++
				continue
			}
		}
		passed := s.passed
		if err == nil {
			err = handle(s, h)
		}
		if err != nil {
			s.settled(l, pos-first)
			l.commit(pos)
			s.settle(l, h, s.failed(l, h, err))
			return true
		}
		pos++
		if skipped && s.passed == passed {
			s.told(l)
			skipped = false
		}
		if s.state.Load() != running || (p != nil && p.lost()) {
			break
		}
	}
	s.settled(l, pos-first)
	s.cur = nil
	if pos == first {
		if l.config().flow == Disconnect {
			return true // it is overrun, and ends before it could see a gap
		}
		l.dropped.Add(1) // the slot was reused while we looked
		pos++
	}
	l.commit(pos)
	return true
}

// settled counts messages that the consumer has handled.
func (s *subscriber) settled(l *leg, n uint64) {
	n -= uint64(s.passed)
	s.passed = 0
	if n > 0 {
		s.delivered.Add(n)
	}
}

// told notes that the consumer has been told of what it has skipped.
func (s *subscriber) told(l *leg) {
	if l.skipped != 0 {
		l.seen += l.skipped
		l.skipped = 0
	}
}

// serveQueue hands out one message of those that the leg has accepted.
func (s *subscriber) serveQueue(l *leg) bool {
	l.queue.feed(l.stream, &l.dropped)
	h := l.queue.pop()
	if h == nil || s.isStopped() {
		return false
	}
	l.note()
	s.handOut(l, h)
	return true
}

// again hands out the message that has failed before.
func (s *subscriber) again(l *leg) bool {
	if s.extra().trouble.letters != nil {
		s.settle(l, s.cur, s.bury())
		return true
	}
	s.handOut(l, s.cur)
	return true
}

// handOut hands out one message and settles it.
func (s *subscriber) handOut(l *leg, h *header) {
	s.on, s.cur = l, h
	if err := s.try(l, h); err != nil {
		s.settle(l, h, s.failed(l, h, err))
		return
	}
	if s.passed > 0 && l.skipped != 0 {
		l.skipped = 0 // not told: the next one is
	}
	s.settled(l, 1)
	s.settle(l, h, true)
}

func (s *subscriber) try(l *leg, h *header) error {
	if h.meta != nil && h.meta.broken != nil {
		return &rejection{h.meta.broken}
	}
	return l.handle(s, h)
}

// settle ends a message, if it is dealt with; otherwise it stays and comes again.
func (s *subscriber) settle(l *leg, h *header, dealt bool) {
	switch {
	case !dealt:
		if l.group != nil && s.attempt > 0 {
			l.group.attempted(h, int(s.attempt))
		}
		return
	case l.group != nil:
		l.group.finish(h)
	case l.queue == nil:
		l.commit(h.pos + 1)
	}
	if h.meta == nil || h.meta.broken == nil {
		s.told(l)
	}
	s.attempt, s.cur = 0, nil
	if r := s.rare.Load(); r != nil {
		r.trouble.reset()
	}
}

// crashed is called on the owner's goroutine after the consumer has panicked, or with nil after runtime.Goexit.
func (s *subscriber) crashed(v any, stack []byte) {
	l, h := s.on, s.cur
	err := panicked(v, stack)
	if l != nil {
		defer s.requeue(l)
	}
	if h == nil || l == nil {
		s.registry().logger().Error("echo: panic outside a message", "subscription", s.label(), "error", err, "stack", string(stack))
		return
	}
	if l.batch != nil {
		s.settleBatch(l, s.failed(l, h, err))
		return
	}
	if l.group == nil && l.queue == nil {
		if first := l.cursor.Load(); h.pos > first && s.attempt == 0 {
			s.settled(l, h.pos-first)
			l.commit(h.pos)
		}
	}
	s.settle(l, h, s.failed(l, h, err))
}
