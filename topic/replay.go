package topic

import (
	"context"
	"strconv"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// replays reports whether a start lies in the past, which a transport's log has and the topic's stream has not.
func replays(from Start) bool {
	switch from.(type) {
	case earliest, at, since:
		return true
	}
	return false
}

func transportStart(from Start) transport.Start {
	switch s := from.(type) {
	case earliest:
		return transport.Earliest()
	case at:
		return transport.After(s.position)
	case since:
		return transport.Since(s.time)
	}
	return transport.Latest()
}

// subscribeReplay gives a new subscriber two places, one after the other: in a replay, and then in the topic's stream.
func (c *core) subscribeReplay(s *subscriber, h handler, b *batcher) (*Subscription, error) {
	s.many = newMany(s, c.reg)
	err := s.startHook()
	l := &leg{special: &special{batch: b}, stream: c.stream, host: s, handle: h}
	if err == nil {
		err = c.replay(l, s.cfg.from)
	}
	if err != nil {
		s.requestStop(err)
		s.release()
		return nil, err
	}
	if s.cfg.follows != nil {
		s.Context.Watch(s.cfg.follows)
	}
	s.release()
	s.schedule()
	return &Subscription{hosts: []*subscriber{s}}, nil
}

// replay reads the past through a reader and a stream of its own. Once it has come to what the topic's stream still holds,
// the leg takes its place there, right behind the last record of the replay: no gap, and no repeat.
func (c *core) replay(live *leg, from Start) error {
	b, s := c.bridge, live.host
	if err := b.caps.CheckStart(transportStart(from)); err != nil {
		return err
	}
	reader, err := b.log.Follow(b.ctx, transportStart(from))
	if err != nil {
		return b.fault(err)
	}
	past := newStream(c, Retention{}, nil)
	cfg, asked := *live.config(), *live.config().wishes
	cfg.wishes = &asked
	cfg.flow = Block // the past waits for the consumer, whatever it wants of the present
	l := &leg{special: &special{batch: live.batch.again(), cfg: &cfg}, stream: past, host: s, handle: live.handle}
	if live.config().flow.queues() {
		live.queue = newQueue(live.config().flow, live.config().buffer, live.config().filter, s.label())
	}
	c.with(past)
	if !s.many.add(l) {
		c.without(past)
		return reader.Close()
	}
	if _, err := past.attach(l, Earliest); err != nil {
		c.without(past)
		return err
	}
	live.gated.Store(true)
	s.many.expect(live)
	started := c.reg.sys.Go("replay of topic "+strconv.Quote(c.name), func(context.Context) {
		joined := false
		b.follow(reader, past, func(last transport.Position) bool {
			for !l.ended.Load() {
				found, early := c.stream.admit(live, last)
				if joined = found; found || !early || !b.pause(replayPause) {
					return !found && !early
				}
			}
			return false
		},
			func(n int64) { l.dropped.Add(uint64(n)) })
		if !joined {
			live.ended.Store(true)
			s.many.arrived(live)
			return
		}
		h := c.blank()
		h.meta = &meta{then: func() {
			s.many.remove(l)
			l.leave()
			c.without(past)
			live.gated.Store(false)
			s.many.push(live)
			s.many.arrived(live)
		}}
		_, _ = past.append(b.ctx, c.now(), h)
	})
	if !started {
		return ErrClosed
	}
	return nil
}

// replayPause is how long a replay that has overtaken the topic's reader waits for it.
const replayPause = time.Millisecond

// admit attaches the leg behind a position of the transport's log, if the stream holds everything behind it. It is too early
// for that while the stream has not come to the position itself.
func (st *stream) admit(l *leg, last transport.Position) (joined, early bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.closed != nil || st.base.Epoch != last.Epoch || last.Compare(st.base) < 0 {
		return false, false
	}
	r, tail := st.ring.Load(), st.tail.Load()
	if newest := r.at(tail - 1); tail > st.low && newest.meta.position.Compare(last) < 0 || tail == st.low && st.base != last {
		return false, true
	}
	pos := st.low
	for pos < tail && r.at(pos).meta.position.Compare(last) <= 0 {
		pos++
	}
	if !l.host.many.add(l) {
		return false, false
	}
	l.place(pos, 0)
	st.limit = 0
	legs := append(*st.legs.Load(), l)
	st.legs.Store(&legs)
	return true, false
}
