package main

import (
	"context"
	"fmt"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// settle waits until all is handled, ends what may be ended, and looks for what is left.
func (w *world) settle(base int) {
	w.drains.Wait()
	for _, s := range w.alive() {
		s.resume()
	}
	if w.hub != nil { // what the transport has must be here first
		w.settleArenas()
	}
	if w.hub != nil { // a replay that waits for its reader looks idle
		last := uint64(1)
		w.await("replays end", func() bool {
			before := last
			wait(context.Background(), 100*time.Millisecond)
			last = w.progress()
			return last == before
		})
	}
	for _, s := range w.alive() {
		if w.rng.IntN(2) == 0 || w.hub != nil {
			w.await(fmt.Sprintf("%v handles everything", s), s.idle)
		}
		if w.hub == nil || w.rng.IntN(2) == 0 {
			w.forget(s)
			if w.rng.IntN(2) == 0 {
				s.stop()
			} else {
				s.drain()
			}
		}
	}
	for _, s := range w.all() {
		if s.pid != nil {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			if err := w.systems[s.system].Drain(ctx, s.pid); err != nil {
				w.violation("%v: drain its actor: %v", s, err)
			}
			cancel()
			w.await(fmt.Sprintf("%v ends with its actor", s), func() bool { return isClosed(s.sub.Done()) })
		}
	}
	if w.hub != nil {
		w.settleLetters()
	} else {
		w.settleArenas()
		w.await("all actors end but those that stay", func() bool { return w.strangers() <= base+1 }) // the topic for requests
	}
}

// progress grows with all that is handled.
func (w *world) progress() (n uint64) {
	for _, s := range w.alive() {
		for _, st := range s.sub.Stats() {
			n += st.Delivered + st.Retried + st.DeadLettered
		}
	}
	return n
}

// settleLetters waits until the dead letters that the transport has are here.
func (w *world) settleLetters() {
	for _, a := range w.arenas {
		dead, err := a.handles[0].DeadLetters()
		if err != nil {
			w.violation("dead letters of %s: %v", a.name, err)
			continue
		}
		w.await(fmt.Sprintf("the dead letters of %s are here", a.name), func() bool {
			s := dead.Stats()
			return s.Published == w.transportStats(dead.Name()).Last.Major && s.Subscriptions[0].Lag == 0
		})
	}
}

func (w *world) settleArenas() {
	for _, a := range w.arenas {
		w.settleArena(a)
	}
}

// settleArena waits until those who stay have seen all there is, and checks that nobody else is there.
func (w *world) settleArena(a *arena) {
	if w.hub != nil {
		last := w.inTransport(a)
		for i, t := range a.handles {
			w.await(fmt.Sprintf("%s in system %d has all %d messages", a.name, i, last), func() bool { return t.Stats().Published == last })
		}
	}
	stay := a.staff()
	for _, s := range stay {
		w.await(fmt.Sprintf("%v handles everything", s), s.idle)
	}
	if w.hub != nil {
		left := ""
		if !w.await(fmt.Sprintf("the groups of %s have nothing left in the transport", a.name), func() bool {
			left = w.pending(a)
			return left == ""
		}) {
			w.violation("left in the transport: %s", left)
			for _, s := range w.alive() {
				if s.arena == a && s.spec.parallel > 1 {
					w.violation("%v in system %d has %+v, %v", s, s.system, s.sub.Stats(), s.sub.Err())
				}
			}
		}
		return // the others end with the system
	}
	w.await(fmt.Sprintf("%s has %d subscriptions", a.name, len(stay)), func() bool { return len(a.handles[0].Stats().Subscriptions) == len(stay) })
}

// staff are the subjects that stay as long as the arena.
func (a *arena) staff() []*subject {
	stay := append([]*subject(nil), a.witness...)
	for _, q := range a.squads {
		stay = append(stay, q.anchors...)
	}
	return stay
}

// inTransport is how much the log in the transport holds.
func (w *world) inTransport(a *arena) uint64 { return w.transportStats(a.name).Last.Major }

// pending are the groups that have not acknowledged everything. One that ended while the link was down
// keeps what it held until the transport believes it.
func (w *world) pending(a *arena) (left string) {
	names := map[string]bool{}
	for _, q := range a.squads {
		names[q.name] = true
	}
	for _, s := range w.alive() {
		if s.arena == a && s.spec.parallel > 1 && !isClosed(s.sub.Done()) {
			names["~"+w.systems[s.system].Name()+"~"+s.name] = true
		}
	}
	for _, g := range w.transportStats(a.name).Groups {
		if names[g.Name] && g.Pending+g.Lag > 0 {
			left += fmt.Sprintf(" %+v", g)
		}
	}
	return left
}

func (w *world) transportStats(name string) transport.Stats {
	ctx := context.Background()
	log, err := w.hub.Open(ctx, name, transport.Config{})
	if err != nil {
		w.violation("open %s: %v", name, err)
		return transport.Stats{}
	}
	defer log.Close()
	stats, err := log.Stats(ctx)
	if err != nil {
		w.violation("statistics of %s: %v", name, err)
	}
	return stats
}

// strangers is how many actors there are that do not belong to those who stay.
func (w *world) strangers() (n int) {
	for _, a := range w.arenas {
		n -= len(a.staff())
	}
	for _, sys := range w.systems {
		for _, shard := range sys.Engine().ProcessRegistry.LocalPIDs.LocalPIDs {
			n += shard.Count()
		}
	}
	return n
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// await waits for something that has to come true.
func (w *world) await(what string, true_ func() bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for !true_() {
		if ctx.Err() != nil {
			w.violation("never: %s", what)
			return false
		}
		wait(ctx, time.Millisecond)
	}
	return true
}
