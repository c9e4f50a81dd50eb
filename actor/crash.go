package actor

import (
	"runtime/debug"
	"slices"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/supervisor"
)

// poke makes the engine look again whether an actor that waited for its children can go on. No actor is called "".
var poke = &proto.Terminated{Who: &proto.PID{}}

// crashed deals with a panic with v, or with runtime.Goexit if v is nil, that left user code. It reports whether this
// goroutine can go on; after Goexit it cannot, and another one takes over.
func (b *mailbox) crashed(v any) bool {
	err := supervisor.Recovered(v, debug.Stack())
	switch {
	case b.inUser:
		b.inUser = false
		b.failed(err)
	case v == nil:
		b.mu.Lock()
		b.unfinished = true
		b.mu.Unlock()
		h := b.hook
		if h == noHook {
			h = hookSystem
		}
		b.hook = noHook
		b.note(h, err)
	default:
		b.note(hookSystem, err)
		b.settle()
	}
	if v == nil {
		b.dispatch.Schedule(b.fn)
	}
	return v != nil
}

// finish does what the engine had no time for when user code called runtime.Goexit in a hook: an actor that stops or
// restarts stops its children, and goes on when there are none.
func (b *mailbox) finish() {
	if b.stopping || b.restarting {
		b.engine.(proto.Supervisor).StopChildren(slices.Clone(b.context().Children())...)
	}
	b.engine.InvokeSystemMessage(poke)
	b.settle()
}
