package supervisor_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/azutoolkit/echo/supervisor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBad = errors.New("bad")

func TestBackoffDoublesUpToTheCap(t *testing.T) {
	p := supervisor.Policy{MinBackoff: time.Second, MaxBackoff: 5 * time.Second, Jitter: -1}
	for i, want := range []time.Duration{1, 1, 2, 4, 5, 5} {
		if got := p.Backoff(i); got != want*time.Second {
			t.Errorf("Backoff(%d) = %v, want %v", i, got, want*time.Second)
		}
	}
}

func TestBackoffDefaults(t *testing.T) {
	var p supervisor.Policy
	spread := map[time.Duration]bool{}
	for range 100 {
		d := p.Backoff(1)
		if d < 5*time.Millisecond || d > 10*time.Millisecond {
			t.Fatalf("Backoff(1) = %v", d)
		}
		spread[d] = true
		if d := p.Backoff(100); d < 15*time.Second || d > 30*time.Second {
			t.Fatalf("Backoff(100) = %v", d)
		}
	}
	if len(spread) < 50 {
		t.Errorf("only %d different delays in 100: no jitter", len(spread))
	}
	if d := (supervisor.Policy{MinBackoff: -1}).Backoff(5); d != 0 {
		t.Errorf("negative MinBackoff: %v", d)
	}
}

func TestBackoffStaysWithinBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := supervisor.Policy{
			MinBackoff: time.Duration(rapid.Int64().Draw(t, "min")),
			MaxBackoff: time.Duration(rapid.Int64().Draw(t, "max")),
			Jitter:     rapid.Float64().Draw(t, "jitter"),
		}
		most := p.MaxBackoff
		if most <= 0 {
			most = supervisor.DefaultMaxBackoff
		}
		if d := p.Backoff(rapid.Int().Draw(t, "attempt")); d < 0 || d > most {
			t.Fatalf("%v, outside of 0 to %v", d, most)
		}
	})
	p := supervisor.Policy{Jitter: math.NaN(), MinBackoff: math.MaxInt64, MaxBackoff: math.MaxInt64}
	if d := p.Backoff(math.MaxInt); d < 0 {
		t.Errorf("overflow: %v", d)
	}
}

func TestDirective(t *testing.T) {
	panicked := supervisor.Recovered("x", nil)
	decide := func(d supervisor.Directive) supervisor.Policy {
		return supervisor.Policy{Decide: func(error) supervisor.Directive { return d }}
	}
	for _, c := range []struct {
		name    string
		policy  supervisor.Policy
		err     error
		attempt int
		want    supervisor.Directive
	}{
		{"an error retries", supervisor.Policy{}, errBad, 1, supervisor.Retry},
		{"a panic restarts", supervisor.Policy{}, panicked, 1, supervisor.Restart},
		{"a wrapped panic restarts", supervisor.Policy{}, fmt.Errorf("w: %w", panicked), 1, supervisor.Restart},
		{"the last attempt", supervisor.Policy{}, errBad, 3, supervisor.Retry},
		{"exhausted", supervisor.Policy{}, errBad, 4, supervisor.DeadLetter},
		{"exhausted by panics", supervisor.Policy{}, panicked, 4, supervisor.DeadLetter},
		{"no retries", supervisor.Policy{Retries: -1}, errBad, 1, supervisor.DeadLetter},
		{"one retry", supervisor.Policy{Retries: 1}, errBad, 1, supervisor.Retry},
		{"one retry used", supervisor.Policy{Retries: 1}, errBad, 2, supervisor.DeadLetter},
		{"endless", supervisor.Policy{Retries: math.MaxInt}, errBad, math.MaxInt - 1, supervisor.Retry},
		{"decided", decide(supervisor.Stop), errBad, 99, supervisor.Stop},
		{"decided retry is limited", decide(supervisor.Retry), panicked, 4, supervisor.DeadLetter},
		{"undecided", decide(0), errBad, 1, supervisor.Retry},
		{"nonsense", decide(77), errBad, 1, supervisor.Retry},
		{"decide panics", supervisor.Policy{Observe: func(supervisor.Event) {}, Decide: func(error) supervisor.Directive { panic("x") }}, errBad, 1, supervisor.Retry},
	} {
		if got := c.policy.Directive(c.err, c.attempt); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestPanicInDecideIsObserved(t *testing.T) {
	var seen []supervisor.Event
	p := supervisor.Policy{
		Decide:  func(error) supervisor.Directive { panic("oh") },
		Observe: func(e supervisor.Event) { seen = append(seen, e) },
	}
	p.Decision(errBad)
	if len(seen) != 1 || seen[0].Directive != 0 || !strings.Contains(seen[0].Err.Error(), `decide about "bad": panic: oh`) {
		t.Errorf("events: %v", seen)
	}
}

func TestDirectiveNames(t *testing.T) {
	var names []string
	for d := supervisor.Directive(0); d < 8; d++ {
		names = append(names, d.String())
	}
	if got := strings.Join(names, ","); got != "default,retry,skip,dead letter,restart,stop,escalate,directive(7)" {
		t.Error(got)
	}
}

func TestPanicErrorShowsItsCause(t *testing.T) {
	err := error(supervisor.Recovered(errBad, []byte("stack")))
	if err.Error() != "panic: bad" || !errors.Is(err, errBad) {
		t.Error(err)
	}
	if err := error(supervisor.Recovered(7, nil)); err.Error() != "panic: 7" || errors.Unwrap(err) != nil {
		t.Error(err)
	}
	if err := error(supervisor.Recovered(nil, nil)); !errors.Is(err, supervisor.ErrGoexit) {
		t.Error(err)
	}
}

func TestWindowAllowsAtMostSoManyWithin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := supervisor.Policy{Restarts: rapid.IntRange(1, 5).Draw(t, "restarts"), Within: 10 * time.Second}
		now := time.Now()
		var w supervisor.Window
		var granted []time.Time
		for range rapid.IntRange(0, 60).Draw(t, "failures") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(6*time.Second)).Draw(t, "pause")))
			recent := 0
			for _, g := range granted {
				if now.Sub(g) < p.Within {
					recent++
				}
			}
			got := w.Allow(now, p)
			if got != (recent < p.Restarts) {
				t.Fatalf("allowed: %v with %d of %d within the window", got, recent, p.Restarts)
			}
			if got {
				granted = append(granted, now)
			}
		}
	})
}

func TestWindowLimits(t *testing.T) {
	var w supervisor.Window
	for range 1000 {
		if !w.Allow(time.Now(), supervisor.Policy{}) {
			t.Fatal("no limit, but refused")
		}
	}
	if w.Allow(time.Now(), supervisor.Policy{Restarts: -1}) {
		t.Error("allowed a restart that the policy forbids")
	}
	p := supervisor.Policy{Restarts: 1}
	now := time.Now()
	if !w.Allow(now, p) || w.Allow(now.Add(59*time.Second), p) || !w.Allow(now.Add(time.Minute), p) {
		t.Error("the default window is not a minute")
	}
}
