package supervisor

import (
	"time"

	proto "github.com/asynkron/protoactor-go/actor"
)

// due is the reason of a Failure that a timer sends to a supervisor when a back-off is over. It comes back to the
// strategy through the supervisor's mailbox, so that its children are touched by its own goroutine alone.
type due struct {
	fire func(sup proto.Supervisor)
}

// Error makes a due readable for a foreign strategy that sees one. Such a strategy should hand it on.
func (*due) Error() string { return "supervisor: a back-off is over" }

// after runs fire in the goroutine of sup when d has passed, or at once. The timer holds no goroutine; if the
// supervisor has ended by then, its message is lost, which is right: so have its children.
func after(system *proto.ActorSystem, sup proto.Supervisor, child *proto.PID, rs *proto.RestartStatistics, d time.Duration, fire func(proto.Supervisor)) {
	if d <= 0 {
		fire(sup)
		return
	}
	self, ok := sup.(selfish)
	if !ok {
		// A guardian of the engine: it has no mailbox and runs in anybody's goroutine anyway.
		time.AfterFunc(d, func() { fire(sup) })
		return
	}
	pid := self.Self()
	time.AfterFunc(d, func() {
		tell(system, pid, &proto.Failure{Who: child, Reason: &due{fire}, RestartStats: rs})
	})
}

// selfish is a supervisor that is an actor. A guardian of the engine is not: it panics, and takes the process with it,
// when asked for its children or to escalate.
type selfish interface{ Self() *proto.PID }

// tell sends a system message.
func tell(system *proto.ActorSystem, pid *proto.PID, m any) {
	if p, ok := system.ProcessRegistry.Get(pid); ok {
		p.SendSystemMessage(pid, m)
	}
}

// life identifies one life of an actor: another actor of the same name has another one. It is nil for the dead.
func life(system *proto.ActorSystem, pid *proto.PID) proto.Process {
	p, ok := system.ProcessRegistry.Get(pid)
	if !ok {
		return nil
	}
	return p
}
