package actor

import (
	"errors"
	"runtime/debug"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/supervisor"
)

// cell is the engine's actor around one value of a user's. It keeps what the user does wrong in a lifecycle message
// from the engine, which would leave the actor, or its parent, hanging.
type cell struct {
	view view // what the value sees
}

// attach tells a mailbox of its new cell after a restart: only the mailbox outlives it, and the engine gives the cell
// no way to it but a message. It never is in the queue.
type attach struct{ cell *cell }

// Receive gives the value a message.
func (c *cell) Receive(ctx proto.Context) {
	if c.view.box == nil {
		if p, ok := ctx.ActorSystem().ProcessRegistry.Get(ctx.Self()); ok {
			p.SendUserMessage(ctx.Self(), &attach{c})
		}
	}
	if c.view.Context != ctx {
		c.view.Context = ctx
	}
	b := c.view.box
	if b.inUser {
		c.view.user.Receive(&c.view)
		return
	}
	switch m := ctx.Message().(type) {
	case *proto.Started:
		b.restarting = false
		// Only middleware and decorators make the engine wrap this message.
		b.indirect = ctx.MessageHeader() != nil
		c.guard(hookStart, c.start)
	case *proto.Stopping:
		c.guard(hookStopping, c.receive)
	case *proto.Restarting:
		c.guard(hookRestarting, c.receive)
		if b.extra != nil {
			b.extra.close()
		}
	case *proto.Stopped:
		if !b.ended {
			b.ended = true
			defer b.close()
			c.guard(hookStopped, c.receive)
		}
	case *proto.Terminated:
		if m != poke {
			if b.extra != nil {
				b.extra.free(m.Who.GetId())
			}
			defer b.drainedOne(m.Who.GetId())
			c.guard(hookTerminated, c.receive)
		}
	}
}

// deliver gives the value a user message without the engine, which costs a deep stack: at rest an actor has none, and
// would have to grow it every time.
func (c *cell) deliver(m any) {
	c.view.user.Receive(&c.view)
	if a, ok := proto.UnwrapEnvelopeMessage(m).(proto.AutoRespond); ok {
		c.view.Respond(a.GetAutoResponse(&c.view))
	}
}

// start makes the value, in the actor's own goroutine, so that it may spawn, and gives it Started.
func (c *cell) start() {
	c.view.user = c.view.box.plan.make()
	if c.view.user == nil {
		panic(errors.New("actor: the function that makes the actor returned nil"))
	}
	c.view.user.Receive(&c.view)
	c.view.box.started()
}

func (c *cell) receive() {
	if c.view.user != nil {
		c.view.user.Receive(&c.view)
	}
}

// guard calls f and keeps a panic from the engine. If f calls runtime.Goexit, hook stays set: see mailbox.crashed.
func (c *cell) guard(h hook, f func()) {
	b := c.view.box
	b.hook = h
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		b.hook = noHook
		b.note(h, supervisor.Recovered(v, debug.Stack()))
	}()
	f()
	b.hook = noHook
}
