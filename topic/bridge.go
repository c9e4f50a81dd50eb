package topic

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/transport"
)

// A bridge joins a topic to its log in a transport: it appends what is published here, and one reader fills the topic's
// stream with everything that the log gets, from anywhere, for all subscriptions of this process.
type bridge struct {
	core   *core
	log    transport.Log
	caps   transport.Capabilities
	ctx    context.Context // ends with the topic
	cancel context.CancelFunc
	gone   chan struct{} // closed when the log's handle is closed

	published atomic.Uint64
	down      atomic.Bool
	lost      atomic.Uint64
}

// linkPolicy is how a broken link is tried again.
var linkPolicy = supervisor.Policy{MinBackoff: 10 * time.Millisecond, MaxBackoff: time.Second}

// connect opens the log and starts its reader. When it returns everything published later reaches the stream.
func (c *core) connect() error {
	b := &bridge{core: c, caps: c.set.via.Capabilities(), gone: make(chan struct{})}
	b.ctx, b.cancel = context.WithCancel(c.reg.sys.Context())
	r := c.set.asked
	log, err := c.set.via.Open(b.ctx, c.name, transport.Config{Retention: transport.Retention{Count: r.Count, Bytes: r.Bytes, Age: r.Age}})
	if err != nil {
		b.cancel()
		return err
	}
	reader, err := log.Follow(b.ctx, transport.Latest())
	if err != nil {
		b.cancel()
		return errors.Join(err, log.Close())
	}
	b.log, c.bridge = log, b
	c.stream.base = reader.Start()
	c.reg.sys.Go("link of topic "+strconv.Quote(c.name), func(context.Context) {
		b.follow(reader, c.stream, func(transport.Position) bool { return true }, nil)
	})
	return nil
}

// publish appends messages to the log in the transport; they come back through the reader, like those of others.
func (b *bridge) publish(ctx context.Context, batch []*header) (int, error) {
	records := make([]transport.Record, len(batch))
	for i, h := range batch {
		data, err := b.core.encode(h)
		if err != nil {
			return 0, err
		}
		r := &records[i]
		*r = transport.Record{Source: b.core.reg.sys.Name(), Type: b.core.typ.String(), ContentType: b.core.set.codec.ContentType(),
			Time: time.Unix(0, b.core.now()), Data: data}
		if m := h.meta; m != nil {
			r.ID, r.Key, r.Headers = m.id, m.key, m.headers
		}
		if r.ID == "" {
			r.ID = b.core.epoch + "-" + strconv.FormatUint(b.published.Add(1), 10)
		}
	}
	if _, err := b.log.Append(ctx, records); err != nil {
		if ended := b.core.stream.ended(); ended != nil && errors.Is(err, transport.ErrClosed) {
			err = ended // we have closed the log ourselves
		}
		return 0, transportError(err)
	}
	return len(batch), nil
}

// fault is why the transport did not do what was asked: where the topic has ended meanwhile, that.
func (b *bridge) fault(err error) error {
	if ended := b.core.stream.ended(); ended != nil && (b.ctx.Err() != nil || errors.Is(err, transport.ErrClosed)) {
		return ended
	}
	return transportError(err)
}

// transportError speaks in the errors of this package.
func transportError(err error) error {
	switch {
	case errors.Is(err, transport.ErrRemoved):
		return errors.Join(ErrRemoved, err)
	case errors.Is(err, transport.ErrClosed):
		return errors.Join(ErrClosed, err)
	}
	return err
}

// follow reads records into a stream until the topic ends, or until more says that it is enough. While the link is down it
// tries again, with back-off, from where it was.
func (b *bridge) follow(reader transport.Reader, into *stream, more func(last transport.Position) bool, skipped func(int64)) {
	last := reader.Start()
	for failures := 0; more(last); {
		records, err := reader.Next(b.ctx)
		var gap *transport.GapError
		switch {
		case err == nil:
			failures = 0
			last = records[len(records)-1].Position
			if _, err := into.append(b.ctx, b.core.now(), b.messages(records)...); err != nil {
				_ = reader.Close()
				return
			}
		case errors.As(err, &gap):
			last = gap.Next
			b.gap(gap, skipped)
		case errors.Is(err, transport.ErrLinkDown):
			failures++
			b.failed(failures, err)
			if reader = b.again(reader, last, failures); reader == nil {
				return
			}
		case errors.Is(err, transport.ErrRemoved):
			_ = reader.Close()
			b.core.reg.sys.Engine().Root.Stop(b.core.pid)
			return
		default:
			if b.ctx.Err() == nil {
				b.core.reg.logger().Error("echo: topic gets nothing more from its transport", "topic", b.core.name, "error", err)
			}
			_ = reader.Close()
			return
		}
	}
	_ = reader.Close()
}

