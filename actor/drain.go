package actor

import "slices"

// maxRounds is how often a drained actor waits for children that it spawned while it drained. An actor that spawns a
// child anew whenever one ends would never end otherwise.
const maxRounds = 8

// swallow handles a PoisonPill. Children are drained first, while the actor goes on handling what they send to it; the
// pill comes back, behind all that, when they have ended.
func (b *mailbox) swallow() {
	b.mu.Lock()
	b.pill = false
	b.mu.Unlock()
	children := slices.Clone(b.context().Children())
	if len(children) == 0 {
		b.stop()
		return
	}
	x := b.extras()
	if x.rounds++; x.rounds > maxRounds {
		b.stop()
		return
	}
	x.drained = make(map[string]struct{}, len(children))
	for _, child := range children {
		x.drained[child.Id] = struct{}{}
	}
	for _, child := range children {
		b.context().Poison(child)
	}
}

// drainedOne notes the end of a child, once the actor has handled its Terminated.
func (b *mailbox) drainedOne(id string) {
	x := b.extra
	if x == nil {
		return
	}
	if _, ok := x.drained[id]; ok {
		if delete(x.drained, id); len(x.drained) == 0 {
			b.force(&PoisonPill{})
		}
	}
}
