package topic

import "slices"

// leave remembers a removed topic whose subscriptions have not ended yet, because a consumer has not come back: Close waits
// for them too. The caller holds mu.
func (r *registry) leaveLocked(c *core) {
	looked := 0
	for old := range r.leaving { // in passing, so that nobody has to be told of the last one's end
		if len(old.own()) == 0 {
			delete(r.leaving, old)
		}
		if looked++; looked == 2 {
			break
		}
	}
	if len(c.own()) == 0 {
		return
	}
	if r.leaving == nil {
		r.leaving = map[*core]struct{}{}
	}
	r.leaving[c] = struct{}{}
}

// own are the subscribers that end with the topic.
func (c *core) own() []*subscriber {
	return slices.DeleteFunc(c.hosts(), func(s *subscriber) bool { return s.core != c })
}

// isLeaving reports whether the actor of that ID belongs to a removed topic.
func (r *registry) isLeaving(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.leaving {
		if slices.ContainsFunc(c.own(), func(s *subscriber) bool { return s.Self().Id == id }) {
			return true
		}
	}
	return false
}
