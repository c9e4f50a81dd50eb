package transporttest

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/azutoolkit/echo/transport"
)

// Option sets up Run.
type Option func(*options)

type options struct{ synctest bool }

// Synctest runs each case, and newHarness for it, in a bubble of testing/synctest. Default: real time.
func Synctest() Option { return func(o *options) { o.synctest = true } }

// Run runs every case of the contract as a subtest of t, each against a harness of its own.
func Run(t *testing.T, newHarness func(t testing.TB) Harness, opts ...Option) {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			if o.synctest {
				synctest.Test(t, func(t *testing.T) { c.run(t, newHarness) })
				return
			}
			c.run(t, newHarness)
		})
	}
}

// contractCase is one promise of the contract. Its name is the promise.
type contractCase struct {
	name  string
	test  func(t *trial)
	needs []need
}

// need is something that a case cannot do without.
type need struct {
	what string
	has  func(c transport.Capabilities, f Faults) bool
}

var (
	replay   = need{"the capability Replay", func(c transport.Capabilities, _ Faults) bool { return c.Replay }}
	clock    = need{"the capability Time", func(c transport.Capabilities, _ Faults) bool { return c.Time }}
	groups   = need{"the capability Groups", func(c transport.Capabilities, _ Faults) bool { return c.Groups }}
	keyed    = need{"the capability KeyedGroups", func(c transport.Capabilities, _ Faults) bool { return c.KeyedGroups }}
	dedup    = need{"the capability Dedup", func(c transport.Capabilities, _ Faults) bool { return c.Dedup }}
	patterns = need{"the capability Patterns", func(c transport.Capabilities, _ Faults) bool { return c.Patterns }}
	count    = need{"the capability Count", func(c transport.Capabilities, _ Faults) bool { return c.Count }}
	bytesCap = need{"the capability Bytes", func(c transport.Capabilities, _ Faults) bool { return c.Bytes }}
	age      = need{"the capability Age", func(c transport.Capabilities, _ Faults) bool { return c.Age }}
	limit    = need{"a MaxRecord of at most 256 MB", func(c transport.Capabilities, _ Faults) bool {
		return c.MaxRecord > 0 && c.MaxRecord <= 256<<20
	}}
	cutting    = need{"the fault Cut and Heal", func(_ transport.Capabilities, f Faults) bool { return f.Cut != nil && f.Heal != nil }}
	killing    = need{"the fault Kill", func(_ transport.Capabilities, f Faults) bool { return f.Kill != nil }}
	losing     = need{"the fault LoseReplies", func(_ transport.Capabilities, f Faults) bool { return f.LoseReplies != nil }}
	restarting = need{"the fault Restart", func(_ transport.Capabilities, f Faults) bool { return f.Restart != nil }}
)

// cases is the contract.
func cases() []contractCase {
	return slices.Concat(openCases, orderCases, recordCases, startCases, dedupCases, linkCases, groupCases, lostCases,
		keyedCases, retentionCases, epochCases, catalogCases, contextCases, closeCases, stormCases)
}

// run runs one case: it makes the harness, skips if something is missing, and looks for leaks after all links are closed.
func (c contractCase) run(tb testing.TB, newHarness func(t testing.TB) Harness) {
	tb.Helper()
	h := newHarness(tb).withDefaults()
	if len(h.Links) < 2 {
		tb.Fatalf("the harness has %d links, the suite needs two", len(h.Links))
	}
	t := &trial{TB: tb, Harness: h, can: h.Links[0].Capabilities()}
	for _, n := range c.needs {
		if !n.has(t.can, h.Faults) {
			t.closeLinks()
			tb.Skipf("%s needs %s", t.can.Name, n.what)
		}
	}
	before := goroutines()
	defer func() {
		t.closeLinks()
		if !tb.Failed() {
			t.noLeak(before)
		}
	}()
	c.test(t)
}

func (t *trial) closeLinks() {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), t.Patience)
	defer cancel()
	for i, l := range t.Links {
		if err := l.Close(ctx); err != nil && !t.killed[i] {
			t.Errorf("closing link %d: %v", i, err)
		}
	}
}
