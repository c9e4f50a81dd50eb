package topic

import (
	"strings"
	"sync"
	"sync/atomic"

	proto "github.com/asynkron/protoactor-go/actor"
)

// A subscriber is a consumer with its place in one stream or several: an actor whose mailbox is the log. Whoever sets the
// running bit of state owns it until he clears the bit; fields without another remark belong to the owner.
//
// It is small because there may be a million: what few need hangs on a pointer.
type subscriber struct {
	proto.Context // the engine's context of this actor; set once, by the engine

	cfg  *config
	core *core // topic whose child it is; nil for a consumer of several topics
	leg  leg   // its place, if it has one only
	many *many // its places, if it has several

	state    atomic.Uint32
	slow     atomic.Bool // its consumer has held up others: it runs on a goroutine of its own
	fresh    bool        // the consumer is to be built anew before the next message
	responds bool        // counts as a responder of its topic
	starting bool        // woken for a group's message, not yet asked for it
	attempt  uint16
	passed   uint32 // messages filtered out since the last commit

	cur *header // being handled
	on  *leg    // where cur is from

	delivered atomic.Uint64
	rare      atomic.Pointer[rare]
	consumer  any
}

// rare is what a subscriber needs when something else happens than the delivery of a message.
type rare struct {
	mu       sync.Mutex
	control  []any           // guarded by mu: system and direct messages from the engine, and our own
	done     signal          // guarded by mu: the actor has ended
	stop     signal          // guarded by mu: the actor is to end; the consumer's ctx
	err      error           // guarded by mu: why it ended
	draining map[*leg]uint64 // of the owner: stop when this far

	retried, deadLettered, restarts atomic.Uint64
	trouble                         trouble
}

// State bits. A message is handed out only when no bit is set.
const (
	running  uint32 = 1 << iota // somebody owns the subscriber
	notified                    // there is something in rare.control
	paused                      // by the user
	waiting                     // for the end of a back-off
	bereft                      // waits for the end of the old consumer's children
	stopped                     // nothing more is handed out
)

func (s *subscriber) extra() *rare {
	if r := s.rare.Load(); r != nil {
		return r
	}
	s.rare.CompareAndSwap(nil, &rare{})
	return s.rare.Load()
}

// acquire takes ownership in order to hand out messages.
func (s *subscriber) acquire() bool { return s.state.CompareAndSwap(0, running) }

// raise sets a bit; if nobody owns the subscriber the caller does then, and must run it.
func (s *subscriber) raise(bit uint32) (owned bool) {
	for {
		old := s.state.Load()
		if s.state.CompareAndSwap(old, old|bit|running) {
			return old&running == 0
		}
	}
}

func (s *subscriber) set(bit uint32)   { s.state.Or(bit) }
func (s *subscriber) clear(bit uint32) { s.state.And(^bit) }

// release ends ownership, after it has dealt with what was posted meanwhile.
func (s *subscriber) release() {
	if r := s.rare.Load(); r != nil && r.draining != nil {
		s.drainTo(r.draining)
	}
	for {
		old := s.state.Load()
		if old&notified != 0 {
			s.clear(notified)
			s.obey()
			if r := s.extra(); r.draining != nil {
				s.drainTo(r.draining)
			}
			continue
		}
		if s.state.CompareAndSwap(old, old&^running) {
			return
		}
	}
}

// schedule runs the subscriber on a goroutine of its own, if it has work and nobody runs it.
func (s *subscriber) schedule() {
	if s.hasWork() && s.acquire() {
		go s.run()
	}
}

// post hands something to the owner, ahead of all messages.
func (s *subscriber) post(m any) {
	r := s.extra()
	r.mu.Lock()
	r.control = append(r.control, m)
	r.mu.Unlock()
	if s.raise(notified) {
		go s.run()
	}
}

// obey deals with what was posted.
func (s *subscriber) obey() {
	r := s.extra()
	for {
		r.mu.Lock()
		if len(r.control) == 0 {
			r.control = nil
			r.mu.Unlock()
			return
		}
		m := r.control[0]
		r.control = r.control[1:]
		r.mu.Unlock()
		if f, ok := m.(func()); ok {
			f()
			continue
		}
		s.invoke(m)
	}
}

// poke starts the subscriber if it is idle and the stream has work for it.
func (s *subscriber) poke(st *stream) {
	if s.many == nil {
		s.schedule()
		return
	}
	if l := s.many.legFor(st); l != nil {
		s.many.offer(l)
	}
}

// isBusy reports whether the subscriber has something to do, or is at it. A paused one has not.
func (s *subscriber) isBusy() bool {
	state := s.state.Load()
	if state&(paused|stopped) != 0 {
		return state&running != 0
	}
	if state != 0 {
		return true
	}
	if s.many != nil && len(s.many.expected()) > 0 {
		return true
	}
	for _, l := range s.legs() {
		if !l.ended.Load() && (l.gated.Load() || l.available() > 0) {
			return true
		}
	}
	return s.hasWork()
}

func (s *subscriber) registry() *registry {
	if s.core != nil {
		return s.core.reg
	}
	return s.many.reg
}

// label names the subscriber: as it was named, else by the last part of its actor's ID.
func (s *subscriber) label() string {
	if s.cfg.name != "" || s.Context == nil {
		return s.cfg.name
	}
	id := s.Self().Id
	return id[strings.LastIndexByte(id, '/')+1:]
}

func (s *subscriber) topicName() string {
	if s.core != nil {
		return s.core.name
	}
	return "*"
}

// requestStop ends the subscriber: no further message starts once it returns. err is nil when the user asked for it.
func (s *subscriber) requestStop(err error) {
	r := s.extra()
	r.mu.Lock()
	if r.stop.fired {
		r.mu.Unlock()
		return
	}
	s.set(stopped)
	r.stop.fire()
	r.err = err
	r.control = append(r.control, stopMessage)
	r.mu.Unlock()
	switch owned := s.raise(notified); {
	case owned && s.cfg.hooks.build == nil:
		s.run() // nothing of the user's runs any more
	case owned:
		go s.run()
	}
}

var stopMessage = &proto.Stop{}

// ended is closed when the actor has ended.
func (s *subscriber) ended() <-chan struct{} {
	r := s.extra()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done.channel()
}

// quit is closed when the actor is to end.
func (s *subscriber) quit() <-chan struct{} {
	r := s.extra()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stop.channel()
}

// finished is called by the engine's last message, when the actor is gone from the registry.
func (s *subscriber) finished() {
	s.set(stopped)
	r := s.extra()
	if s.responds {
		s.core.responders.Add(-1)
	}
	legs := s.legs()
	if s.many != nil {
		legs = s.many.close()
	}
	for _, l := range legs {
		l.leave()
	}
	r.mu.Lock()
	r.stop.fire()
	if r.err == nil && s.core != nil && s.core.removed() {
		r.err = ErrRemoved
	}
	r.done.fire()
	r.mu.Unlock()
	s.consumer = nil
	if s.many != nil {
		s.registry().leaves(s)
	}
	s.registry().nudge()
}

// legs are the places of the subscriber.
func (s *subscriber) legs() []*leg {
	if s.many != nil {
		return s.many.all()
	}
	if s.leg.stream == nil {
		return nil
	}
	return []*leg{&s.leg}
}

// hasWork reports whether there is a message to hand out.
func (s *subscriber) hasWork() bool {
	if s.many != nil {
		return s.many.hasWork()
	}
	return s.leg.stream != nil && s.leg.hasWork()
}
