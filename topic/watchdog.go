package topic

import (
	"sync"
	"time"
)

// A watchdog sees to it that no consumer holds up the others of its topic. There is one per system. Its goroutine runs while
// pumps run, ends a while after the last one, and is ended by Close.
type watchdog struct {
	mu      sync.Mutex
	pumps   []*pump       // guarded by mu
	awake   bool          // guarded by mu: the goroutine runs
	stop    chan struct{} // closed by close
	stopped bool          // guarded by mu
	ended   sync.WaitGroup
}

const (
	tick      = time.Millisecond // how long one consumer may keep a pump
	idleTicks = 20               // how long the goroutine stays without a pump
	maxSpread = 64               // pumps started at once for one that was lost
)

// watch takes note of a pump. A pump that runs after close is not watched: the system is going away.
func (w *watchdog) watch(p *pump) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.slot = len(w.pumps)
	w.pumps = append(w.pumps, p)
	if !w.awake && !w.stopped {
		w.awake = true
		w.ended.Add(1)
		go w.run()
	}
}

func (w *watchdog) leave(p *pump) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.remove(p)
}

func (w *watchdog) remove(p *pump) {
	last := len(w.pumps) - 1
	w.pumps[p.slot] = w.pumps[last]
	w.pumps[p.slot].slot = p.slot
	w.pumps[last] = nil
	w.pumps = w.pumps[:last]
}

func (w *watchdog) run() {
	defer w.ended.Done()
	t := time.NewTicker(tick)
	defer t.Stop()
	spread := map[*stream]int{}
	for idle := 0; ; {
		select {
		case <-w.stop:
			return
		case <-t.C:
		}
		w.mu.Lock()
		if idle++; len(w.pumps) > 0 {
			idle = 0
		}
		if idle > idleTicks {
			w.awake = false
			w.mu.Unlock()
			return
		}
		lost := w.look()
		w.mu.Unlock()
		w.replace(lost, spread)
	}
}

// look detaches the pumps that have been with one subscriber since the last look. The caller holds mu.
func (w *watchdog) look() (lost []*stream) {
	for i := len(w.pumps) - 1; i >= 0; i-- {
		p := w.pumps[i]
		step := p.step.Load()
		if step != p.looked || step == 0 {
			p.looked = step
			continue
		}
		if st := p.stream; p.state.CompareAndSwap(attached, detached) {
			lost = append(lost, st)
			w.remove(p)
		}
	}
	return lost
}

// replace starts other pumps: one for the first that was lost, twice as many with every tick in a row that loses some, so
// that a thousand slow consumers do not get their first message one tick after the other.
func (w *watchdog) replace(lost []*stream, spread map[*stream]int) {
	for st := range spread {
		spread[st] = -spread[st]
	}
	for _, st := range lost {
		n := min(max(2*abs(spread[st]), 1), maxSpread)
		spread[st] = n
		st.pump.Add(int32(n - 1))
		for range n {
			st.startPump()
		}
	}
	for st, n := range spread {
		if n <= 0 {
			delete(spread, st)
		}
	}
}

func abs(n int) int { return max(n, -n) }

func (w *watchdog) close() {
	w.mu.Lock()
	if !w.stopped {
		w.stopped = true
		close(w.stop)
	}
	w.mu.Unlock()
	w.ended.Wait()
}
