package actor

import proto "github.com/asynkron/protoactor-go/actor"

// The engine's own types, so that most programs need not import it. They are aliases: a value goes to and comes from
// the engine as it is.
type (
	// PID is the address of an actor. Compare with Equal, never with ==.
	PID = proto.PID
	// Context is what an actor can see and do while it handles a message. It must not be used by other goroutines.
	Context = proto.Context
	// Props say how to make an actor. Make them with [NewProps].
	Props = proto.Props
	// Actor handles one message at a time.
	Actor = proto.Actor
	// Func makes an Actor of a function.
	Func = proto.ReceiveFunc
	// Envelope is a message with a sender and headers.
	Envelope = proto.MessageEnvelope

	// Started is the first message of every fresh value of an actor.
	Started = proto.Started
	// Stopping comes when the actor is to stop, before its children are stopped.
	Stopping = proto.Stopping
	// Stopped is the last message, after all children have stopped.
	Stopped = proto.Stopped
	// Restarting is the last message of a value that will be replaced by a fresh one.
	Restarting = proto.Restarting
	// Terminated says that a child or a watched actor has ended.
	Terminated = proto.Terminated
	// ReceiveTimeout says that no message came for as long as SetReceiveTimeout said.
	ReceiveTimeout = proto.ReceiveTimeout
	// PoisonPill drains an actor: see [System.Drain].
	PoisonPill = proto.PoisonPill
	// DeadLetterResponse is what the sender of a request gets when there is nobody to answer it.
	DeadLetterResponse = proto.DeadLetterResponse
)

// NewPID returns the address of an actor that may or may not exist. An id is the escaped names of the actor and its
// ancestors, joined by "/": see [EscapeName]. The host is the name of its System.
func NewPID(host, id string) *PID { return proto.NewPID(host, id) }
