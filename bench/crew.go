package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// Message is what all sides publish.
type Message struct {
	ID   uint64
	Name string
}

// pace is how publications follow each other.
type pace int

const (
	flood    pace = iota // many in flight: the next one goes out as soon as the side takes it
	lockstep             // one at a time: the next one goes out when all consumers have had the last
	shared               // many in flight, each for one consumer of the crew
)

// A crew is the consumers of one side. They count what they get, so that nothing is measured that did not happen.
type crew struct {
	sinks []sink
	pace  pace

	done sync.WaitGroup // flood: consumers that have not had their last message
	_    [64]byte
	left atomic.Int64 // lockstep: consumers that have not had the message; shared: messages nobody has had
	_    [56]byte
	turn chan struct{} // gets a value when left is zero
}

// A sink is one consumer's account. It belongs to whoever runs the consumer.
type sink struct {
	crew         *crew
	n, sum, want uint64
	_            [32]byte // of its own cache line: consumers run on several cores
}

func newCrew(n int, p pace) *crew {
	c := &crew{sinks: make([]sink, n), pace: p, turn: make(chan struct{}, 1)}
	for i := range c.sinks {
		c.sinks[i].crew = c
	}
	return c
}

// each returns the sinks one after the other. A side that makes consumers with one function holds no more than it has to.
func (c *crew) each() func() *sink {
	next := 0
	return func() *sink {
		next++
		return &c.sinks[next-1]
	}
}

// take consumes one message.
func (s *sink) take(m Message) {
	s.n++
	s.sum += m.ID
	switch s.crew.pace {
	case flood:
		if s.n == s.want {
			s.crew.done.Done()
		}
	default:
		if s.crew.left.Add(-1) == 0 {
			s.crew.turn <- struct{}{}
		}
	}
}

// expect begins a new account: n messages are to come.
func (c *crew) expect(n int) {
	for i := range c.sinks {
		s := &c.sinks[i]
		s.n, s.sum, s.want = 0, 0, uint64(n)
	}
	if c.pace == flood {
		c.done.Add(len(c.sinks))
	}
	if c.pace == shared {
		c.left.Store(int64(n))
	}
}

// drive publishes n messages from some goroutines and returns when the last one has been consumed.
func (c *crew) drive(n, publishers int, publish func(Message) error) error {
	if publishers > 1 {
		errs := make(chan error, publishers)
		for p := range publishers {
			go func() { errs <- c.publish(p, n, publishers, publish) }()
		}
		for range publishers {
			if err := <-errs; err != nil {
				return err
			}
		}
	} else if err := c.publish(0, n, 1, publish); err != nil {
		return err
	}
	switch c.pace {
	case flood:
		c.done.Wait()
	case shared:
		<-c.turn
	}
	return nil
}

func (c *crew) publish(from, n, step int, publish func(Message) error) error {
	for i := from; i < n; i += step {
		if c.pace == lockstep {
			c.left.Store(int64(len(c.sinks)))
		}
		if err := publish(Message{ID: uint64(i), Name: "message"}); err != nil {
			return err
		}
		if c.pace == lockstep {
			<-c.turn
		}
	}
	return nil
}

// check compares the account with the n messages that were published. All consumers must have ended, or have nothing to do.
func (c *crew) check(n int) error {
	want := uint64(n)
	sum := want * (want - 1) / 2
	var total, totalSum uint64
	for i := range c.sinks {
		s := &c.sinks[i]
		total, totalSum = total+s.n, totalSum+s.sum
		if c.pace != shared && (s.n != want || s.sum != sum) {
			return fmt.Errorf("consumer %d got %d messages with the sum %d, want %d with %d", i, s.n, s.sum, want, sum)
		}
	}
	if c.pace == shared && (total != want || totalSum != sum) {
		return fmt.Errorf("consumers got %d messages with the sum %d, want %d with %d", total, totalSum, want, sum)
	}
	return nil
}
