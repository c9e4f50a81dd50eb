package supervisor

import "time"

// Window counts the restarts of one actor. The zero value is empty and ready. It is not safe for concurrent use.
type Window struct {
	times []time.Time // oldest first, none older than Within
}

// Allow reports whether p grants another restart at now, and counts it if so. It keeps at most p.Restarts times.
func (w *Window) Allow(now time.Time, p Policy) bool {
	switch {
	case p.Restarts < 0:
		return false
	case p.Restarts == 0:
		return true
	}
	old := 0
	for old < len(w.times) && now.Sub(w.times[old]) >= p.within() {
		old++
	}
	if old > 0 {
		w.times = w.times[:copy(w.times, w.times[old:])]
	}
	if len(w.times) >= p.Restarts {
		return false
	}
	w.times = append(w.times, now)
	return true
}
