package topic

import (
	"context"
	"errors"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
)

// publish appends messages, where the log is.
func (c *core) publish(ctx context.Context, batch ...*header) (int, error) {
	if ctx == nil {
		return 0, errNoContext
	}
	if c.reg.sys.Closing() && publisher(ctx) == nil {
		return 0, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if c.bridge != nil {
		return c.bridge.publish(ctx, batch)
	}
	if m := batch[0].meta; m != nil && m.id != "" {
		return 1, c.ids.once(ctx, m.id, c.set.dedup, func() error {
			_, err := c.stream.append(ctx, c.now(), batch...)
			return err
		})
	}
	return c.stream.append(ctx, c.now(), batch...)
}

// sendWait is how long a message sent to the topic's PID waits for room in the log.
const sendWait = 5 * time.Second

// receive publishes what was sent to the topic's PID. It cannot report: what fails goes to the system's dead letters.
// from is the subscriber whose consumer sends, if it is known.
func (c *core) receive(from *subscriber, msg any) {
	_, v, sender := proto.UnwrapEnvelope(msg)
	h, err := c.wrap(v)
	if err == nil && sender != nil {
		if c.responders.Load() == 0 {
			c.reg.sys.Send(sender, wrap("request", c.name, ErrNoResponder))
			return
		}
		if h.meta == nil {
			h.meta = &meta{}
		}
		h.meta.reply = &reply{to: sender, sys: c.reg.sys}
	}
	if err == nil {
		err = c.publishSent(from, h)
		if err == nil && sender != nil && !c.responds(h.pos) { // see request
			h.meta.reply.send(wrap("request", c.name, ErrNoResponder))
		}
	}
	if err != nil {
		c.reg.sys.DeadLetter(actor.DeadLetter{To: c.pid, Message: v, From: sender, Reason: wrap("publish", c.name, err)})
	}
}

func (c *core) publishSent(from *subscriber, h *header) error {
	base := c.reg.sys.Context()
	if from != nil {
		base = from
	}
	if c.bridge == nil {
		hasty := impatient
		if from != nil {
			hasty = context.WithValue(impatient, consumerKey{}, from)
		}
		if _, err := c.stream.append(hasty, c.now(), h); !errors.Is(err, ErrFull) {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(base, sendWait)
	defer cancel()
	if c.bridge == nil {
		_, err := c.stream.append(ctx, c.now(), h)
		return err
	}
	_, err := c.bridge.publish(ctx, []*header{h})
	return err
}

// impatient is a context for those who do not wait.
var impatient = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()
