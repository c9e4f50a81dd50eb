package main

import (
	"errors"
	"io"
	"slices"
)

// Recording is a whole feed, ready to be replayed.
type Recording struct {
	Quakes   []Quake       // in order of time; of the same millisecond, in the feed's order
	Bad      []*BadFeature // features that cannot be used, in the feed's order
	Declared int           // the number of features by the feed's own metadata; -1: they do not say
}

// Load reads a feed to its end. Only the events stay in memory, about 200 bytes each. It returns an error, and no
// recording, when the feed is broken: half a feed would give wrong counts.
func Load(name string, r io.Reader) (*Recording, error) {
	f, err := NewFeed(name, r)
	if err != nil {
		return nil, err
	}
	rec := &Recording{}
	for {
		q, err := f.Next()
		var bad *BadFeature
		switch {
		case err == nil:
			rec.Quakes = append(rec.Quakes, q)
		case errors.As(err, &bad):
			rec.Bad = append(rec.Bad, bad)
		case errors.Is(err, io.EOF):
			slices.SortStableFunc(rec.Quakes, func(a, b Quake) int { return a.Time.Compare(b.Time) })
			rec.Declared = f.Declared()
			return rec, nil
		default:
			return nil, err
		}
	}
}

// Networks returns the names of the recording's networks, sorted.
func (r *Recording) Networks() []string {
	seen := make(map[string]bool)
	for _, q := range r.Quakes {
		seen[q.Net] = true
	}
	nets := make([]string, 0, len(seen))
	for net := range seen {
		nets = append(nets, net)
	}
	slices.Sort(nets)
	return nets
}
