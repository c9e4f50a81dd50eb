package actor

import (
	"context"
	"strconv"
	"sync/atomic"

	proto "github.com/asynkron/protoactor-go/actor"
)

// askPrefix begins the ids of those who wait for an answer. No other id does: EscapeName escapes "$", and "?" is none of
// the engine's digits.
const askPrefix = "$?"

// reply is the process that one Ask waits on. The first to settle it wins; whatever comes later is dropped.
type reply struct {
	sys   *System
	ctx   context.Context
	pid   *PID
	done  atomic.Bool
	owner atomic.Pointer[mailbox] // who will tell us if there is no answer; nil: nobody, watch the actor
	ready chan struct{}           // holds one; then value and err are set
	value any
	err   error
}

func (s *System) newReply(ctx context.Context) *reply {
	r := &reply{sys: s, ctx: ctx, ready: make(chan struct{}, 1)}
	var id [len(askPrefix) + 13]byte
	// The number is unique, so there is no need to look whether the id was free.
	r.pid, _ = s.engine.ProcessRegistry.Add(r, string(strconv.AppendUint(append(id[:0], askPrefix...), s.asks.Add(1), 36)))
	return r
}

// replyOf returns the reply with the address pid, or nil if there is none or it is over.
func (s *System) replyOf(pid *PID) *reply {
	if !isAsk(pid) {
		return nil
	}
	p, _ := s.engine.ProcessRegistry.Get(pid)
	r, _ := p.(*reply)
	return r
}

// SendUserMessage takes the answer.
func (r *reply) SendUserMessage(_ *PID, m any) {
	_, m, _ = unwrap(m)
	switch v := m.(type) {
	case *proto.DeadLetterResponse:
		r.fail(r.sys.gone())
	case error:
		r.fail(v)
	default:
		r.settle(m, nil)
	}
}

// SendSystemMessage learns of the end of a watched actor.
func (r *reply) SendSystemMessage(_ *PID, m any) {
	if _, ok := m.(*proto.Terminated); ok {
		r.fail(r.sys.gone())
	}
}

// Stop does nothing.
func (r *reply) Stop(*PID) {}

func (r *reply) fail(err error) { r.settle(nil, err) }

func (r *reply) settle(value any, err error) {
	if r.done.CompareAndSwap(false, true) {
		r.value, r.err = value, err
		r.ready <- struct{}{}
	}
}

// watch asks pid to tell when it ends.
func (r *reply) watch(pid *PID) { r.sys.tell(pid, &proto.Watch{Watcher: r.pid}) }
