package main

import (
	"log/slog"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"
)

// engineActor is a consumer on the bare engine.
type engineActor struct{ s *sink }

func (a engineActor) Receive(ctx proto.Context) {
	if m, ok := ctx.Message().(Message); ok {
		a.s.take(m)
	}
}

// engineParent passes every message on to its children, with the engine's own mailboxes.
type engineParent struct {
	c     *crew
	ready chan struct{}
	kids  []*proto.PID
}

func (p *engineParent) Receive(ctx proto.Context) {
	switch ctx.Message().(type) {
	case *proto.Started:
		next := p.c.each()
		props := proto.PropsFromProducer(func() proto.Actor { return engineActor{next()} })
		p.kids = make([]*proto.PID, len(p.c.sinks))
		for i := range p.kids {
			p.kids[i] = ctx.Spawn(props)
		}
		close(p.ready)
	case Message:
		v := ctx.Message()
		for _, kid := range p.kids {
			ctx.Send(kid, v)
		}
	}
}

func newEngine() *proto.ActorSystem {
	return proto.NewActorSystem(proto.WithLoggerFactory(func(*proto.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
}

// stopActor stops an actor and its children, and waits for them.
func stopActor(sys *proto.ActorSystem, pid *proto.PID) error {
	f := proto.NewFuture(sys, 10*time.Minute)
	if p, ok := sys.ProcessRegistry.Get(pid); ok {
		p.SendSystemMessage(pid, &proto.Watch{Watcher: f.PID()})
	}
	sys.Root.Stop(pid)
	_, err := f.Result()
	sys.Shutdown()
	return err
}

// engineSend sends to one actor of the bare engine.
var engineSend = side{name: "engine", open: func(c *crew) (opened, error) {
	sys := newEngine()
	pid := sys.Root.Spawn(proto.PropsFromProducer(func() proto.Actor { return engineActor{&c.sinks[0]} }))
	return opened{
		publish: func(m Message) error { sys.Root.Send(pid, m); return nil },
		close:   func() error { return stopActor(sys, pid) },
	}, nil
}}

// engineBroadcast sends to an actor that sends to its children.
var engineBroadcast = side{name: "engine", open: func(c *crew) (opened, error) {
	sys := newEngine()
	p := &engineParent{c: c, ready: make(chan struct{})}
	pid := sys.Root.Spawn(proto.PropsFromProducer(func() proto.Actor { return p }))
	<-p.ready
	return opened{
		publish: func(m Message) error { sys.Root.Send(pid, m); return nil },
		close:   func() error { return stopActor(sys, pid) },
	}, nil
}}
