package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
)

// A report collects violations, and counts what was done.
type report struct {
	mu         sync.Mutex
	violations []string          // guarded by mu
	counts     map[string]uint64 // guarded by mu
}

func newReport() *report { return &report{counts: map[string]uint64{}} }

func (r *report) violation(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.violations = append(r.violations, fmt.Sprintf(format, args...))
}

func (r *report) count(what string, n uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[what] += n
}

// broken reports whether there is a violation.
func (r *report) broken() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.violations) > 0
}

// shown is how many violations are printed: the first ones tell the most.
const shown = 25

func (r *report) print(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, what := range slices.Sorted(maps.Keys(r.counts)) {
		fmt.Fprintf(w, "%12d %s\n", r.counts[what], what)
	}
	for i, v := range r.violations {
		if i == shown {
			fmt.Fprintf(w, "… and %d more\n", len(r.violations)-shown)
			break
		}
		if len(v) > 600 {
			v = v[:600] + " …"
		}
		fmt.Fprintf(w, "VIOLATION: %s\n", v)
	}
}
