package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

// flows are the flow policies; Block, on which most depends, comes more often.
var flows = []topic.Flow{topic.Block, topic.Block, topic.Block, topic.Block, topic.DropOldest, topic.DropNewest, topic.Latest, topic.Disconnect}

// A spec is what a subscription is asked for.
type spec struct {
	flow     topic.Flow
	buffer   int
	from     topic.Start
	start    string // what from is
	filter   uint32 // take one message in so many; 0 takes all
	parallel int
	batch    int
	wait     time.Duration
	value    bool // a consumer value, not a function
	retries  int
	restarts int
	temper   temper
	kind     int // of temper
}

func (sp spec) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v(%d) from %s, retries %d, temper %d", sp.flow, sp.buffer, sp.start, sp.retries, sp.kind)
	if sp.restarts > 0 {
		fmt.Fprintf(&b, ", restarts %d", sp.restarts)
	}
	if sp.filter > 0 {
		fmt.Fprintf(&b, ", filter %d", sp.filter)
	}
	if sp.parallel > 1 {
		fmt.Fprintf(&b, ", parallel %d", sp.parallel)
	}
	if sp.batch > 0 {
		fmt.Fprintf(&b, ", batches of %d within %v", sp.batch, sp.wait)
	}
	if sp.value {
		b.WriteString(", a value")
	}
	return b.String()
}

// randomSpec draws a spec. Where the log is in a transport groups take no other flow policy than Block.
func randomSpec(rng *rand.Rand, bridged bool) spec {
	sp := spec{
		flow: flows[rng.IntN(len(flows))], buffer: 16 << rng.IntN(7), from: topic.Latest, start: "Latest", parallel: 1,
		value: rng.IntN(2) == 0, retries: rng.IntN(4), kind: rng.IntN(len(tempers)),
	}
	sp.temper = tempers[sp.kind]
	switch rng.IntN(4) {
	case 0:
		sp.from, sp.start = topic.Earliest, "Earliest"
	case 1:
		sp.from, sp.start = topic.Since(time.Now().Add(-time.Duration(rng.IntN(100))*time.Millisecond)), "Since"
	}
	if rng.IntN(6) == 0 {
		sp.filter = uint32(2 + rng.IntN(4))
	}
	if rng.IntN(6) == 0 && !(bridged && sp.flow != topic.Block) {
		sp.parallel = 2 + rng.IntN(4)
	}
	if rng.IntN(5) == 0 {
		sp.batch, sp.value = 2+rng.IntN(30), false
		sp.wait = time.Duration(rng.IntN(3)) * time.Millisecond
		sp.buffer = max(sp.buffer, sp.batch)
	}
	if rng.IntN(10) == 0 {
		sp.restarts = 3
	}
	return sp
}

func (sp spec) policy() supervisor.Policy {
	retries := sp.retries
	if retries == 0 {
		retries = -1
	}
	return supervisor.Policy{Retries: retries, MinBackoff: 200 * time.Microsecond, MaxBackoff: 2 * time.Millisecond,
		Restarts: sp.restarts, Decide: decide}
}

// wants is the spec's filter.
func (sp spec) wants(e Event) bool { return sp.filter == 0 || e.Seq%sp.filter == 0 }

func (sp spec) options(name, group string) []topic.SubscribeOption {
	opts := []topic.SubscribeOption{topic.Name(name), topic.From(sp.from), topic.Overflow(sp.flow), topic.Buffer(sp.buffer), topic.Supervise(sp.policy())}
	if sp.filter > 0 {
		opts = append(opts, topic.Filter(sp.wants))
	}
	if sp.parallel > 1 {
		opts = append(opts, topic.Parallel(sp.parallel))
	}
	if group != "" {
		opts = append(opts, topic.Group(group))
	}
	return opts
}

// lossless reports whether the policy drops nothing while the subscription lives.
func (sp spec) lossless() bool { return sp.flow == topic.Block || sp.flow == topic.Disconnect }
