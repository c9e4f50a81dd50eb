package topic

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/azutoolkit/echo/transport"
)

// takeAhead is how many messages of a group in a transport a node takes at once, and how many it holds that its consumers have
// not finished, if their buffer is not smaller: what one node holds others wait for.
const takeAhead = 64

// A share is this node's part of a group in a transport: a stream of what the transport gives to the node, and the
// acknowledgements of what the members here have finished.
type share struct {
	bridge *bridge
	group  *group
	remote transport.Group

	mu    sync.Mutex
	acks  []transport.Position // guarded by mu: finished, not yet acknowledged
	busy  bool                 // guarded by mu: a goroutine acknowledges, and ends when there is nothing left
	ended bool                 // guarded by mu: close once the acknowledgements are out
}

// share makes the group one of the transport's. The caller holds the core's mutex.
func (b *bridge) share(g *group, cfg *config) error {
	switch {
	case !b.caps.Groups:
		return &transport.UnsupportedError{Transport: b.caps.Name, Option: "topic.Group and topic.Parallel"}
	case b.core.set.keyBy != nil && !b.caps.KeyedGroups:
		return &transport.UnsupportedError{Transport: b.caps.Name, Option: "a group with topic.KeyBy"}
	case cfg.flow != Block:
		return fmt.Errorf("a group in a transport loses nothing: Overflow(%v) has no meaning", cfg.flow)
	}
	remote, err := b.log.Group(b.ctx, groupName(b.core.reg.sys.Name(), g.name), transport.GroupConfig{
		Start: transportStart(cfg.from), Keyed: b.caps.KeyedGroups})
	if err != nil {
		return b.fault(err)
	}
	g.stream = newStream(b.core, Retention{}, nil)
	g.buffer = uint64(min(cfg.buffer, takeAhead))
	sh := &share{bridge: b, group: g, remote: remote}
	g.done, g.closed = sh.done, sh.close
	b.core.withLocked(g.stream)
	g.place(1, 0)
	g.seated = sync.OnceFunc(func() {
		b.core.reg.sys.Go("group "+strconv.Quote(g.name)+" of topic "+strconv.Quote(b.core.name), func(context.Context) { sh.take() })
	})
	return nil
}

// groupName keeps the groups that Parallel makes for one subscription apart from those of other nodes.
func groupName(node, name string) string {
	if name[0] == '~' {
		return "~" + node + name
	}
	return name
}

// take moves messages from the transport to the members until the group or the topic ends.
func (sh *share) take() {
	b := sh.bridge
	for failures := 0; ; {
		deliveries, err := sh.remote.Take(b.ctx, takeAhead)
		var gap *transport.GapError
		switch {
		case err == nil:
			failures = 0
			records := make([]transport.Record, len(deliveries))
			for i := range deliveries {
				records[i] = deliveries[i].Record
			}
			batch := b.messages(records)
			for i := range batch {
				batch[i].meta.attempt = deliveries[i].Attempt - 1
			}
			if _, err := sh.group.stream.append(b.ctx, b.core.now(), batch...); err != nil {
				return
			}
		case errors.As(err, &gap):
			b.gap(gap, func(n int64) { sh.group.dropped.Add(uint64(n)) })
		case errors.Is(err, transport.ErrLinkDown):
			failures++
			b.failed(failures, err)
			if !b.pause(linkPolicy.Backoff(failures)) {
				return
			}
		default:
			return
		}
	}
}

// done acknowledges a message, or leaves it to the transport to give it to somebody else.
func (sh *share) done(h *header, finished bool) {
	if !finished {
		return
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.acks = append(sh.acks, *h.meta.position)
	sh.startLocked()
}

func (sh *share) startLocked() {
	if !sh.busy {
		sh.busy = true
		sh.bridge.core.reg.sys.Go("acknowledgements of group "+strconv.Quote(sh.group.name), func(context.Context) { sh.acknowledge() })
	}
}

// acknowledge sends what has piled up while the last call was under way, as one call, until there is nothing left.
func (sh *share) acknowledge() {
	for failures := 0; ; {
		sh.mu.Lock()
		acks := sh.acks
		sh.acks = nil
		if len(acks) == 0 {
			sh.busy = false
			ended := sh.ended
			sh.mu.Unlock()
			if ended {
				_ = sh.remote.Close()
			}
			return
		}
		sh.mu.Unlock()
		err := sh.remote.Ack(sh.bridge.ctx, acks...)
		if err == nil {
			failures = 0
			continue
		}
		failures++
		if !errors.Is(err, transport.ErrLinkDown) || !sh.bridge.pause(linkPolicy.Backoff(failures)) {
			_ = sh.remote.Close()
			return
		}
		sh.mu.Lock()
		sh.acks = append(acks, sh.acks...)
		sh.mu.Unlock()
	}
}

// close ends this node's part when its last member has left: what is not acknowledged goes back to the transport.
func (sh *share) close() {
	sh.bridge.core.without(sh.group.stream)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.ended = true
	sh.startLocked()
}
