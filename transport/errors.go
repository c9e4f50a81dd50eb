package transport

import (
	"errors"
	"fmt"
)

// Errors that callers branch on, with errors.Is. The package comment says what each leaves behind.
var (
	ErrClosed   = errors.New("transport: closed")
	ErrLinkDown = errors.New("transport: link is down, try again later")
	ErrUnknown  = errors.New("transport: outcome unknown, try again with the same record IDs")
	ErrRemoved  = errors.New("transport: log was removed")
	ErrTooLarge = errors.New("transport: record is too large")
)

// GapError says that records were lost to this reader or group: retention dropped them first, or the log was lost and
// began anew. Reading goes on with the next call.
type GapError struct {
	Lost int64    // how many records; -1 = unknown
	Next Position // reading goes on behind this place: Follow with After(Next) misses and repeats nothing that is left
}

// Error says how much was lost and where reading goes on.
func (e *GapError) Error() string {
	if e.Lost < 0 {
		return fmt.Sprintf("transport: records were lost, nobody knows how many; reading goes on behind %v", e.Next)
	}
	return fmt.Sprintf("transport: %d records were lost; reading goes on behind %v", e.Lost, e.Next)
}

// UnsupportedError says that a transport cannot honour an option.
type UnsupportedError struct {
	Transport string // Capabilities.Name
	Option    string // as it is called in Go, for instance "Retention.Age"
}

// Error names the option and the transport.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("transport: %s does not support %s: leave the option out or use another transport", e.Transport, e.Option)
}
