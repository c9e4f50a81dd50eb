package transporttest

import (
	"slices"
	"testing"
	"testing/synctest"
)

// mutant is a way to break a transport, and the case that must see it.
type mutant struct {
	name   string
	caught string
	make   func(t testing.TB) *broken
}

// mutants has at least one for every case.
func mutants() []mutant { return slices.Concat(orderMutants, groupMutants, lifeMutants) }

func find(t *testing.T, name string) contractCase {
	for _, c := range cases() {
		if c.name == name {
			return c
		}
	}
	t.Fatalf("there is no case %s", name)
	return contractCase{}
}

func TestEveryMutantIsCaught(t *testing.T) {
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			c := find(t, m.caught)
			synctest.Test(t, func(t *testing.T) {
				b := m.make(t)
				r := record(t, func(t testing.TB) { c.run(t, b.harness) })
				if r.skipped || !r.Failed() {
					t.Fatalf("%s did not see it: %v", c.name, r)
				}
				t.Logf("%s: %.300v", c.name, r)
			})
		})
	}
}

func TestEveryCaseCatchesAMutant(t *testing.T) {
	for _, c := range cases() {
		if !slices.ContainsFunc(mutants(), func(m mutant) bool { return m.caught == c.name }) {
			t.Errorf("no mutant shows that %s can fail", c.name)
		}
	}
}

func TestTheSoundTransportPasses(t *testing.T) {
	for _, c := range cases() {
		synctest.Test(t, func(t *testing.T) {
			if r := record(t, func(t testing.TB) { c.run(t, new(broken).harness) }); r.skipped || r.Failed() {
				t.Errorf("%s: %v", c.name, r)
			}
		})
	}
}
