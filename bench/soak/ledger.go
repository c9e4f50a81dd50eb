package main

import (
	"fmt"
	"sync"
)

// A ledger is what stands in one topic's log, as far as anybody has seen it. A topic that is removed and opened again has
// another epoch, and another ledger.
type ledger struct {
	topic, epoch string

	// What follows is filled in when the world has ended.
	events []Event           // by position; the first position is 1, a zero Event is one that nobody has seen
	index  map[Event]uint64  // position by event
	letter map[letter]uint64 // dead letters, and how many of each; guarded by the world's mutex
	given  map[letter]bool   // messages given up; false where the letter may have been cut short by an end
}

// A letter is a message that somebody gave up.
type letter struct {
	consumer string
	major    uint64
	attempts int
}

// books are the ledgers of a world.
type books struct {
	mu  sync.Mutex
	all map[string]*ledger // guarded by mu: by topic and epoch
}

func (b *books) ledger(topic, epoch string) *ledger {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := topic + " " + epoch
	l := b.all[key]
	if l == nil {
		if b.all == nil {
			b.all = map[string]*ledger{}
		}
		l = &ledger{topic: topic, epoch: epoch, index: map[Event]uint64{}, letter: map[letter]uint64{}, given: map[letter]bool{}}
		b.all[key] = l
	}
	return l
}

// only is the ledger of a topic that has one epoch; nil if there is none.
func (b *books) only(topic string) *ledger {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.all {
		if l.topic == topic {
			return l
		}
	}
	return nil
}

// note enters an event that somebody has seen.
func (l *ledger) note(major uint64, e Event) error {
	for uint64(len(l.events)) <= major {
		l.events = append(l.events, Event{})
	}
	switch was := l.events[major]; {
	case was == Event{}:
		if at, ok := l.index[e]; ok {
			return fmt.Errorf("%v: %v stands at %d and at %d", l, e, at, major)
		}
		l.events[major] = e
		l.index[e] = major
	case was != e:
		return fmt.Errorf("%v: at %d one has seen %v, another %v", l, major, was, e)
	}
	return nil
}

// last is the last position that anybody has seen.
func (l *ledger) last() uint64 {
	if len(l.events) == 0 {
		return 0
	}
	return uint64(len(l.events) - 1)
}

func (l *ledger) at(major uint64) Event {
	if major < uint64(len(l.events)) {
		return l.events[major]
	}
	return Event{}
}

func (l *ledger) String() string { return fmt.Sprintf("topic %q (epoch %s)", l.topic, l.epoch) }