// again follows the log anew, behind the last record. It waits before each attempt.
func (b *bridge) again(old transport.Reader, last transport.Position, failures int) transport.Reader {
	_ = old.Close()
	for {
		if !b.pause(linkPolicy.Backoff(failures)) {
			return nil
		}
		reader, err := b.log.Follow(b.ctx, transport.After(last))
		if err == nil {
			b.restored(failures)
			return reader
		}
		failures++
	}
}

// pause waits, and reports whether the topic still lives.
func (b *bridge) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-b.ctx.Done():
		return false
	}
}

func (b *bridge) failed(failures int, err error) {
	if b.down.CompareAndSwap(false, true) {
		b.core.reg.logger().Warn("echo: link of topic is down, trying again", "topic", b.core.name, "transport", b.caps.Name, "error", err)
	}
}

func (b *bridge) restored(failures int) {
	if b.down.CompareAndSwap(true, false) {
		b.core.reg.logger().Warn("echo: link of topic is up again", "topic", b.core.name, "transport", b.caps.Name, "attempts", failures)
	}
}

// gap reports messages that the transport lost. An unknown number counts as one.
func (b *bridge) gap(g *transport.GapError, skipped func(int64)) {
	n := max(g.Lost, 1)
	b.lost.Add(uint64(n))
	b.core.reg.logger().Warn("echo: messages were lost in the transport", "topic", b.core.name, "transport", b.caps.Name, "lost", g.Lost, "next", g.Next.String())
	if skipped != nil {
		skipped(n)
		return
	}
	for _, l := range b.core.legs() {
		l.dropped.Add(uint64(n))
	}
}

func (b *bridge) state() (link string, lost uint64) {
	if link = "up"; b.down.Load() {
		link = "down"
	}
	return link, b.lost.Load()
}

// messages decodes records. One that does not decode is a message all the same, which its consumers fail on.
func (b *bridge) messages(records []transport.Record) []*header {
	batch := make([]*header, 0, len(records))
	for len(batch) < len(records) {
		err := outcome(func() error { // the codec is the user's
			for i := len(batch); i < len(records); i++ {
				batch = append(batch, b.message(&records[i]))
			}
			return nil
		})
		if err != nil {
			r := &records[len(batch)]
			batch = append(batch, b.header(r, nil, err))
		}
	}
	return batch
}

func (b *bridge) message(r *transport.Record) *header {
	h, err := b.core.decode(r.Data)
	return b.header(r, h, err)
}

// header is the message with what the record says of it; err is why there is none.
func (b *bridge) header(r *transport.Record, h *header, err error) *header {
	m := &meta{id: r.ID, key: r.Key, headers: r.Headers, position: &r.Position}
	if err != nil {
		h = b.core.blank()
		m.broken, m.payload = err, r.Data
	} else if b.core.weigh != nil {
		m.size = b.core.weigh(h)
	}
	if m.id == "" {
		m.id = r.Position.String()
	}
	h.meta, h.time = m, max(r.Time.UnixNano(), 1)
	return h
}

// end closes the log when the topic's consumers have ended, so that what they finish is still acknowledged.
func (b *bridge) end(legs []*leg) {
	b.core.reg.sys.Go("end of topic "+strconv.Quote(b.core.name), func(ctx context.Context) {
		defer close(b.gone)
		for _, l := range legs {
			if l.host.core != nil {
				select {
				case <-l.host.ended():
				case <-ctx.Done():
				}
			}
		}
		b.cancel()
		if err := b.log.Close(); err != nil {
			b.core.reg.logger().Error("echo: log does not close", "topic", b.core.name, "error", err)
		}
	})
}

// await waits until the log is closed.
func (b *bridge) await(ctx context.Context) error {
	select {
	case <-b.gone:
		return nil
	case <-ctx.Done():
		return wrap("close link of", b.core.name, context.Cause(ctx))
	}
}
