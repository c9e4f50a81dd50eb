package topic

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// A pump walks the legs of one stream and serves each subscriber in turn, on its own goroutine: waking every idle subscriber
// with a goroutine of its own would cost more than the delivery. A pump runs while there is something to deliver. A consumer
// that keeps it for longer than a tick loses it: the watchdog detaches the pump, which from then on belongs to that consumer
// alone, and starts others for the rest.
type pump struct {
	stream   *stream
	host     *subscriber   // being served
	state    atomic.Uint32 // attached, detached by the watchdog, or left
	step     atomic.Uint64 // grows with every subscriber served
	looked   uint64        // step as the watchdog last saw it; owned by the watchdog
	patience int           // how long to wait between two looks at the tail
	slot     int           // place in the watchdog's list; guarded by its mutex
}

const (
	attached uint32 = iota + 1
	detached
	left
)

func (p *pump) lost() bool { return p.state.Load() == detached }

var pumps = sync.Pool{New: func() any { return new(pump) }}

// wake makes sure that somebody delivers what has been appended.
func (st *stream) wake() {
	if st.pump.Load() == 0 && len(*st.legs.Load()) > 0 && st.pump.CompareAndSwap(0, 1) {
		st.startPump()
	}
}

func (st *stream) startPump() {
	p := pumps.Get().(*pump)
	p.stream, p.looked, p.patience = st, 0, 1
	p.step.Store(0)
	p.state.Store(attached)
	go p.run()
}

// run is the body of the pump's goroutine, which ends when there is nothing to deliver.
func (p *pump) run() {
	dog := p.stream.owner.reg.dog
	dog.watch(p)
	for !p.walk() {
	}
}

// walk ends with true when the pump is done. After a panic of a consumer it ends with false and is called again; after
// runtime.Goexit another goroutine goes on.
func (p *pump) walk() (end bool) {
	defer func() {
		if end {
			return
		}
		v := recover()
		s := p.host
		switch {
		case s == nil && v == nil: // runtime.Goexit in a consumer that had the pump to itself: it has found another goroutine
			return
		case s == nil:
			panic(v)
		}
		s.crashed(v, debug.Stack())
		p.host = nil
		switch {
		case p.lost():
			end = true
			s.slow.Store(true)
			go s.run()
		case v == nil:
			p.let(s)
			go p.rerun()
		default:
			p.let(s)
		}
	}()
	st := p.stream
	for {
		seen := st.tail.Load()
		if !p.round(seen) {
			return true
		}
		if p.linger(seen) {
			continue
		}
		st.trimIfLean()
		if p.leave(seen) {
			return true
		}
	}
}

// let releases a subscriber. A pump that is lost at this very moment does not come by again, and those that took over may have
// passed while the subscriber was not to be had: then it is on its own.
func (p *pump) let(s *subscriber) {
	s.release()
	if p.lost() {
		s.schedule()
	}
}

// leave ends the pump, unless something has been appended since it looked and nobody else delivers it.
func (p *pump) leave(seen uint64) bool {
	st, dog := p.stream, p.stream.owner.reg.dog
	if !p.state.CompareAndSwap(attached, left) {
		return true
	}
	st.pump.Add(-1)
	if st.tail.Load() != seen && st.pump.CompareAndSwap(0, 1) {
		p.state.Store(attached)
		return false
	}
	dog.leave(p)
	st.owner.reg.nudge()
	p.stream, p.host = nil, nil
	pumps.Put(p)
	return true
}

func (p *pump) rerun() {
	for !p.walk() {
	}
}

// round visits the legs, over and over, until nobody has had work for a whole round. It reports false when the pump has
// been detached, and has done what was left to do.
func (p *pump) round(tail uint64) bool {
	st := p.stream
	legs := *st.legs.Load()
	n := uint64(len(legs))
	if n == 0 {
		return true
	}
	chunk := min(max(n/8, 1), 64)
	for idle := uint64(0); idle < n; {
		if p.lost() {
			return false
		}
		to := st.next.Add(chunk)
		for i := to - chunk; i != to; i++ {
			progress, ok := p.visit(legs[i%n])
			if !ok {
				return false
			}
			if idle++; progress {
				idle = 0
			}
		}
	}
	return true
}

// linger waits a moment for the next message: parking and waking cost more than a short look. Where messages come in a
// stream it looks less often, because a pump on the heels of the publisher takes the cache lines away that he writes.
func (p *pump) linger(seen uint64) bool {
	for range 8 {
		for range p.patience {
			runtime.Gosched()
		}
		switch n := p.stream.tail.Load() - seen; {
		case n > 1:
			p.patience = min(2*p.patience, maxPatience)
			return true
		case n == 1:
			p.patience = max(p.patience/2, 1)
			return true
		}
	}
	p.patience = 1
	return false
}

const maxPatience = 64

// visit serves the leg's subscriber if it is idle and has work. ok is false when the pump has been detached meanwhile.
func (p *pump) visit(l *leg) (progress, ok bool) {
	if l.ended.Load() || l.gated.Load() {
		return false, true
	}
	s, st := l.host, p.stream
	switch {
	case l.overrun():
		s.requestStop(ErrSlowConsumer)
		return false, true
	case s.many != nil:
		if l.queue != nil {
			l.queue.feed(st, &l.dropped)
		}
		s.many.offer(l)
		return false, true
	case l.group != nil:
		l.group.wake(s)
		return false, true
	case l.queue != nil:
		l.queue.feed(st, &l.dropped)
		s.schedule()
		return false, true
	case s.slow.Load() || l.batch != nil:
		s.schedule()
		return false, true
	case l.cursor.Load() >= st.tail.Load() || s.state.Load() != 0 || !s.acquire():
		return false, true
	}
	p.host = s
	p.step.Add(1)
	progress = s.turn(l, p)
	if p.lost() {
		s.slow.Store(true)
		p.host = nil
		s.run()
		return false, false
	}
	p.host = nil
	p.let(s)
	return progress, true
}
