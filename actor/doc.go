// Package actor runs actors: values that handle one message at a time. It is a thin and safe layer over the engine,
// protoactor-go, whose types it keeps: PID, Context, Props and Actor are the engine's.
//
//	sys := actor.NewSystem()
//	defer sys.Close(ctx) // lets everything finish what it has
//
//	pid, err := sys.Spawn(func() actor.Actor { return &counter{} })
//	sys.Send(pid, increment{})
//	n, err := actor.Ask[int](ctx, sys, pid, total{})
//
// What it adds: mailboxes with a bound, messages that survive failures, dead letters with a reason, an Ask that always
// ends, and a Close that drains.
//
// # Delivery
//
// Messages from one sender to one actor come in the order in which they were sent. A message is handled until the
// actor returns from it normally or its [supervisor.Policy] gives it up, so it can be handled more than once if the
// actor panics half way. What is not handled becomes a [DeadLetter] with a reason: messages to the dead, nil, what a
// full mailbox drops, what a policy gives up, what is left when an actor stops. Nothing survives the process.
//
// A mailbox holds [DefaultMailbox] messages, then senders wait; see [Mailbox] for others. What an actor sends to
// itself through its Context always has room. Actors that fill each other's mailboxes and wait for each other wait for
// ever, as goroutines with channels would: break such a circle with DropOldest, DropNewest, or a larger mailbox.
//
// # Concurrency
//
// An actor needs no locks: its messages are handled one after the other, and each sees what the one before it did. At
// rest it holds no goroutine and about 700 bytes. A handler may block; it holds up its own actor only. A Context
// belongs to the handler it was given to: a goroutine of the actor may only use its Send, Request and Self.
//
// All methods of [System] may be called concurrently, and by actors, except for what waits for the actor itself: an
// actor must not Stop, Drain or Ask itself, nor Close the system, nor use System.Send to send to itself.
//
// # Failure
//
// An actor fails by panicking; with an error if it wants to say why, which its policy and whoever asked then see.
// runtime.Goexit counts as a panic. The failing message is given again, in its place, after a back-off that holds no
// goroutine; after a panic to a fresh value, unless the policy decides otherwise. A value that was to be replaced never
// sees another message, even if the message was given up. Started is tried again as well; if it keeps failing the actor
// is stopped. Failures in Stopping, Stopped, Restarting are logged and change nothing. A child that fails for good
// concerns its parent by Escalate only; above a top-level actor there is nobody, so there Escalate stops it.
//
// A restart stops the children, without draining them; the fresh value spawns them anew.
//
// Actors from bare engine props ([System.SpawnProps], or Context.Spawn with such props) keep the engine's own
// behaviour: a failing message is lost, a stopped mailbox is forgotten in silence. Their supervision is ours.
package actor
