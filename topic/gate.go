package topic

import (
	"sync"

	proto "github.com/asynkron/protoactor-go/actor"
)

// A gate is the topic's actor. What is sent to its PID is published by the sender's goroutine; only the engine's own
// messages pass through a queue.
type gate struct {
	core    *core
	invoker proto.MessageInvoker

	mu    sync.Mutex
	queue []any // guarded by mu
	busy  bool  // guarded by mu: a goroutine works on the queue, and ends with it
}

type gateMailbox struct{ g *gate }

func (m gateMailbox) RegisterHandlers(invoker proto.MessageInvoker, _ proto.Dispatcher) {
	m.g.invoker = invoker
}
func (gateMailbox) Start()                {}
func (gateMailbox) UserMessageCount() int { return 0 }

func (m gateMailbox) PostUserMessage(msg any) {
	switch _, body, _ := proto.UnwrapEnvelope(msg); body.(type) {
	case *proto.PoisonPill:
		m.g.post(&proto.Stop{})
	default:
		m.g.core.receive(nil, msg)
	}
}

func (m gateMailbox) PostSystemMessage(msg any) {
	switch msg.(type) {
	case *proto.Stop, *proto.Watch, *proto.Unwatch:
		m.g.post(msg)
	}
}

func (g *gate) post(msg any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, msg)
	if !g.busy {
		g.busy = true
		go g.work()
	}
}

func (g *gate) work() {
	for {
		g.mu.Lock()
		if len(g.queue) == 0 {
			g.queue, g.busy = nil, false
			g.mu.Unlock()
			return
		}
		msg := g.queue[0]
		g.queue = g.queue[1:]
		g.mu.Unlock()
		g.invoker.InvokeSystemMessage(msg)
	}
}

// Receive ends the topic with its actor.
func (g *gate) Receive(ctx proto.Context) {
	switch ctx.Message().(type) {
	case *proto.Stopping:
		g.core.end()
	case *proto.Stopped:
		g.core.reg.forget(g.core)
		close(g.core.gone)
	}
}
