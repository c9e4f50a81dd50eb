package main

import (
	"context"
	"fmt"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// answer is what all sides answer a Message with: its ID.
func answer(s *sink, m Message) uint64 {
	s.take(m)
	return m.ID
}

func answered(m Message, id uint64, err error) error {
	if err == nil && id != m.ID {
		err = fmt.Errorf("the answer to %d is %d", m.ID, id)
	}
	return err
}

// echoRequest asks whoever responds on a topic.
var echoRequest = side{name: "echo", open: func(c *crew) (opened, error) {
	ctx := context.Background()
	sys := actor.NewSystem()
	t, err := topic.Open[Message](sys, "bench")
	if err != nil {
		return opened{}, err
	}
	_, err = topic.Respond(t, func(_ topic.Context, m Message) (uint64, error) { return answer(&c.sinks[0], m), nil })
	return opened{
		publish: func(m Message) error {
			id, err := topic.Request[uint64](ctx, t, m)
			return answered(m, id, err)
		},
		close: func() error { return sys.Close(ctx) },
	}, err
}}

// answering is an actor that answers.
type answering struct{ s *sink }

func (a answering) Receive(ctx proto.Context) {
	if m, ok := ctx.Message().(Message); ok {
		ctx.Respond(answer(a.s, m))
	}
}

// echoAsk asks an actor.
var echoAsk = side{name: "echo", open: func(c *crew) (opened, error) {
	ctx := context.Background()
	sys := actor.NewSystem()
	pid, err := sys.Spawn(func() actor.Actor { return answering{&c.sinks[0]} })
	return opened{
		publish: func(m Message) error {
			id, err := actor.Ask[uint64](ctx, sys, pid, m)
			return answered(m, id, err)
		},
		close: func() error { return sys.Close(ctx) },
	}, err
}}

// engineAsk asks an actor of the bare engine.
var engineAsk = side{name: "engine", open: func(c *crew) (opened, error) {
	sys := newEngine()
	pid := sys.Root.Spawn(proto.PropsFromProducer(func() proto.Actor { return answering{&c.sinks[0]} }))
	return opened{
		publish: func(m Message) error {
			v, err := sys.Root.RequestFuture(pid, m, time.Minute).Result()
			id, _ := v.(uint64)
			return answered(m, id, err)
		},
		close: func() error { return stopActor(sys, pid) },
	}, nil
}}
