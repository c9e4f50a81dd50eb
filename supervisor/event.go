package supervisor

import (
	"time"

	proto "github.com/asynkron/protoactor-go/actor"
)

// Event is one decision about one failure, as given to [Policy].Observe.
type Event struct {
	Time      time.Time     // when it was decided
	Actor     *proto.PID    // who failed
	Topic     string        // the topic of the message; empty outside of topics
	Consumer  string        // the name of the subscription; empty outside of topics
	Err       error         // why; a *PanicError carries the stack
	Directive Directive     // what was decided
	Attempt   int           // how often this message, or for a strategy this actor, has failed in a row, from 1
	Delay     time.Duration // how long until it is carried out; 0 = at once
	Message   any           // what it failed on; nil if it was none
}
