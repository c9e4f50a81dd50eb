package main

import (
	"context"
	"fmt"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// On makes a sink a consumer.
func (s *sink) On(_ topic.Context, m Message) error {
	s.take(m)
	return nil
}

// echo is a topic with a consumer actor for each sink.
func echo(opts ...topic.SubscribeOption) side {
	return side{name: "echo", open: func(c *crew) (opened, error) {
		ctx := context.Background()
		sys := actor.NewSystem()
		t, err := topic.Open[Message](sys, "bench")
		if err != nil {
			return opened{}, err
		}
		if err := consume(t, c, opts); err != nil {
			return opened{}, err
		}
		return opened{
			publish: func(m Message) error { return t.Publish(ctx, m) },
			close:   func() error { return sys.Close(ctx) },
		}, nil
	}}
}

func consume(t topic.Source[Message], c *crew, opts []topic.SubscribeOption) error {
	next := c.each()
	for range c.sinks {
		if _, err := topic.Spawn(t, next, opts...); err != nil {
			return err
		}
	}
	return nil
}

// echoBatch is echo, with publications joined by PublishBatch.
func echoBatch(size int) side {
	return side{name: "echo", open: func(c *crew) (opened, error) {
		ctx := context.Background()
		sys := actor.NewSystem()
		t, err := topic.Open[Message](sys, "bench")
		if err != nil {
			return opened{}, err
		}
		if err := consume(t, c, nil); err != nil {
			return opened{}, err
		}
		batch := make([]Message, 0, size)
		return opened{
			publish: func(m Message) error {
				if batch = append(batch, m); len(batch) < size {
					return nil
				}
				defer func() { batch = batch[:0] }()
				return t.PublishBatch(ctx, batch)
			},
			close: func() error { return sys.Close(ctx) },
		}, nil
	}}
}

// echoPattern is one consumer on a pattern that many topics match, which are published to in turn.
func echoPattern(topics int) side {
	return side{name: "echo", open: func(c *crew) (opened, error) {
		ctx := context.Background()
		sys := actor.NewSystem()
		p, err := topic.Match[Message](sys, "bench.*")
		if err != nil {
			return opened{}, err
		}
		if err := consume(p, c, nil); err != nil {
			return opened{}, err
		}
		all := make([]*topic.Topic[Message], topics)
		for i := range all {
			if all[i], err = topic.Open[Message](sys, fmt.Sprintf("bench.%d", i)); err != nil {
				return opened{}, err
			}
		}
		next := 0
		return opened{
			publish: func(m Message) error {
				t := all[next]
				if next++; next == len(all) {
					next = 0
				}
				return t.Publish(ctx, m)
			},
			close: func() error { return sys.Close(ctx) },
		}, nil
	}}
}
