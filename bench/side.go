package main

import (
	"fmt"
	"runtime"
	"time"
)

// A side is one way to do the work of a row.
type side struct {
	name string
	open func(c *crew) (opened, error)
}

// opened is a side that is ready: its consumers wait.
type opened struct {
	publish func(Message) error
	close   func() error // returns when all consumers have ended
}

// load is how much a row asks of each side.
type load struct {
	consumers  int
	pace       pace
	publishers int
	warm, n    int // publications: before the clock runs, and while it does
}

// deliveries is how many messages are consumed while the clock runs.
func (l load) deliveries() int {
	if l.pace == shared {
		return l.n
	}
	return l.n * l.consumers
}

// sample is one measurement.
type sample struct {
	elapsed time.Duration
	mallocs uint64
}

// measure runs the load on the side once.
func (s side) measure(l load) (sample, error) {
	c := newCrew(l.consumers, l.pace)
	o, err := s.open(c)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", s.name, err)
	}
	out, err := l.run(c, o)
	if cerr := o.close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = c.check(l.n)
	}
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", s.name, err)
	}
	return out, nil
}

func (l load) run(c *crew, o opened) (sample, error) {
	c.expect(l.warm)
	if err := c.drive(l.warm, l.publishers, o.publish); err != nil {
		return sample{}, err
	}
	if err := c.check(l.warm); err != nil {
		return sample{}, err
	}
	c.expect(l.n)
	return clock(func() error { return c.drive(l.n, l.publishers, o.publish) })
}

// clock takes the time and the allocations of f, on a heap without garbage.
func clock(f func() error) (sample, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := time.Now()
	err := f()
	elapsed := time.Since(begin)
	runtime.ReadMemStats(&after)
	return sample{elapsed: elapsed, mallocs: after.Mallocs - before.Mallocs}, err
}
