package topic

import "slices"

func (g *group) join(s *subscriber) {
	g.mu.Lock()
	g.members = append(g.members, s)
	g.mu.Unlock()
}

func (g *group) all() []*subscriber {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.members)
}

// leave gives back what the member has not finished, and reports whether it was the last.
func (g *group) leave(s *subscriber) (last bool) {
	g.mu.Lock()
	g.members = slices.DeleteFunc(g.members, func(m *subscriber) bool { return m == s })
	var held []claim
	for _, c := range g.taken {
		if c.by == s {
			held = append(held, c)
		}
	}
	others := slices.Clone(g.members)
	g.mu.Unlock()
	for _, c := range held {
		g.giveBack(c.h, c.attempt)
		if g.done != nil && len(others) == 0 {
			g.done(c.h, false)
		}
	}
	for _, m := range others {
		m.poke(g.stream)
	}
	return len(others) == 0
}

// wake starts as many members as there are messages to hand out, not counting those that are on their way.
func (g *group) wake(s *subscriber) {
	if g.pending() > g.starting.Load() && s.acquire() {
		g.starting.Add(1)
		s.starting = true
		go s.run()
	}
}

// attempted notes how often the member has tried a message, for whoever gets it after the member's death.
func (g *group) attempted(h *header, attempt int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.taken {
		if g.taken[i].h == h {
			g.taken[i].attempt = attempt
		}
	}
}

// responds reports whether a responder gets the request at pos, or one whose group has been told that it gets no answer.
func (c *core) responds(pos uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.groups {
		if g.policy.responder && g.gets(pos) {
			return true
		}
	}
	return false
}

// gets reports whether the message at pos comes after the group's beginning.
func (g *group) gets(pos uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.placed && g.begin <= pos
}

// unanswered takes the requests that no member has taken, for a group of responders that has lost its last member.
func (g *group) unanswered() (rest []*reply) {
	for h, _ := g.take(nil); h != nil; h, _ = g.take(nil) {
		if h.meta != nil && h.meta.reply != nil {
			rest = append(rest, h.meta.reply)
		}
		g.finish(h)
	}
	return rest
}

// arrived says that a member that was woken for a message of its group asks for it.
func (s *subscriber) arrived(l *leg) {
	if s.starting {
		s.starting = false
		l.group.starting.Add(-1)
	}
}

// passOn wakes other members for what the group has, when this one does not go on by itself.
func (s *subscriber) passOn() {
	for _, l := range s.legs() {
		if l.group == nil || l.group.pending() <= 0 {
			continue
		}
		for _, m := range l.group.all() {
			if m != s {
				m.poke(l.stream)
			}
		}
	}
}

// serveGroup hands out one message of the group.
func (s *subscriber) serveGroup(l *leg) bool {
	s.arrived(l)
	h, attempt := l.group.take(s)
	if h == nil || s.isStopped() { // what is in hand then is given back when the member leaves
		return false
	}
	s.attempt = uint16(attempt)
	l.note()
	s.handOut(l, h)
	return true
}

// joinGroup makes the leg's host a member of the group, which is found or made. Where the log lives in a transport, so does
// the group: its members here share a stream of what the transport gives to this node.
func (c *core) joinGroup(l *leg, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	cfg := l.config()
	g := c.groups[name]
	if g != nil && g.policy.responder != cfg.responder {
		return responderError(name, g.policy.responder)
	}
	if g != nil && (g.flow != cfg.flow || g.policy.buffer != cfg.buffer) {
		return &groupError{name: name, flow: g.flow, buffer: uint64(g.policy.buffer)}
	}
	if g == nil {
		if g = newGroup(c.stream, name, cfg); c.bridge != nil {
			if err := c.bridge.share(g, cfg); err != nil {
				return err
			}
		}
		if c.groups == nil {
			c.groups = map[string]*group{}
		}
		c.groups[name] = g
	}
	l.group, l.stream = g, g.stream // before others can see the member, and wake it
	g.join(l.host)
	return nil
}
