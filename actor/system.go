package actor

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	proto "github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/eventstream"
	"github.com/asynkron/protoactor-go/extensions"
)

// System is a tree of actors and what belongs to it. Its methods may be called concurrently.
type System struct {
	name    string
	log     *slog.Logger
	engine  *proto.ActorSystem
	root    *root
	props   *Props // of all actors made by Spawn
	watches *watches
	dead    deadLetters
	ctx     context.Context // see Context
	cancel  context.CancelFunc
	jobs    jobs
	ext     extended

	asks   atomic.Uint64 // numbers those who ask
	intake atomic.Bool   // Close has begun
	closed atomic.Bool   // Close has stopped the root
	once   sync.Once
	over   chan struct{} // closed when Close is over
	result error         // of Close; valid once over is closed
}

// Option configures a System.
type Option func(*System)

// WithLogger says where warnings and errors go; nothing else is logged. Default: slog.Default.
func WithLogger(l *slog.Logger) Option {
	return func(s *System) { s.log = l }
}

// WithName names the system. Its PIDs carry the name as their address, so names should differ between systems that
// know of each other. Default: host name, process id, and something random.
func WithName(name string) Option {
	return func(s *System) { s.name = name }
}

// NewSystem makes a system. It starts no goroutine. Close it when done.
func NewSystem(opts ...Option) *System {
	s := &System{over: make(chan struct{})}
	for _, o := range opts {
		o(s)
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "host"
		}
		s.name = fmt.Sprintf("%s-%d-%s", host, os.Getpid(), rand.Text()[:8])
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.dead.log = s.log
	s.engine = s.newEngine()
	s.root = newRoot(s)
	s.props = props(nil)
	s.watches = newWatches(s)
	return s
}

// newEngine makes the engine and silences it. Its own listener to dead letters logs payloads and starts a goroutine;
// it can only be got rid of by giving the engine another event stream.
func (s *System) newEngine() *proto.ActorSystem {
	engine := proto.NewActorSystem(proto.WithLoggerFactory(func(*proto.ActorSystem) *slog.Logger {
		return slog.New(warnings{s.log.Handler()})
	}))
	engine.ProcessRegistry.Address = s.name
	engine.EventStream = eventstream.NewEventStream()
	engine.EventStream.Subscribe(s.engineEvent)
	engine.Extensions.Register((*extension)(s))
	return engine
}

// Name returns the system's name.
func (s *System) Name() string { return s.name }

// Logger returns where warnings and errors go.
func (s *System) Logger() *slog.Logger { return s.log }

// Engine returns the engine, for what this package does not cover. Do not call its Shutdown: Close does.
func (s *System) Engine() *proto.ActorSystem { return s.engine }

// Context ends when the system is closed: when everything is drained, or as soon as the context of Close ends.
func (s *System) Context() context.Context { return s.ctx }

// Closing reports whether Close has been called.
func (s *System) Closing() bool { return s.intake.Load() }

// Send sends m to pid. It waits while a mailbox that blocks is full, and so must not be used by an actor to send to
// itself: Context.Send is for that. It cannot report: what cannot be delivered, nil included, goes to the dead letters.
func (s *System) Send(pid *PID, m any) {
	if pid == nil || isNil(m) {
		_, message, sender := unwrap(m)
		s.DeadLetter(DeadLetter{To: pid, Message: message, From: sender, Reason: nilReason(pid)})
		return
	}
	s.engine.Root.Send(pid, m)
}

// tell sends a message of the engine's.
func (s *System) tell(pid *PID, m any) {
	if pid == nil {
		return
	}
	p, _ := s.engine.ProcessRegistry.Get(pid) // for the dead: the engine's dead letters
	p.SendSystemMessage(pid, m)
}

// extension is how the engine leads back to the System.
type extension System

var extensionID = extensions.NextExtensionID()

// ExtensionID is the engine's contract.
func (*extension) ExtensionID() extensions.ExtensionID { return extensionID }

// Of returns the System that an actor lives in, given its Context; nil if NewSystem did not make it.
func Of(ctx interface{ ActorSystem() *proto.ActorSystem }) *System {
	e, _ := ctx.ActorSystem().Extensions.Get(extensionID).(*extension)
	return (*System)(e)
}
