package actor

import (
	"context"
	"fmt"
	"reflect"

	proto "github.com/asynkron/protoactor-go/actor"
)

// Ask sends m to pid and waits for the answer, that is for what the actor gives to Context.Respond. It ends with ctx,
// and has no other limit; an answer that comes later is dropped.
//
// It returns at once, with an error that wraps
//   - ErrDead if there is no such actor, or if it stops before it has answered (ErrStopped if m still waited then);
//   - the actor's own error if it fails on m and its policy gives m up; an actor from bare engine props cannot tell;
//   - the answer itself if it is an error;
//   - *TypeError if the answer is not an R.
//
// An actor that asks stands still meanwhile: two actors that ask each other wait until ctx ends.
func Ask[R any](ctx context.Context, s *System, pid *PID, m any) (R, error) {
	v, err := s.ask(ctx, pid, m)
	if err != nil {
		var none R
		return none, fmt.Errorf("actor: ask %q: %w", pid.GetId(), err)
	}
	answer, ok := v.(R)
	if !ok {
		return answer, &TypeError{Actor: pid.GetId(), Want: reflect.TypeFor[R](), Got: reflect.TypeOf(v)}
	}
	return answer, nil
}

func (s *System) ask(ctx context.Context, pid *PID, m any) (any, error) {
	if pid == nil {
		return nil, ErrDead
	}
	if isNil(m) {
		return nil, ErrNil
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	r := s.newReply(ctx)
	defer s.engine.ProcessRegistry.Remove(r.pid)
	defer r.done.Store(true)
	env := &proto.MessageEnvelope{Message: m, Sender: r.pid}
	if given, ok := m.(*proto.MessageEnvelope); ok {
		env.Message, env.Header = given.Message, given.Header
	}
	s.engine.Root.Send(pid, env)
	if r.owner.Load() == nil && !r.done.Load() {
		// Not one of our mailboxes, which tell. This one we must watch.
		r.watch(pid)
		defer s.tell(pid, &proto.Unwatch{Watcher: r.pid})
	}
	select {
	case <-r.ready:
		return r.value, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
