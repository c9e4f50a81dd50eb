package actor

import (
	"strings"
	"sync"

	proto "github.com/asynkron/protoactor-go/actor"
)

// mailbox is the mailbox of an actor made by Spawn or NewProps: bounded, and with the message in work kept until it
// has been dealt with. It outlives restarts. System messages come first, always.
//
// The goroutine that runs the actor (at most one at a time) is started by who posts to an actor at rest, and ends
// when there is nothing to do.
type mailbox struct {
	plan     plan
	sys      *System
	engine   proto.MessageInvoker // the engine's context of this actor
	dispatch proto.Dispatcher
	fn       func() // b.run, made once

	mu        sync.Mutex       // guards all until the next blank line
	open      bool             // the engine has started the actor
	running   bool             // a goroutine runs the actor or is about to
	suspended bool             // by the engine: failed or restarting
	delayed   bool             // a back-off is on
	restarts  bool             // the back-off that ended was for a restart
	stopping  bool             // Stop has been seen: no further user message
	closed    bool             // the actor has ended
	pill      bool             // a PoisonPill is in the queue
	backoffs  uint32           // counts back-offs, to tell a timer that is late
	waiters   *[]chan struct{} // blocked senders, first come first; nil if there are none
	user      queue
	system    []any

	// What follows belongs to the goroutine that runs the actor.
	unfinished bool // runtime.Goexit cut the engine's work short
	inUser     bool // current is being handled right now
	indirect   bool // the props have middleware or decorators, which only the engine calls
	broken     bool // no usable value: it failed to start
	restarting bool // Restart has been seen, the fresh value has not started
	ended      bool // Stopped has been seen
	hook       hook // the lifecycle message being handled by user code right now
	cell       *cell
	current    any      // the message in work; nil if none
	trouble    *trouble // nil until the first failure
	extra      *extra   // rarely used features; nil until used
}

// RegisterHandlers is called once by the engine. Messages may have been posted already by who guessed the name.
func (b *mailbox) RegisterHandlers(engine proto.MessageInvoker, d proto.Dispatcher) {
	ctx := engine.(proto.Context)
	b.engine, b.dispatch = engine, d
	b.sys = Of(ctx)
	if b.sys == nil {
		panic("actor: props made by NewProps can only be spawned in a System made by NewSystem")
	}
	if b.plan.make == nil {
		b.plan = b.sys.root.claim(ctx.Self().Id)
	}
	b.fn = b.run
	b.cell = ctx.Actor().(*cell)
	b.cell.view.box, b.cell.view.Context = b, ctx
}

// Start is called once by the engine when the actor may run.
func (b *mailbox) Start() {
	b.mu.Lock()
	b.open = true
	b.wake()
}

// UserMessageCount returns how many messages wait.
func (b *mailbox) UserMessageCount() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.user.len()
}

// PostSystemMessage queues a message of the engine. It never blocks.
func (b *mailbox) PostSystemMessage(m any) {
	b.mu.Lock()
	b.system = append(b.system, m)
	b.wake()
}

// PostUserMessage queues a message. What it does when the mailbox is full is the settings' overflow.
func (b *mailbox) PostUserMessage(m any) {
	var sender *PID
	switch v := m.(type) {
	case *proto.MessageEnvelope:
		if v == nil || v.Message == nil {
			b.refuseNil(m)
			return
		}
		if privileged(v.Message) {
			b.force(v.Message)
			return
		}
		sender = v.Sender
	case nil:
		b.refuseNil(m)
		return
	case *attach:
		b.cell = v.cell
		v.cell.view.box = b
		return
	case *proto.PoisonPill, *proto.DeadLetterResponse:
		b.force(m)
		return
	}
	b.mu.Lock()
	if !b.open {
		b.user.push(m)
		b.mu.Unlock()
		return
	}
	if b.closed {
		b.mu.Unlock()
		b.refuse(m, b.sys.gone())
		return
	}
	var ask *reply
	if sender != nil {
		if ask = b.sys.replyOf(sender); ask != nil {
			ask.owner.Store(b)
		}
	}
	if b.plan.set.bound > 0 && b.user.len() >= b.plan.set.bound {
		b.overflow(m, ask)
		return
	}
	b.user.push(m)
	b.wake()
}

// privileged reports whether m has room in a full mailbox: the pill, which must get through, and news that a request
// of the actor's own failed, which the actor itself may be delivering.
func privileged(m any) bool {
	switch m.(type) {
	case *proto.PoisonPill, *proto.DeadLetterResponse:
		return true
	}
	return false
}

// force queues m regardless of the bound: what is privileged, and what the actor sends to itself, which must not wait
// for itself.
func (b *mailbox) force(m any) {
	b.mu.Lock()
	_, pill := m.(*proto.PoisonPill)
	if b.closed || pill && b.pill {
		b.mu.Unlock()
		if !pill {
			b.refuse(m, b.sys.gone())
		}
		return
	}
	b.pill = b.pill || pill
	b.user.push(m)
	b.wake()
}

// wake starts a goroutine for the actor if there is something to do and none at it. b.mu is held, and released.
func (b *mailbox) wake() {
	start := b.open && !b.running && b.ready()
	b.running = b.running || start
	b.mu.Unlock()
	if start {
		b.dispatch.Schedule(b.fn)
	}
}

// ready reports whether there is anything to do. b.mu is held. current and broken belong to the running goroutine;
// while none runs, b.mu orders them: each wrote them before it let go of running.
func (b *mailbox) ready() bool {
	if len(b.system) > 0 || b.restarts {
		return true
	}
	return !b.suspended && !b.delayed && !b.stopping && !b.broken && (b.current != nil || b.user.len() > 0)
}

// refuseNil refuses nil, unless it was sent to a guessed name before the actor was there, when nobody can be told.
func (b *mailbox) refuseNil(m any) {
	b.mu.Lock()
	open := b.open
	b.mu.Unlock()
	if open {
		b.refuse(m, ErrNil)
	}
}

// refuse hands m to the dead letters. As the engine does for the dead, it tells who sent a request.
func (b *mailbox) refuse(m any, reason error) {
	_, message, sender := unwrap(m)
	switch message.(type) {
	case *alarm, *proto.DeadLetterResponse:
		return
	}
	b.sys.DeadLetter(DeadLetter{To: b.self(), Message: message, From: sender, Reason: reason})
	if sender != nil && !isAsk(sender) {
		b.sys.engine.Root.Send(sender, &proto.DeadLetterResponse{Target: b.self()})
	}
}

func (b *mailbox) self() *PID { return b.engine.(proto.Context).Self() }

// name returns the actor's id.
func (b *mailbox) name() string { return b.self().GetId() }

// isAsk reports whether pid is the address of an Ask that waits.
func isAsk(pid *PID) bool { return pid != nil && strings.HasPrefix(pid.Id, askPrefix) }
