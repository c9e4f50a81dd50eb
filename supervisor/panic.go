package supervisor

import (
	"errors"
	"fmt"
)

// ErrGoexit is the value of the [PanicError] of an actor that called runtime.Goexit, as testing's FailNow does.
var ErrGoexit = errors.New("supervisor: the actor called runtime.Goexit")

// PanicError is a panic that was recovered from user code. If the value is an error, errors.Is and errors.As see it.
type PanicError struct {
	Value any    // what was given to panic; ErrGoexit for runtime.Goexit
	Stack []byte // the stack of the goroutine when it panicked; nil if it was not kept
}

// Recovered makes a PanicError of what recover returned. A nil v stands for runtime.Goexit.
func Recovered(v any, stack []byte) *PanicError {
	if v == nil {
		v = ErrGoexit
	}
	return &PanicError{Value: v, Stack: stack}
}

// Error returns "panic: " and the value.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if it is an error, else nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
