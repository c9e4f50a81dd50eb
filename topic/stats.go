package topic

import (
	"time"
)

// Stats are a topic's figures at one moment. Reading them stops nobody.
type Stats struct {
	Topic         string
	Published     uint64 // messages appended since the topic was opened
	Retained      uint64 // messages that Earliest would begin with
	DeadLettered  uint64 // messages given up by all subscriptions
	Waiting       int    // publishers that wait for room
	Link          string // "up" or "down" where the log is in a transport, else ""
	Lost          uint64 // messages that a transport lost before this process read them
	Subscriptions []SubscriptionStats
}

// SubscriptionStats are a subscription's figures at one moment; for [Parallel] one for each of its consumers, for [Match] the
// sums over its topics. Those of a member of a group tell Lag, OldestAge and Dropped of the group.
type SubscriptionStats struct {
	Name         string
	Group        string
	State        string        // idle, running, waiting (for a back-off), paused, stopped
	Delivered    uint64        // messages that the consumer has handled
	Lag          uint64        // messages in the log not yet dealt with
	OldestAge    time.Duration // since the oldest of those was published
	Retried      uint64        // further attempts
	Dropped      uint64        // messages that the flow policy left out
	DeadLettered uint64        // messages given up
	Restarts     uint64        // fresh consumers after panics
}

// Stats returns the topic's figures.
func (t *Topic[M]) Stats() Stats {
	c := t.core
	st := c.stream
	st.mu.Lock()
	first := st.first
	st.mu.Unlock()
	tail := st.tail.Load()
	s := Stats{Topic: c.name, Published: tail - 1, Retained: tail - first, DeadLettered: c.deadLettered.Load(), Waiting: int(st.waiting.Load())}
	if c.bridge != nil {
		s.Link, s.Lost = c.bridge.state()
	}
	for _, l := range *st.legs.Load() {
		if !l.ended.Load() {
			s.Subscriptions = append(s.Subscriptions, l.host.stats([]*leg{l}))
		}
	}
	return s
}

// Stats returns the subscription's figures: one entry, or n with [Parallel].
func (s *Subscription) Stats() []SubscriptionStats {
	all := make([]SubscriptionStats, len(s.hosts))
	for i, h := range s.hosts {
		all[i] = h.stats(h.legs())
	}
	return all
}

func (s *subscriber) stats(legs []*leg) SubscriptionStats {
	out := SubscriptionStats{Name: s.label(), State: stateName(s.state.Load()), Delivered: s.delivered.Load()}
	if r := s.rare.Load(); r != nil {
		out.Retried, out.DeadLettered, out.Restarts = r.retried.Load(), r.deadLettered.Load(), r.restarts.Load()
	}
	for _, l := range legs {
		if l.group != nil {
			out.Group = l.group.name
		}
		out.Lag += l.lag()
		out.Dropped += l.drops()
		if h := l.oldest(); h != nil {
			out.OldestAge = max(out.OldestAge, time.Duration(l.stream.owner.now()-h.time))
		}
	}
	return out
}

func stateName(s uint32) string {
	switch {
	case s&stopped != 0:
		return "stopped"
	case s&paused != 0:
		return "paused"
	case s&(waiting|bereft) != 0:
		return "waiting"
	case s&running != 0:
		return "running"
	}
	return "idle"
}
