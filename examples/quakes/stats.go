package main

import "slices"

// Stats are the numbers of one network. The zero value has counted nothing.
type Stats struct {
	Events int
	NoMag  int     // events without a magnitude; the three below are about the others
	Min    float64 // meaningless while Events == NoMag
	Max    float64
	sum    float64
}

// Add counts one event.
func (s *Stats) Add(q Quake) {
	s.Events++
	if q.Mag == nil {
		s.NoMag++
		return
	}
	m := *q.Mag
	if s.Events-s.NoMag == 1 {
		s.Min, s.Max = m, m
	}
	s.Min, s.Max = min(s.Min, m), max(s.Max, m)
	s.sum += m
}

// Mean returns the mean magnitude, and false if no event has one.
func (s *Stats) Mean() (float64, bool) {
	if s.Events == s.NoMag {
		return 0, false
	}
	return s.sum / float64(s.Events-s.NoMag), true
}

// merge adds the numbers of other.
func (s *Stats) merge(other *Stats) {
	if other.Events > other.NoMag {
		if s.Events == s.NoMag {
			s.Min, s.Max = other.Min, other.Max
		}
		s.Min, s.Max = min(s.Min, other.Min), max(s.Max, other.Max)
	}
	s.Events += other.Events
	s.NoMag += other.NoMag
	s.sum += other.sum
}

// Board holds the numbers of all networks by name.
type Board map[string]*Stats

// Add counts one event for its network.
func (b Board) Add(q Quake) {
	s := b[q.Net]
	if s == nil {
		s = new(Stats)
		b[q.Net] = s
	}
	s.Add(q)
}

// Networks returns the names, the one with most events first, equal ones by name.
func (b Board) Networks() []string {
	nets := make([]string, 0, len(b))
	for net := range b {
		nets = append(nets, net)
	}
	slices.SortFunc(nets, func(x, y string) int {
		if d := b[y].Events - b[x].Events; d != 0 {
			return d
		}
		if x < y {
			return -1
		}
		return 1
	})
	return nets
}

// Total returns the numbers of all networks together.
func (b Board) Total() *Stats {
	total := new(Stats)
	for _, net := range b.Networks() { // a fixed order: floats do not add up the same in another one
		total.merge(b[net])
	}
	return total
}
