package actor

import (
	"errors"

	proto "github.com/asynkron/protoactor-go/actor"
)

var errRoot = errors.New("actor: the root takes no messages")

// SendUserMessage refuses m.
func (r *root) SendUserMessage(pid *PID, m any) {
	_, message, sender := unwrap(m)
	r.sys.DeadLetter(DeadLetter{To: pid, Message: message, From: sender, Reason: errRoot})
}

// SendSystemMessage handles what children and watchers tell, in their goroutine.
func (r *root) SendSystemMessage(_ *PID, m any) {
	switch m := m.(type) {
	case *proto.Terminated:
		r.release(m.Who.GetId())
	case *proto.Failure:
		sup := rootSupervisor{r, m.Who}
		if e, ok := m.Reason.(escalation); ok {
			sup.EscalateFailure(e.error, m.Message)
			sup.StopChildren(m.Who)
			return
		}
		r.strategy.HandleFailure(r.sys.engine, sup, m.Who, m.RestartStats, m.Reason, m.Message)
	case *proto.Watch:
		r.mu.Lock()
		r.watchers = append(r.watchers, m.Watcher)
		r.mu.Unlock()
	}
}

// Stop does nothing: only Close ends the root.
func (r *root) Stop(*PID) {}

// end takes the root out of the engine and tells those who watched it.
func (r *root) end() {
	r.sys.engine.ProcessRegistry.Remove(r.pid)
	r.mu.Lock()
	watchers := r.watchers
	r.watchers = nil
	r.mu.Unlock()
	for _, w := range watchers {
		r.sys.tell(w, &proto.Terminated{Who: r.pid})
	}
}

// rootSupervisor is the root as the supervisor of one failing child.
type rootSupervisor struct {
	*root
	child *PID
}

// Self returns the root's address.
func (r rootSupervisor) Self() *PID { return r.pid }

// Children returns the failing child alone: the strategy of the root is one for one.
func (r rootSupervisor) Children() []*PID { return []*PID{r.child} }

// EscalateFailure ends here: there is nobody above. The strategy has stopped the child.
func (r rootSupervisor) EscalateFailure(reason, _ any) {
	r.sys.log.Error("actor stopped: it escalated its failure, and there is nobody above it", "actor", r.child.GetId(), "error", reason)
}

// RestartChildren restarts.
func (r rootSupervisor) RestartChildren(pids ...*PID) { r.each(pids, &proto.Restart{}) }

// StopChildren stops.
func (r rootSupervisor) StopChildren(pids ...*PID) { r.each(pids, &proto.Stop{}) }

// ResumeChildren lets go on.
func (r rootSupervisor) ResumeChildren(pids ...*PID) { r.each(pids, &proto.ResumeMailbox{}) }

func (r rootSupervisor) each(pids []*PID, m any) {
	for _, pid := range pids {
		r.sys.tell(pid, m)
	}
}
