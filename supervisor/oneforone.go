package supervisor

import proto "github.com/asynkron/protoactor-go/actor"

// OneForOne returns a strategy that deals with each failing child alone. Unless p decides otherwise the child is
// restarted after a back-off that grows while it keeps failing; a child over its budget of restarts is stopped.
// Retry, Skip and DeadLetter let it go on with its value. Escalate stops the child and fails its supervisor.
//
// It may be shared by any number of supervisors. As a guardian, which has nobody to escalate to, it stops the child.
func OneForOne(p Policy) proto.SupervisorStrategy {
	return &oneForOne{newStrategy(p)}
}

type oneForOne struct{ strategy }

// HandleFailure decides about child. It runs in the goroutine of sup. Statistics identify the child over restarts:
// the engine makes them once per life.
func (s *oneForOne) HandleFailure(system *proto.ActorSystem, sup proto.Supervisor, child *proto.PID, rs *proto.RestartStatistics, reason, message any) {
	if d, ok := reason.(*due); ok {
		d.fire(sup)
		return
	}
	err := failure(reason)
	v := s.decide(rs, err)
	s.report(system.Logger(), child, err, v, message)
	if v.merged {
		return
	}
	switch v.directive {
	case Retry, Restart:
		was := life(system, child)
		after(system, sup, child, rs, v.delay, func(sup proto.Supervisor) {
			s.settled(rs)
			if was == nil || life(system, child) != was {
				return
			}
			if v.directive == Restart {
				sup.RestartChildren(child)
			} else {
				sup.ResumeChildren(child)
			}
		})
	default:
		settle(system, sup, child, v.directive, reason, message)
	}
}

// settle carries out a directive that concerns one child and needs no delay.
func settle(system *proto.ActorSystem, sup proto.Supervisor, child *proto.PID, d Directive, reason, message any) {
	switch d {
	case DeadLetter:
		if _, m, sender := proto.UnwrapEnvelope(message); m != nil {
			system.EventStream.Publish(&proto.DeadLetterEvent{PID: child, Message: m, Sender: sender})
		}
		sup.ResumeChildren(child)
	case Skip:
		sup.ResumeChildren(child)
	case Stop:
		sup.StopChildren(child)
	case Escalate:
		// The engine does not hand a Resume of the supervisor down to the child that failed, which would stay
		// suspended for ever; so it ends here.
		sup.StopChildren(child)
		if _, ok := sup.(selfish); ok {
			sup.EscalateFailure(reason, message)
		}
	}
}
