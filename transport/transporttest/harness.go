package transporttest

import (
	"time"

	"github.com/azutoolkit/echo/transport"
)

// Harness is an empty store and ways to it, made anew for every case. What it needs to take down, it gives to
// testing.TB.Cleanup; the suite closes the links itself, before that.
type Harness struct {
	Links []transport.Transport // two or more nodes' links to the same store

	// Idle is the GroupConfig.Idle of the cases about lost members: as short as the store can be relied on, and several
	// times Quiet. Default: 1 s.
	Idle time.Duration

	// Patience is how long to wait for what must happen. Default: 10 s, and more than Idle.
	Patience time.Duration

	// Quiet is how long to look for what must not happen. Default: 50 ms.
	Quiet time.Duration

	Faults Faults
}

// Faults are what a harness can break. A nil one skips the cases that need it. The number is an index of Links.
type Faults struct {
	Cut         func(link int)    // the link breaks: nothing reaches the store, blocked calls end with ErrLinkDown
	Heal        func(link int)    // a link that was cut can connect again, at once or soon
	Kill        func(link int)    // the node dies: its members vanish without giving back. The suite only closes it after that
	LoseReplies func(link, n int) // the next n Appends are done, but their replies never come: ErrUnknown, unless the transport finds out by itself
	Restart     func(keep bool)   // the store restarts; links break and can connect again; without keep all logs are lost
}

func (h Harness) withDefaults() Harness {
	if h.Idle == 0 {
		h.Idle = time.Second
	}
	if h.Patience == 0 {
		h.Patience = max(10*time.Second, 5*h.Idle)
	}
	if h.Quiet == 0 {
		h.Quiet = 50 * time.Millisecond
	}
	return h
}
