package actor

import (
	"errors"
	"fmt"
	"reflect"
)

// Errors that callers branch on. Test with errors.Is: they come wrapped.
var (
	// ErrClosed says that the system is closed or closing.
	ErrClosed = errors.New("actor: the system is closed")
	// ErrDead says that there is no such actor, or no longer.
	ErrDead = errors.New("actor: no such actor")
	// ErrStopped says that the actor was stopped before it came to the message.
	ErrStopped = errors.New("actor: stopped before the message was handled")
	// ErrFull says that a mailbox was full and its overflow dropped the message.
	ErrFull = errors.New("actor: the mailbox is full")
	// ErrNil says that a message or a PID was nil.
	ErrNil = errors.New("actor: nil is not a message")
	// ErrNameTaken says that an actor of this name lives, or has not quite ended: wait for it, as Stop and Watch do.
	ErrNameTaken = errors.New("actor: the name is taken")
	// ErrStopping says that an actor that is being stopped or restarted cannot have another child.
	ErrStopping = errors.New("actor: the parent is stopping or restarting")
	// ErrNoSender says that an actor responded to a message that nobody waits to have answered.
	ErrNoSender = errors.New("actor: the message has no sender to respond to")
)

// TypeError says that an actor answered with a value of another type than was asked for.
type TypeError struct {
	Actor string       // the id of who answered
	Want  reflect.Type // what was asked for
	Got   reflect.Type // what came; nil for an untyped nil
}

// Error names both types.
func (e *TypeError) Error() string {
	got := "nil"
	if e.Got != nil {
		got = e.Got.String()
	}
	return fmt.Sprintf("actor: ask %q: it answered with %s, not with %s", e.Actor, got, e.Want)
}

// escalation is the reason of a failure that an actor's policy handed to its supervisor.
type escalation struct{ error }

func (e escalation) Unwrap() error { return e.error }
