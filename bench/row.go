package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// A row is one kind of work, done by several sides: first ours, then the peers.
type row struct {
	name   string
	load   load
	sides  []side
	goals  map[string]float64 // by peer: how large the ratio of ours to the peer's may be
	allocs bool               // held to one allocation per publication, and none per delivery
}

// A line is one line of the table.
type line struct {
	work                       string
	ours, perPublish, perDeliv string
	peer, theirs, theirAllocs  string
	ratio, goal, verdict       string
}

// failed is the line of a row that could not be measured, or whose messages did not add up.
func failed(work string, err error) line {
	return line{work: work, ours: "wrong: " + err.Error(), verdict: "wrong"}
}

// measure runs the row and makes its lines.
func (r row) measure(rounds int, progress io.Writer) []line {
	samples := make([][]sample, len(r.sides))
	for round := range rounds {
		for i := range r.sides {
			i = (i + round) % len(r.sides)
			s, err := r.sides[i].measure(r.load)
			if err != nil {
				return []line{failed(r.name, err)}
			}
			samples[i] = append(samples[i], s)
			fmt.Fprintf(progress, "%s: round %d of %d: %s %s\n", r.name, round+1, rounds, r.sides[i].name, r.perDelivery(s))
		}
	}
	var lines []line
	for i, peer := range r.sides {
		if i > 0 || len(r.sides) == 1 {
			lines = append(lines, r.line(samples[0], samples[i], peer.name))
		}
	}
	if len(lines) > 1 {
		for i := range lines[1:] {
			l := &lines[i+1]
			l.work, l.perPublish, l.perDeliv = "", "", ""
		}
	}
	if r.allocs {
		lines = append(lines, r.allocLine(samples[0]))
	}
	return lines
}

func (r row) line(ours, theirs []sample, peer string) line {
	l := line{work: r.name, ours: r.perDelivery(median(ours)), peer: peer, theirs: r.perDelivery(median(theirs)), goal: "–", verdict: "–"}
	l.perPublish, l.perDeliv = r.allocated(ours)
	l.theirAllocs, _ = r.allocated(theirs)
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = float64(ours[i].elapsed) / float64(theirs[i].elapsed)
	}
	slices.Sort(ratios)
	ratio := ratios[len(ratios)/2]
	l.ratio = ratioText(ratio)
	if goal, ok := r.goals[peer]; ok {
		l.goal, l.verdict = "≤ "+goalText(goal), verdict(ratio <= goal)
	}
	return l
}

// allocLine judges the allocations. A few that belong to the runtime are forgiven.
func (r row) allocLine(ours []sample) line {
	n, total := float64(r.load.n), float64(medianMallocs(ours))
	extra := max(total-n, 0) / float64(r.load.deliveries())
	return line{
		work: "allocations of " + r.name,
		ours: fmt.Sprintf("%.2f per publication, %.3f more per delivery", min(total/n, 1), extra),
		goal: "≤ 1, 0", verdict: verdict(extra < 0.02),
	}
}

func (r row) perDelivery(s sample) string { return perUnit(s.elapsed, r.load.deliveries()) }

func (r row) allocated(s []sample) (perPublish, perDelivery string) {
	total := float64(medianMallocs(s))
	return allocText(total / float64(r.load.n)), allocText(total / float64(r.load.deliveries()))
}

// median is the sample with the middle time.
func median(s []sample) sample {
	s = slices.Clone(s)
	slices.SortFunc(s, func(a, b sample) int { return int(a.elapsed - b.elapsed) })
	return s[len(s)/2]
}

func medianMallocs(s []sample) uint64 {
	var all []uint64
	for _, s := range s {
		all = append(all, s.mallocs)
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func verdict(ok bool) string {
	if ok {
		return "ok"
	}
	return "miss"
}

func perUnit(d time.Duration, n int) string {
	switch ns := float64(d) / float64(n); {
	case ns < 100:
		return fmt.Sprintf("%.1f ns", ns)
	case ns < 10_000:
		return fmt.Sprintf("%.0f ns", ns)
	default:
		return fmt.Sprintf("%.1f µs", ns/1000)
	}
}
