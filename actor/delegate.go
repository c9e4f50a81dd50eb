package actor

import (
	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/supervisor"
)

// delegate is the strategy of all actors made by Spawn and NewProps. It finds the one that the actor was given.
type delegate struct{}

// HandleFailure asks the parent's own HandleFailure if it has one, else its strategy. If that panics the child, which
// is suspended, is stopped: nobody else would ever wake it.
func (delegate) HandleFailure(system *proto.ActorSystem, sup proto.Supervisor, child *proto.PID, rs *proto.RestartStatistics, reason, message any) {
	defer func() {
		if v := recover(); v != nil {
			system.Logger().Error("panic in a supervisor strategy; the child is stopped", "actor", child.GetId(), "panic", v)
			sup.StopChildren(child)
		}
	}()
	sup.(proto.Context).Actor().(*cell).strategy().HandleFailure(system, sup, child, rs, reason, message)
}

func (c *cell) strategy() proto.SupervisorStrategy {
	if s, ok := c.view.user.(proto.SupervisorStrategy); ok {
		return s
	}
	b := c.view.box
	if s := b.plan.set.strategy; s != nil {
		return s
	}
	x := b.extras()
	if x.strategy == nil {
		x.strategy = supervisor.OneForOne(supervisor.Policy{})
	}
	return x.strategy
}
