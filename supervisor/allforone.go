package supervisor

import (
	"slices"

	proto "github.com/asynkron/protoactor-go/actor"
)

// AllForOne returns a strategy for children that depend on each other: when one fails, its siblings are suspended at
// once and all are restarted together after the back-off, or stopped together. Failures of siblings in the meantime
// are part of the same restart. Retry, Skip and DeadLetter concern the failing child alone; Escalate stops it and
// fails the supervisor. Budget and back-off belong to the family. Only children that still live are restarted.
//
// It may be shared by any number of supervisors. As a guardian, which does not know its children, it is a [OneForOne].
func AllForOne(p Policy) proto.SupervisorStrategy {
	return &allForOne{newStrategy(p)}
}

type allForOne struct{ strategy }

// relative is one life of a child.
type relative struct {
	pid  *proto.PID
	life proto.Process
}

// HandleFailure decides about the children of sup. It runs in the goroutine of sup.
func (s *allForOne) HandleFailure(system *proto.ActorSystem, sup proto.Supervisor, child *proto.PID, rs *proto.RestartStatistics, reason, message any) {
	if d, ok := reason.(*due); ok {
		d.fire(sup)
		return
	}
	err := failure(reason)
	v := s.decide(sup, err)
	s.report(system.Logger(), child, err, v, message)
	switch v.directive {
	case Restart:
		if v.merged {
			// It may have been spawned after the others were suspended.
			s.join(sup, relative{child, life(system, child)})
			return
		}
		s.join(sup, suspend(system, siblings(sup, child), child)...)
		after(system, sup, child, rs, v.delay, func(sup proto.Supervisor) {
			s.restart(system, sup)
		})
	case Stop:
		sup.StopChildren(siblings(sup, child)...)
	case Retry:
		was := life(system, child)
		after(system, sup, child, rs, v.delay, func(sup proto.Supervisor) {
			if was != nil && life(system, child) == was {
				sup.ResumeChildren(child)
			}
		})
	default:
		settle(system, sup, child, v.directive, reason, message)
	}
}

// restart restarts those of the family who still live, each once.
func (s *allForOne) restart(system *proto.ActorSystem, sup proto.Supervisor) {
	done := map[proto.Process]bool{nil: true}
	for _, r := range s.settled(sup) {
		if !done[r.life] && life(system, r.pid) == r.life {
			done[r.life] = true
			sup.RestartChildren(r.pid)
		}
	}
}

// siblings returns a copy of sup's children, or child alone if sup is a guardian, which panics when asked.
func siblings(sup proto.Supervisor, child *proto.PID) []*proto.PID {
	if _, ok := sup.(selfish); !ok {
		return []*proto.PID{child}
	}
	return slices.Clone(sup.Children())
}

// suspend stops the siblings of child from handling messages and returns the whole family as it is now.
func suspend(system *proto.ActorSystem, children []*proto.PID, child *proto.PID) []relative {
	family := make([]relative, 0, len(children))
	for _, pid := range children {
		alive := life(system, pid)
		if alive == nil {
			continue
		}
		family = append(family, relative{pid, alive})
		if !pid.Equal(child) {
			alive.SendSystemMessage(pid, &proto.SuspendMailbox{})
		}
	}
	return family
}
