package topic

import (
	"errors"
	"fmt"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
)

// roamers are consumers of several topics: children of the system's root, because no topic is their parent.
func (r *registry) roamer(cfg *config) (*subscriber, error) {
	s := &subscriber{cfg: cfg}
	s.many = newMany(s, r)
	s.state.Store(running)
	props := proto.PropsFromProducer(func() proto.Actor { return body{s} }, proto.WithMailbox(func() proto.Mailbox { return mailbox{s} }))
	name := cfg.name
	if name == "" || cfg.parallel > 1 {
		name += "$" + r.unique()
	}
	r.mu.Lock()
	r.roamers[s] = struct{}{}
	r.mu.Unlock()
	// A name with a space is no topic's.
	if _, err := r.sys.SpawnProps(props, "consumer "+actor.EscapeName(name)); err != nil {
		r.leaves(s)
		if errors.Is(err, actor.ErrNameTaken) {
			return nil, fmt.Errorf("there is a consumer of several topics named %q: choose another name", cfg.name)
		}
		return nil, closedError(err)
	}
	return s, nil
}

func (r *registry) leaves(s *subscriber) {
	r.mu.Lock()
	delete(r.roamers, s)
	r.mu.Unlock()
}

// join gives a consumer of several topics a place in this one.
func (t *Topic[M]) join(s *subscriber, p plan[M], cfg *config) error {
	return t.core.join(s, p.exactly().handler(cfg), p.batcher(), cfg, cfg.from, "")
}

// join gives the subscriber a place in the topic. groupName is set for the members of a group.
func (c *core) join(s *subscriber, h handler, b *batcher, cfg *config, from Start, groupName string) error {
	l := &leg{special: &special{batch: b, cfg: cfg}, stream: c.stream, host: s, handle: h}
	var err error
	switch {
	case groupName != "":
		err = c.joinGroup(l, groupName)
	case c.bridge != nil && replays(from):
		return c.replay(l, from)
	case cfg.flow.queues():
		l.queue = newQueue(cfg.flow, cfg.buffer, cfg.filter, s.label())
	}
	if err != nil {
		return err
	}
	if !s.many.add(l) {
		l.abandon()
		return nil
	}
	if _, err = l.stream.attach(l, from); err != nil {
		s.many.remove(l)
		l.abandon()
		return err
	}
	s.many.offer(l)
	return nil
}

// abandon leaves the group of a leg that was not attached.
func (l *leg) abandon() {
	if !l.ended.Swap(true) && l.group != nil && l.group.leave(l.host) {
		l.stream.owner.disband(l.group)
	}
}
