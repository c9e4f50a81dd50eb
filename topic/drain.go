package topic

import "context"

// nudge tells Drain that something has been finished.
func (r *registry) nudge() {
	if r.draining.Load() {
		select {
		case r.moved <- struct{}{}:
		default:
		}
	}
}

// Drain waits until the subscriptions have dealt with everything in the logs. Paused ones are not waited for.
func (r *registry) Drain(ctx context.Context) error {
	r.draining.Store(true)
	for _, c := range r.cores() {
		c.seal()
	}
	r.hurry()
	for {
		busy := r.busy()
		if busy == nil {
			return nil
		}
		select {
		case <-r.moved:
		case <-ctx.Done():
			return &stuckError{name: busy.label(), topic: busy.topicName(), cause: context.Cause(ctx)}
		}
	}
}

// hurry has batches handed out as they are.
func (r *registry) hurry() {
	for _, s := range r.subscribers() {
		for _, l := range s.legs() {
			if l.batch != nil {
				l.batch.hurry()
				s.poke(l.stream)
			}
		}
	}
}

// busy returns a subscriber that has something to do. While it looks one that it has found idle may get a message from one
// that it has not looked at yet: so it looks again until nothing was published meanwhile.
func (r *registry) busy() *subscriber {
	for {
		before := r.published()
		for _, s := range r.subscribers() {
			if s.isBusy() {
				return s
			}
		}
		if r.published() == before {
			return nil
		}
	}
}

// published counts the messages in all streams.
func (r *registry) published() (n uint64) {
	for _, c := range r.cores() {
		c.mu.Lock()
		for _, st := range c.others {
			n += st.tail.Load()
		}
		c.mu.Unlock()
		n += c.stream.tail.Load()
	}
	return n
}

// seal refuses publishers from outside. Where the log is in a transport it is the transport that has the last word.
func (c *core) seal() {
	if c.bridge == nil {
		c.stream.seal()
	}
}
