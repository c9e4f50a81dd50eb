package topic

import (
	"runtime/debug"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
)

// A mailbox is how the engine sees a subscriber. It holds no messages of the topic, which the subscriber reads from the log.
type mailbox struct{ s *subscriber }

func (m mailbox) RegisterHandlers(invoker proto.MessageInvoker, _ proto.Dispatcher) {
	m.s.Context = invoker.(proto.Context)
}

func (mailbox) Start() {}

func (mailbox) UserMessageCount() int { return 0 }

// PostUserMessage takes what is sent to the subscriber's own PID.
func (m mailbox) PostUserMessage(msg any) {
	s := m.s
	_, body, sender := proto.UnwrapEnvelope(msg)
	switch body.(type) {
	case *proto.PoisonPill:
		s.drain()
		return
	case *proto.Started, *proto.Stopping, *proto.Stopped, *proto.Restarting:
		return
	}
	reason := ErrNotHandled
	switch {
	case body == nil:
		reason = ErrNil
	case s.state.Load()&stopped != 0:
		reason = ErrClosed
	case s.cfg.hooks.receive != nil:
		if s.postDirect(msg) {
			return
		}
		reason = ErrFull
	}
	s.registry().sys.DeadLetter(actor.DeadLetter{To: s.Self(), Message: body, From: sender, Reason: reason})
}

// postDirect queues a direct message, if there is room for it.
func (s *subscriber) postDirect(msg any) bool {
	r := s.extra()
	r.mu.Lock()
	full := len(r.control) >= s.cfg.buffer
	r.mu.Unlock()
	if !full {
		s.post(msg)
	}
	return !full
}

// PostSystemMessage takes the engine's own messages. What the subscriber does by itself is left out: it starts before its
// place in the log is taken, restarts in place, and is never suspended.
func (m mailbox) PostSystemMessage(msg any) {
	s := m.s
	switch msg.(type) {
	case *proto.Started, *proto.SuspendMailbox, *proto.ResumeMailbox:
	case *proto.Restart:
		s.post(func() { s.fresh = true })
	case *proto.Stop:
		s.requestStop(nil)
	default:
		s.post(msg)
	}
}

// invoke hands a control message to the engine.
func (s *subscriber) invoke(msg any) {
	switch msg.(type) {
	case *proto.Stop, *proto.Terminated, *proto.Watch, *proto.Unwatch, *proto.Failure, proto.SystemMessage:
		s.Context.(proto.MessageInvoker).InvokeSystemMessage(msg)
	default:
		s.Context.(proto.MessageInvoker).InvokeUserMessage(msg)
	}
}

// A body is the engine's view of the consumer inside a subscriber.
type body struct{ s *subscriber }

// Receive gets lifecycle messages, and direct messages where the consumer has a Receive method.
func (b body) Receive(ctx proto.Context) {
	s := b.s
	switch m := ctx.Message().(type) {
	case *proto.Started, *proto.Restarting:
	case *proto.Stopping:
		s.set(stopped)
		s.stopHook()
	case *proto.Stopped:
		s.finished()
	case *proto.Terminated:
		s.terminated(m)
		s.receiveDirect(ctx)
	default:
		s.receiveDirect(ctx)
	}
}

// receiveDirect calls the consumer's Receive, which may fail without harm to its place in the log: it starts afresh.
func (s *subscriber) receiveDirect(ctx proto.Context) {
	if s.cfg.hooks.receive == nil || s.consumer == nil {
		return
	}
	err := outcome(func() error {
		s.cfg.hooks.receive(s.consumer, ctx)
		return nil
	})
	if err != nil {
		s.fresh = true
		s.extra().restarts.Add(1)
		s.registry().logger().Error("echo: consumer failed on a direct message and restarts", "subscription", s.label(), "error", err)
	}
}

// outcome calls f on a goroutine of its own, so that neither a panic nor runtime.Goexit leaves the engine half-way.
func outcome(f func() error) (err error) {
	done := make(chan struct{})
	go func() {
		returned := false
		defer close(done)
		defer func() {
			if !returned {
				err = panicked(recover(), debug.Stack())
			}
		}()
		err = f()
		returned = true
	}()
	<-done
	return err
}
