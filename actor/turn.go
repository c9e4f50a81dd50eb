package actor

import (
	proto "github.com/asynkron/protoactor-go/actor"
)

// work is what a mailbox does next.
type work int

const (
	rest    work = iota // nothing: the goroutine ends
	system              // a message of the engine
	user                // the current message
	restart             // a restart that the policy decided
	finish              // what runtime.Goexit cut short
)

// run is the goroutine of an actor that has something to do. It ends when there is nothing left.
func (b *mailbox) run() {
	for b.turn() {
	}
}

// turn handles messages until there are none, until the dispatcher's share is used up (then it lets others go first),
// or until user code fails. It reports whether the goroutine goes on.
func (b *mailbox) turn() (again bool) {
	whole := false
	defer func() {
		if !whole {
			again = b.crashed(recover())
		}
	}()
	for range max(1, b.dispatch.Throughput()) {
		m, what := b.next()
		switch what {
		case rest:
			whole = true
			return false
		case user:
			b.handle()
		case system:
			b.handleSystem(m)
		case restart:
			b.restart()
		case finish:
			b.finish()
		}
	}
	whole = true
	b.dispatch.Schedule(b.fn)
	return false
}

// next chooses what to do: what was cut short, then the engine's messages, then user messages.
func (b *mailbox) next() (any, work) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.unfinished:
		b.unfinished = false
		return nil, finish
	case len(b.system) > 0:
		m := b.system[0]
		b.system[0] = nil
		if b.system = b.system[1:]; len(b.system) == 0 {
			b.system = nil
		}
		return m, system
	case b.restarts && !b.stopping:
		b.restarts = false
		return nil, restart
	case b.suspended || b.delayed || b.stopping || b.broken:
	case b.current != nil:
		return nil, user
	case b.user.len() > 0:
		b.current = b.user.pop()
		if b.waiters != nil {
			b.admit()
		}
		return nil, user
	default:
		b.user.rest()
	}
	b.restarts = b.restarts && !b.stopping
	b.running = false
	return nil, rest
}

// handle gives the actor its current message, and forgets it once that went well.
func (b *mailbox) handle() {
	switch m := b.current.(type) {
	case *proto.PoisonPill:
		b.current = nil
		b.swallow()
		return
	case *alarm:
		if b.current = b.ring(m); b.current == nil {
			return
		}
	}
	m, timer := b.current, b.idle()
	if timer != nil && !idles(m) {
		timer.stop()
	}
	b.inUser = true
	if b.indirect {
		b.engine.InvokeUserMessage(m)
	} else {
		b.cell.deliver(m)
	}
	b.inUser = false
	b.current = nil
	if b.trouble != nil {
		b.trouble.attempt, b.trouble.err = 0, nil
	}
	if b.extra != nil {
		b.extra.stashed = false
		if timer != nil && timer == b.extra.timer && !idles(m) {
			timer.arm(b)
		}
	}
	if env, ok := m.(*proto.MessageEnvelope); ok && isAsk(env.Sender) {
		b.owe(b.sys.replyOf(env.Sender))
	}
}

// handleSystem handles a message of the engine.
func (b *mailbox) handleSystem(m any) {
	switch m := m.(type) {
	case *proto.Watch:
		if b.stopping && !b.ended {
			// The engine would say that the actor has ended.
			x := b.extras()
			x.watchers = append(x.watchers, m.Watcher)
			return
		}
	case *proto.SuspendMailbox:
		b.suspend(true)
		return
	case *proto.ResumeMailbox:
		// While a restart waits for children, the value is the old one: it must see no further message.
		if !b.restarting {
			b.resume()
		}
		return
	case *proto.Restart:
		b.restart()
		return
	case *proto.Stop:
		b.calm()
		b.mu.Lock()
		b.stopping = true
		b.mu.Unlock()
	}
	b.engine.InvokeSystemMessage(m)
	b.settle()
}

// restart lets the engine replace the value. After Stop it would resurrect the actor, so then it does nothing.
func (b *mailbox) restart() {
	if b.stopping || b.restarting {
		return
	}
	b.calm()
	b.suspend(true)
	b.restarting = true
	b.engine.InvokeSystemMessage(&proto.Restart{})
	b.settle()
}

// settle deals with a hook that failed in a message of the engine, and tells late watchers of the end.
func (b *mailbox) settle() {
	if t := b.trouble; t != nil && t.hookErr != nil {
		h, err := t.hook, t.hookErr
		t.hookErr = nil
		b.hookFailed(h, err)
	}
	if b.ended && b.extra != nil {
		for _, w := range b.extra.watchers {
			b.sys.tell(w, &proto.Terminated{Who: b.self()})
		}
		b.extra.watchers = nil
	}
}

func (b *mailbox) context() proto.Context { return b.engine.(proto.Context) }

// resume lets the actor go on. One that failed to start has no value to go on with; it gets a fresh one.
func (b *mailbox) resume() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.suspended = false
	if b.broken && !b.delayed {
		b.restarts = true
	}
}

func (b *mailbox) suspend(on bool) {
	b.mu.Lock()
	b.suspended = on
	b.mu.Unlock()
}

// stop stops the actor as soon as it has dealt with the current message.
func (b *mailbox) stop() { b.context().Stop(b.self()) }
