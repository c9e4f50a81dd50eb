package actor

import (
	"fmt"
	"sync"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/supervisor"
)

// root is the parent of all top-level actors. It is a process of the engine without a mailbox or goroutine of its own:
// what children tell it is a map entry or a decision, made in the goroutine of the child. So spawning needs no
// hand-over, and an actor's constructor may spawn.
type root struct {
	sys      *System
	spawner  *proto.RootContext // makes children of the root
	pid      *PID
	strategy proto.SupervisorStrategy

	mu       sync.Mutex // guards what follows
	children map[string]child
	users    int // how many children are users'
	phase    phase
	watchers []*PID
	waits    []wait
}

// child is one top-level actor.
type child struct {
	pid  *PID  // nil while it is being spawned
	plan *plan // if it is being spawned by Spawn
	user bool  // spawned by Spawn, not by SpawnProps
}

// wait is for the end of all children, or of all users' children.
type wait struct {
	user bool
	done chan struct{}
}

// phase says how far Close has come. Each allows less than the one before.
type phase int

const (
	open        phase = iota
	closing           // no Spawn; users' actors are being drained
	drainingAll       // no SpawnProps either; all are being drained
	stoppingAll       // Close's context has ended
)

// newRoot makes the root. The engine gives children of a RootContext with a guardian that guardian as parent, and tells
// it of failures but, having no use for it, drops the news of their end; so the root takes the guardian's place.
func newRoot(s *System) *root {
	r := &root{sys: s, children: map[string]child{}, strategy: supervisor.OneForOne(supervisor.Policy{})}
	r.spawner = s.engine.Root.Copy().WithGuardian(r.strategy)
	guardian := r.spawner.Self()
	s.engine.ProcessRegistry.Remove(guardian)
	s.engine.ProcessRegistry.Add(r, guardian.Id)
	r.pid = guardian
	return r
}

// spawn makes a child. An empty name stands for a unique one. A plan is for Spawn, whose actors share their props.
func (r *root) spawn(p *Props, name string, plan *plan) (pid *PID, err error) {
	id := name
	if id == "" {
		id = r.sys.engine.ProcessRegistry.NextId()
	}
	if err := r.reserve(id, plan); err != nil {
		return nil, spawnError(name, err)
	}
	defer func() {
		if v := recover(); v != nil { // the producer of raw props runs here
			r.sys.engine.ProcessRegistry.Remove(r.sys.engine.NewLocalPID(id))
			r.release(id)
			pid, err = nil, spawnError(name, fmt.Errorf("panic: %v", v))
		}
	}()
	pid, err = r.spawner.SpawnNamed(p, id)
	if err != nil {
		r.release(id)
		if err == proto.ErrNameExists {
			err = ErrNameTaken
		}
		return nil, spawnError(name, err)
	}
	r.settle(id, pid)
	return pid, nil
}

// reserve takes the name, so that a child that ends at once finds it, and Close knows what is under way.
func (r *root) reserve(id string, plan *plan) error {
	user := plan != nil
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase >= drainingAll || user && r.phase >= closing {
		return ErrClosed
	}
	if _, taken := r.children[id]; taken {
		return ErrNameTaken
	}
	if _, taken := r.sys.engine.ProcessRegistry.GetLocal(id); taken {
		return ErrNameTaken // of the engine's own
	}
	r.children[id] = child{plan: plan, user: user}
	if user {
		r.users++
	}
	return nil
}

// claim returns the plan of an actor that is being spawned by Spawn.
func (r *root) claim(id string) plan {
	r.mu.Lock()
	defer r.mu.Unlock()
	return *r.children[id].plan
}

// settle completes a reservation, unless the child has ended already, and catches up with a Close that passed it by.
func (r *root) settle(id string, pid *PID) {
	r.mu.Lock()
	c, ok := r.children[id]
	if ok {
		c.pid, c.plan = pid, nil
		r.children[id] = c
	}
	late := r.phase
	r.mu.Unlock()
	switch {
	case !ok || late == open:
	case late == stoppingAll:
		r.sys.engine.Root.Stop(pid)
	case c.user || late == drainingAll:
		r.sys.engine.Root.Poison(pid)
	}
}

// has reports whether key is a child. Those who watch it are told when it is released; the engine would tell them
// earlier, when the child is stopping already.
func (r *root) has(key address) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.children[key.id]
	return ok && key.host == r.pid.Address
}

// release forgets a child that has ended or was never made, and tells who waits for that.
func (r *root) release(id string) {
	r.forget(id)
	r.sys.watches.end(address{r.pid.Address, id})
}

func (r *root) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.children[id]
	if !ok {
		return
	}
	delete(r.children, id)
	if c.user {
		r.users--
	}
	left := r.waits[:0]
	for _, w := range r.waits {
		if r.empty(w.user) {
			close(w.done)
		} else {
			left = append(left, w)
		}
	}
	r.waits = left
}

func (r *root) empty(user bool) bool {
	return user && r.users == 0 || len(r.children) == 0
}

// enter begins a phase: it tells the children that are concerned, and returns a channel that is closed when they have
// ended.
func (r *root) enter(p phase) <-chan struct{} {
	r.mu.Lock()
	r.phase = max(r.phase, p)
	w := wait{user: p == closing, done: make(chan struct{})}
	if r.empty(w.user) {
		close(w.done)
	} else {
		r.waits = append(r.waits, w)
	}
	var tell []*PID
	for _, c := range r.children {
		if c.pid != nil && (c.user || !w.user) {
			tell = append(tell, c.pid)
		}
	}
	r.mu.Unlock()
	for _, pid := range tell {
		if p == stoppingAll {
			r.sys.engine.Root.Stop(pid)
		} else {
			r.sys.engine.Root.Poison(pid)
		}
	}
	return w.done
}

// left returns the ids of the children that have not ended.
func (r *root) left() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make([]string, 0, len(r.children))
	for id := range r.children {
		ids = append(ids, id)
	}
	return ids
}
