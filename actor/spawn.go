package actor

import (
	"errors"
	"fmt"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/supervisor"
)

// DefaultMailbox is how many messages a mailbox holds unless [Mailbox] says otherwise.
const DefaultMailbox = 1024

// SpawnOption configures an actor.
type SpawnOption func(*settings)

// Named gives the actor a name. It is for [System.Spawn]; a child gets its name from Context.SpawnNamed. Default: a
// unique one that begins with "$".
func Named(name string) SpawnOption {
	return func(s *settings) { s.name, s.named = name, true }
}

// Mailbox says how many messages may wait, and what happens to one more. 0 means DefaultMailbox; a negative n means no
// bound, which is for senders that you trust. Default: DefaultMailbox, Block.
func Mailbox(n int, o Overflow) SpawnOption {
	return func(s *settings) { s.bound, s.overflow = n, o }
}

// Supervise says what happens when the actor fails, and to the message that it failed on. Default: the zero Policy.
func Supervise(p supervisor.Policy) SpawnOption {
	return func(s *settings) { s.policy = p }
}

// Children says what happens to failing children of the actor that do not deal with it themselves. An actor that has a
// HandleFailure method of its own decides itself. Default: supervisor.OneForOne with the zero Policy.
func Children(strategy proto.SupervisorStrategy) SpawnOption {
	return func(s *settings) { s.strategy = strategy }
}

// Spawn starts a top-level actor. The function makes its value: once to start and once for every restart, in the
// actor's own goroutine. Spawn returns when messages can be sent to the PID, not when Started was handled; an actor
// that fails to start is tried again by its policy, then stopped.
//
// It returns ErrClosed once Close has begun, and ErrNameTaken.
func (s *System) Spawn(new func() Actor, opts ...SpawnOption) (*PID, error) {
	set := newSettings(new, opts)
	name := ""
	if set.named {
		name = EscapeName(set.name)
	}
	// All share one Props, which is large; the mailbox finds out whose it is by its id: see root.claim.
	return s.root.spawn(s.props, name, &plan{new, set})
}

// SpawnProps starts a top-level actor from engine props. It is for packages that bring their own mailbox: a Close
// leaves such an actor to the package (see [Extend]) and drains it last. An empty name stands for a unique one. It
// returns when the actor is registered, and may be called by any number of goroutines, actors included.
//
// It returns ErrClosed once Close has drained everything else, and ErrNameTaken. Props must not carry a guardian.
func (s *System) SpawnProps(p *Props, name string) (*PID, error) {
	if p == nil {
		return nil, spawnError(name, errors.New("nil props"))
	}
	if name != "" {
		name = EscapeName(name)
	}
	return s.root.spawn(p, name, nil)
}

// NewProps is Spawn for a child: hand the props to Context.Spawn or Context.SpawnNamed. They may be used many times,
// in actors of any System made by NewSystem.
func NewProps(new func() Actor, opts ...SpawnOption) *Props {
	return props(&plan{new, newSettings(new, opts)})
}

func spawnError(name string, err error) error {
	if name == "" {
		return fmt.Errorf("actor: spawn: %w", err)
	}
	return fmt.Errorf("actor: spawn %q: %w", name, err)
}

// plan says how to make one actor.
type plan struct {
	make func() Actor
	set  *settings
}

// settings are read only once they are made.
type settings struct {
	name     string
	named    bool
	bound    int // negative: none
	overflow Overflow
	policy   supervisor.Policy
	strategy proto.SupervisorStrategy
}

// defaults are the settings of an actor without options.
var defaults = &settings{bound: DefaultMailbox}

func newSettings(new func() Actor, opts []SpawnOption) *settings {
	if new == nil {
		panic("actor: spawn: the function that makes the actor is nil")
	}
	if len(opts) == 0 {
		return defaults
	}
	s := &settings{}
	for _, o := range opts {
		o(s)
	}
	if s.bound == 0 {
		s.bound = DefaultMailbox
	}
	return s
}

// props makes props of a plan. Without one, the root knows the plan.
func props(p *plan) *Props {
	return proto.PropsFromProducer(
		func() Actor { return &cell{} },
		proto.WithMailbox(func() proto.Mailbox {
			if p == nil {
				return &mailbox{}
			}
			return &mailbox{plan: *p}
		}),
		proto.WithSupervisor(delegate{}),
	)
}
