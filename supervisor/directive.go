package supervisor

import "strconv"

// Directive says what to do about a failure. The zero value means "the default".
type Directive int

const (
	// Retry gives the actor the same message again, after a back-off. The actor keeps its value.
	Retry Directive = iota + 1
	// Skip drops the message and goes on. Only Observe sees it.
	Skip
	// DeadLetter hands the message to the dead letters, with the error, and goes on.
	DeadLetter
	// Restart replaces the actor's value by a fresh one after a back-off, then gives it the same message again.
	Restart
	// Stop hands the message to the dead letters and stops the actor.
	Stop
	// Escalate hands the message to the dead letters and lets the supervisor of the actor decide about the actor.
	Escalate
)

// String returns the directive's name in lower case.
func (d Directive) String() string {
	switch d {
	case 0:
		return "default"
	case Retry:
		return "retry"
	case Skip:
		return "skip"
	case DeadLetter:
		return "dead letter"
	case Restart:
		return "restart"
	case Stop:
		return "stop"
	case Escalate:
		return "escalate"
	}
	return "directive(" + strconv.Itoa(int(d)) + ")"
}

func (d Directive) known() bool { return d >= Retry && d <= Escalate }
