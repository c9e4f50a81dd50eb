package main

import "sync"

// channelCap is the capacity of the peers' channels, as large as the default buffer of a subscription.
const channelCap = 1024

// channels is a loop over buffered channels of any, with a goroutine for each that asserts the type.
var channels = side{name: "channels", open: func(c *crew) (opened, error) {
	all := make([]chan any, len(c.sinks))
	var ended sync.WaitGroup
	for i := range all {
		ch, s := make(chan any, channelCap), &c.sinks[i]
		all[i] = ch
		ended.Go(func() { drainChannel(ch, s) })
	}
	return opened{
		publish: func(m Message) error {
			v := any(m)
			for _, ch := range all {
				ch <- v
			}
			return nil
		},
		close: func() error {
			for _, ch := range all {
				close(ch)
			}
			ended.Wait()
			return nil
		},
	}, nil
}}

// channel is one buffered channel of any, that all consumers of the crew share.
var channel = side{name: "channel", open: func(c *crew) (opened, error) {
	ch := make(chan any, channelCap)
	var ended sync.WaitGroup
	for i := range c.sinks {
		ended.Go(func() { drainChannel(ch, &c.sinks[i]) })
	}
	return opened{
		publish: func(m Message) error {
			ch <- m
			return nil
		},
		close: func() error {
			close(ch)
			ended.Wait()
			return nil
		},
	}, nil
}}

func drainChannel(ch <-chan any, s *sink) {
	for v := range ch {
		if m, ok := v.(Message); ok {
			s.take(m)
		}
	}
}
