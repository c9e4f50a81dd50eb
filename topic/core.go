package topic

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
)

// A core is a topic without its type: an actor, its stream, and what belongs to both.
type core struct {
	name   string
	epoch  string
	typ    reflect.Type
	reg    *registry
	pid    *actor.PID
	stream *stream
	set    settings
	wrap   func(v any) (*header, error) // a value of the topic's type as a message
	decode func(data []byte) (*header, error)
	encode func(*header) ([]byte, error)
	weigh  func(*header) int // SizeOf, for messages from a transport: it neither panics nor exits
	blank  func() *header    // a message without a value, for records that do not decode
	bridge *bridge           // where the log lives in a transport
	ids    ids
	arena  any // *arena[M], guarded by the stream's mutex

	deadLettered atomic.Uint64
	responders   atomic.Int64
	names        atomic.Uint64
	gone         chan struct{} // closed when the actor has ended
	warned       atomic.Int64  // when the log last said that publishers wait, or that letters are dead

	props    *proto.Props
	spawning *subscriber // guarded by spawnMu: whose actor the engine is making
	spawnMu  sync.Mutex

	mu       sync.Mutex
	groups   map[string]*group // guarded by mu
	others   []*stream         // guarded by mu: of replays, and of groups in a transport
	patterns map[*pattern]bool // guarded by mu: those that have a place here
	redriven map[uint64]bool   // guarded by mu: dead letters that have been published again
	letters  *core             // guarded by mu: the dead-letter topic
}

func newCore(reg *registry, name string, typ reflect.Type, set settings) *core {
	c := &core{name: name, typ: typ, reg: reg, set: set, epoch: reg.newEpoch(), gone: make(chan struct{})}
	c.props = proto.PropsFromProducer(
		func() proto.Actor { return body{c.spawning} },
		proto.WithMailbox(func() proto.Mailbox { return mailbox{c.spawning} }))
	return c
}

func (c *core) now() int64 { return c.reg.now() }

// start makes the topic's actor.
func (c *core) start() error {
	g := &gate{core: c}
	props := proto.PropsFromProducer(func() proto.Actor { return g },
		proto.WithMailbox(func() proto.Mailbox { return gateMailbox{g} }))
	pid, err := c.reg.sys.SpawnProps(props, actor.EscapeName(c.name))
	if errors.Is(err, actor.ErrNameTaken) { // by an actor that is no topic, such as the engine's "eventstream"
		pid, err = c.reg.sys.SpawnProps(props, "topic "+actor.EscapeName(c.name))
	}
	c.pid = pid
	return closedError(err)
}

// disband forgets a group that has lost its last member. Requests that nobody took are answered with an error.
func (c *core) disband(g *group) {
	c.mu.Lock()
	g.mu.Lock()
	empty := len(g.members) == 0
	g.mu.Unlock()
	if empty && c.groups[g.name] == g {
		delete(c.groups, g.name)
	}
	c.mu.Unlock()
	if empty && g.policy.responder {
		for _, r := range g.unanswered() {
			r.send(wrap("request", c.name, ErrNoResponder))
		}
	}
	if empty && g.closed != nil {
		g.closed()
	}
}

// subName is a name for a subscription that was given none.
func (c *core) subName() string { return "$" + strconv.FormatUint(c.names.Add(1), 10) }

// hosts are the subscribers that have a leg in the topic.
func (c *core) hosts() (all []*subscriber) {
	for _, l := range c.legs() {
		all = append(all, l.host)
	}
	return all
}

// legs are the places in the topic: in its stream, and in those that replays and groups of a transport have.
func (c *core) legs() (all []*leg) {
	c.mu.Lock()
	streams := append([]*stream{c.stream}, c.others...)
	c.mu.Unlock()
	for _, st := range streams {
		for _, l := range *st.legs.Load() {
			if !l.ended.Load() {
				all = append(all, l)
			}
		}
	}
	return all
}

// with adds a stream of its own for a replay or a group of a transport; without removes it.
func (c *core) with(st *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.withLocked(st)
}

func (c *core) withLocked(st *stream) { c.others = append(c.others, st) }

func (c *core) without(st *stream) {
	st.close(ErrRemoved)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.others = slices.DeleteFunc(c.others, func(o *stream) bool { return o == st })
}

// escalated restarts every consumer of the topic, because one of them has failed in a way that its policy calls theirs too.
func (c *core) escalated(by *subscriber) {
	for _, s := range c.hosts() {
		if s != by {
			s.post(func() {
				s.fresh = true
				s.extra().restarts.Add(1)
			})
		}
	}
}

// end closes the stream and stops the subscriptions. It is called once, when the topic's actor stops.
func (c *core) end() {
	why := ErrRemoved
	if c.reg.sys.Closing() {
		why = ErrClosed
	}
	c.stream.close(why)
	legs := c.legs()
	for _, l := range legs {
		if l.host.many != nil && l.host.core == nil {
			l.host.many.remove(l)
			l.leave()
		} else {
			l.host.requestStop(why)
		}
	}
	if c.bridge != nil {
		c.bridge.end(legs)
	}
}

// remove ends the topic and waits for it and its subscriptions.
func (c *core) remove(ctx context.Context) error {
	if ctx == nil {
		return errNoContext
	}
	hosts := slices.DeleteFunc(c.hosts(), func(s *subscriber) bool { return s.core == nil })
	c.reg.sys.Engine().Root.Stop(c.pid)
	select {
	case <-c.gone:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := awaitAll(ctx, hosts); err != nil || c.bridge == nil {
		return err
	}
	return c.bridge.await(ctx)
}

// awaitAll waits for the ends of subscribers, and names the first that has not ended in time.
func awaitAll(ctx context.Context, hosts []*subscriber) error {
	for _, s := range hosts {
		if !within(ctx, s.ended()) {
			return &stuckError{name: s.label(), topic: s.topicName(), cause: context.Cause(ctx)}
		}
	}
	return nil
}

func (c *core) warnSlow(st *stream) {
	by := "?"
	if b := st.blocker.Load(); b != nil {
		by = b.host.label()
	}
	c.reg.logger().Warn("echo: publishers have waited long for room; a consumer is slow or blocked", "topic", c.name, "subscription", by, "waited", slowPublish)
}
