package actor

import (
	"slices"

	proto "github.com/asynkron/protoactor-go/actor"
)

// view is the Context that a user's value sees: the engine's, without its traps.
type view struct {
	proto.Context // the engine's
	box           *mailbox
	user          Actor // nil before Started and if it could not be made
}

// inWork returns the message in work, with its envelope if it has one; nil if the engine knows it.
func (c *view) inWork() any {
	b := c.box
	switch {
	case b.inUser && !b.indirect:
		return b.current
	case b.extra != nil:
		return b.extra.again
	}
	return nil
}

// Message returns the message in work.
func (c *view) Message() any {
	if m := c.inWork(); m != nil {
		return proto.UnwrapEnvelopeMessage(m)
	}
	return c.Context.Message()
}

// Sender returns who sent the message in work; nil if it was sent without one.
func (c *view) Sender() *PID {
	if m := c.inWork(); m != nil {
		return proto.UnwrapEnvelopeSender(m)
	}
	return c.Context.Sender()
}

// MessageHeader returns the headers of the message in work; nil if it has none.
func (c *view) MessageHeader() proto.ReadonlyMessageHeader {
	if m := c.inWork(); m != nil {
		return proto.UnwrapEnvelopeHeader(m)
	}
	return c.Context.MessageHeader()
}

// ReenterAfter calls then, as a message to the actor, when f is done. Message and Sender are again those of now.
func (c *view) ReenterAfter(f *proto.Future, then func(res any, err error)) {
	m := c.inWork()
	c.Context.ReenterAfter(f, func(res any, err error) {
		if m != nil {
			x := c.box.extras()
			x.again = m
			defer func() { x.again = nil }()
		}
		then(res, err)
	})
}

// Actor returns the user's value.
func (c *view) Actor() Actor { return c.user }

// Children returns a copy: the engine's own slice changes under the hands of who keeps it.
func (c *view) Children() []*PID { return slices.Clone(c.Context.Children()) }

// Send sends m to pid. nil goes to the dead letters. What an actor sends to itself has room in a full mailbox.
func (c *view) Send(pid *PID, m any) {
	switch {
	case pid == nil || isNil(m):
		c.box.sys.Send(pid, m)
	case c.isSelf(pid):
		c.box.force(m)
	default:
		c.Context.Send(pid, m)
	}
}

// Request is Send with the actor as the sender.
func (c *view) Request(pid *PID, m any) { c.RequestWithCustomSender(pid, m, c.Self()) }

// RequestWithCustomSender is Send with a sender.
func (c *view) RequestWithCustomSender(pid *PID, m any, sender *PID) {
	switch {
	case pid == nil || isNil(m):
		c.box.sys.DeadLetter(DeadLetter{To: pid, Message: m, From: sender, Reason: nilReason(pid)})
	case c.isSelf(pid):
		c.box.force(&Envelope{Message: m, Sender: sender})
	default:
		c.Context.RequestWithCustomSender(pid, m, sender)
		c.handOver(sender, pid)
	}
}

// Respond answers the sender of the message in work. Without one the answer goes to the dead letters.
func (c *view) Respond(m any) {
	to := c.Sender()
	switch {
	case to == nil:
		c.box.sys.DeadLetter(DeadLetter{Message: m, From: c.Self(), Reason: ErrNoSender})
	case isAsk(to):
		c.Context.Send(to, m) // nil too: Ask makes an error of it
	default:
		c.Send(to, m)
	}
}

// Forward sends the message in work, with its sender, to pid.
func (c *view) Forward(pid *PID) {
	m := c.inWork()
	switch {
	case m == nil:
		c.Context.Forward(pid) // what the engine knows; it logs that lifecycle messages cannot be forwarded
	case pid == nil:
		_, message, sender := unwrap(m)
		c.box.sys.DeadLetter(DeadLetter{Message: message, From: sender, Reason: nilReason(pid)})
	case c.isSelf(pid):
		c.box.force(m)
	default:
		c.Context.Send(pid, m)
		c.handOver(c.Sender(), pid)
	}
}

// handOver makes pid responsible for an ask that was passed on to it. An actor of ours took it when it was posted;
// of any other we must learn when it dies.
func (c *view) handOver(sender, pid *PID) {
	if r := c.box.sys.replyOf(sender); r != nil && r.owner.CompareAndSwap(c.box, nil) {
		r.watch(pid)
	}
}

// SpawnNamed spawns a child. The name is escaped, so that no two names make one id. A name is free again when the
// parent has been given its Terminated; the engine would lose a child that is spawned earlier.
//
// An actor on its way out can spawn in Stopping and Restarting, but not later: the engine would not stop that child.
// Then SpawnNamed returns ErrStopping, and Spawn and SpawnPrefix return the PID of nobody.
func (c *view) SpawnNamed(props *Props, name string) (*PID, error) {
	name = EscapeName(name)
	if c.leaving() {
		return nil, spawnError(name, ErrStopping)
	}
	x := c.box.extras()
	id := c.Self().Id + "/" + name
	if _, taken := x.names[id]; taken {
		return nil, spawnError(name, ErrNameTaken)
	}
	pid, err := c.Context.SpawnNamed(props, name)
	if err != nil {
		if err == proto.ErrNameExists {
			err = ErrNameTaken
		}
		return nil, spawnError(name, err)
	}
	if x.names == nil {
		x.names = map[string]struct{}{}
	}
	x.names[id] = struct{}{}
	return pid, nil
}

// Spawn spawns a child with a unique name. See [view.SpawnNamed].
func (c *view) Spawn(props *Props) *PID { return c.SpawnPrefix(props, "") }

// SpawnPrefix spawns a child whose name is prefix and something unique.
func (c *view) SpawnPrefix(props *Props, prefix string) *PID {
	if prefix != "" {
		prefix = EscapeName(prefix)
	}
	if c.leaving() {
		return c.box.sys.engine.NewLocalPID(c.Self().Id + "/" + prefix + c.box.sys.engine.ProcessRegistry.NextId())
	}
	return c.Context.SpawnPrefix(props, prefix)
}

// leaving reports whether the engine has stopped all children that it ever will.
func (c *view) leaving() bool {
	b := c.box
	return (b.stopping || b.restarting) && b.hook != hookStopping && b.hook != hookRestarting
}

// Stash puts the message in work aside. When the actor is restarted, what is stashed comes again, in order and before
// what waits; when it is stopped, it goes to the dead letters. The engine's own stash forgets senders and turns the order round.
func (c *view) Stash() {
	if c.box.inUser && !c.box.extras().stashed {
		x := c.box.extra
		x.stash, x.stashed = append(x.stash, c.box.current), true
	}
}

func (c *view) isSelf(pid *PID) bool {
	self := c.Context.Self()
	return pid == self || pid.Id == self.Id && pid.Address == self.Address
}

func nilReason(pid *PID) error {
	if pid == nil {
		return ErrDead
	}
	return ErrNil
}

// isNil reports whether m is no message at all.
func isNil(m any) bool {
	if m == nil {
		return true
	}
	env, ok := m.(*Envelope)
	return ok && (env == nil || env.Message == nil)
}

// unwrap is the engine's UnwrapEnvelope, and safe for a nil envelope.
func unwrap(m any) (proto.ReadonlyMessageHeader, any, *PID) {
	if env, ok := m.(*Envelope); ok && env == nil {
		return nil, nil, nil
	}
	return proto.UnwrapEnvelope(m)
}
