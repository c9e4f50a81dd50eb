package topictest

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// await returns the messages when enough is true, and fails the test when it cannot become so.
func (r *Recorder[M]) await(what string, enough func([]M) bool) []M {
	r.t.Helper()
	within := limit(r.t, r.within)
	timer := time.NewTimer(within)
	defer timer.Stop()
	why := ""
	for {
		messages, changed := r.look()
		if enough(messages) {
			return messages
		}
		if why != "" {
			r.t.Fatalf("topictest: waiting for %s: %s\n%s", what, why, r.state(messages))
			return messages
		}
		select {
		case <-changed:
		case <-timer.C:
			why = fmt.Sprintf("not within %v", within)
		case <-r.t.Context().Done():
			why = fmt.Sprintf("the test is over: %v", context.Cause(r.t.Context()))
		case <-r.sub.Done():
			why = fmt.Sprintf("the subscription has ended: %v", r.sub.Err())
		}
	}
}

// state says what was seen.
func (r *Recorder[M]) state(messages []M) string {
	s := fmt.Sprintf("%d recorded:\n%s", len(messages), list(messages))
	for _, st := range r.sub.Stats() {
		s += fmt.Sprintf("subscription %q is %s: lag %d, retried %d, dead-lettered %d, dropped %d, restarts %d\n",
			st.Name, st.State, st.Lag, st.Retried, st.DeadLettered, st.Dropped, st.Restarts)
	}
	return s
}

// limit is how long the test may wait.
func limit(t testing.TB, asked time.Duration) time.Duration {
	inside := bubble() != ""
	d := asked
	if d <= 0 {
		if d = Patience; inside {
			d = time.Hour
		}
	}
	if timed, ok := t.(interface{ Deadline() (time.Time, bool) }); ok && !inside { // it must not be asked in a bubble
		if end, ok := timed.Deadline(); ok {
			d = max(min(d, time.Until(end)-time.Second), 0)
		}
	}
	return d
}
