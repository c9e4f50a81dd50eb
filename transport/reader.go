package transport

import "context"

// Reader follows a log. One goroutine calls Next; any may call Close and Start.
type Reader interface {
	// Next blocks until there is at least one record and returns some, by rising position. The slice is the caller's;
	// Data and Headers may be shared and must not be changed. Errors:
	//
	//   - [ErrLinkDown]: the reader is over; [Log].Follow with [After] the last position continues without gap or repeat.
	//   - [*GapError]: records were lost before they were read. Calling Next again goes on behind them.
	//   - [ErrRemoved], [ErrClosed]: the reader is over.
	//   - the context's error: nothing was consumed, call again.
	Next(ctx context.Context) ([]Record, error)

	// Start is where the reader began: every record behind this position, and no other, will be returned. Its epoch is
	// never empty. When records were lost before the start that was asked for, it lies behind the gap.
	Start() Position

	// Close ends the reader, and a blocked Next with [ErrClosed]. Calling it again does nothing.
	Close() error
}
