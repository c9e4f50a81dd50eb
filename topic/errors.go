package topic

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/transport"
)

// Errors that callers branch on, with errors.Is.
var (
	// ErrClosed: the system is closing or closed. The message is not in the log.
	ErrClosed = errors.New("the system is closed")
	// ErrRemoved: the topic was removed. The message is not in the log. Open it again to go on.
	ErrRemoved = errors.New("the topic was removed: open it again")
	// ErrFull: there was no room in the log before the context ended, or waiting for room would never end. The message is
	// not in the log.
	ErrFull = errors.New("the log is full")
	// ErrNil: nil, or a nil pointer, map, channel or function, is no message. A nil slice is an empty one, and welcome.
	ErrNil = errors.New("nil is no message")
	// ErrUnknown: the transport does not know whether the message is in the log. Publish it again with the same [ID].
	ErrUnknown = transport.ErrUnknown
	// ErrNoResponder: nobody responds to requests on this topic.
	ErrNoResponder = errors.New("nobody responds: call Respond first")
	// ErrSlowConsumer ended a subscription whose flow policy is [Disconnect].
	ErrSlowConsumer = errors.New("the consumer was too slow for its buffer: make it larger or choose another flow policy")
	// ErrRestarts ended a subscription that failed more often than its [supervisor.Policy] allows.
	ErrRestarts = errors.New("the consumer failed more often than its policy allows")
	// ErrNotHandled: a consumer without a Receive method was sent a message of its own.
	ErrNotHandled = errors.New("the consumer has no Receive method for direct messages")
)

// TypeError says that a topic, or an answer, is of another type.
type TypeError struct {
	Topic      string
	Have, Want reflect.Type
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("the topic carries %v, not %v: use one type for a name", e.Have, e.Want)
}

// fullError says for whom a publisher waited.
type fullError struct {
	topic, by string
	self      bool
	cause     error
}

func (e *fullError) Error() string {
	if e.self {
		return fmt.Sprintf("the log is full, and waiting for room would wait for %q itself, which publishes: give it a larger buffer or another flow policy, or publish from another goroutine", e.by)
	}
	return fmt.Sprintf("the log is full, waiting for %q: %v", e.by, e.cause)
}

func (e *fullError) Is(target error) bool { return target == ErrFull }
func (e *fullError) Unwrap() error        { return e.cause }

// positionError says why a subscription cannot start at a position.
type positionError struct {
	topic    string
	position Position
	why      string
}

func (e *positionError) Error() string { return fmt.Sprintf("start at %v: %s", e.position, e.why) }

// BatchError says that only the first messages of a batch are in the log.
type BatchError struct {
	Published int // messages in the log, the first of the batch
	Err       error
}

func (e *BatchError) Error() string {
	return fmt.Sprintf("%d messages of the batch are in the log, then: %v", e.Published, e.Err)
}

// Unwrap returns why the rest is not.
func (e *BatchError) Unwrap() error { return e.Err }

// rejection asks for the dead-letter topic at once.
type rejection struct{ err error }

func (r *rejection) Error() string { return r.err.Error() }
func (r *rejection) Unwrap() error { return r.err }

// Reject is for consumers: a message that failed with Reject(err) goes to the dead-letter topic without further attempts.
// Reject(nil) is nil.
func Reject(err error) error {
	if err == nil {
		return nil
	}
	return &rejection{err}
}

func panicked(v any, stack []byte) *supervisor.PanicError {
	if v == nil {
		v = supervisor.ErrGoexit
	}
	return supervisor.Recovered(v, stack)
}

// groupError says that a member asks for other settings than its group has.
type groupError struct {
	name   string
	flow   flowKind
	buffer uint64
}

func (e *groupError) Error() string {
	return fmt.Sprintf("group %q has Overflow(%v) and Buffer(%d): give every member the same", e.name, e.flow, e.buffer)
}

// responderError says that responders and other consumers do not share a group.
func responderError(name string, responders bool) error {
	if responders {
		return fmt.Errorf("group %q is one of responders: choose another name", name)
	}
	return fmt.Errorf("group %q is one of consumers that do not respond: choose another name", name)
}

// closedError speaks of a closed system in the errors of this package.
func closedError(err error) error {
	if errors.Is(err, actor.ErrClosed) {
		return ErrClosed
	}
	return err
}

// stuckError names a subscription that has not ended in time.
type stuckError struct {
	name, topic string
	cause       error
}

func (e *stuckError) Error() string {
	return fmt.Sprintf("subscription %q of topic %q is still busy: %v", e.name, e.topic, e.cause)
}

func (e *stuckError) Unwrap() error { return e.cause }

var errOwnEnd = errors.New("a consumer cannot wait for its own end: it drains without a wait, see Done")

var errNoContext = errors.New("context is nil: use context.Background()")

var errNoRequest = errors.New("the message is no request: nobody waits for an answer")

func wrap(verb, name string, err error) error {
	if err == nil {
		return nil
	}
	if len(name) > transport.MaxName {
		name = strings.ToValidUTF8(name[:40], "") + "…"
	}
	return fmt.Errorf("topic: %s %q: %w", verb, name, err)
}
