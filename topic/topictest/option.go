package topictest

import (
	"time"

	"github.com/azutoolkit/echo/topic"
)

// Option configures a [Recorder]: [With], [Within], or a [Fault].
type Option interface{ apply(*settings) }

type settings struct {
	subscribe []topic.SubscribeOption
	faults    []*Fault
	within    time.Duration
}

type option func(*settings)

func (o option) apply(s *settings) { o(s) }

// With subscribes the recorder with these options.
func With(opts ...topic.SubscribeOption) Option {
	return option(func(s *settings) { s.subscribe = append(s.subscribe, opts...) })
}

// Within is how long the recorder's methods wait. Default: [Patience], but not longer than a second before the time limit
// of go test; in a bubble of testing/synctest an hour of its time.
func Within(d time.Duration) Option { return option(func(s *settings) { s.within = d }) }
