package main

import (
	"context"
	"math"
	"sync/atomic"
	"time"
)

// Player publishes recorded events in order of time.
type Player struct {
	Quakes  []Quake
	Speed   float64 // times real time; 0: without waiting
	Publish func(context.Context, Quake) error

	published atomic.Int64
}

// Play publishes everything, or stops with ctx's error, or the first error of Publish.
func (p *Player) Play(ctx context.Context) error {
	var timer *time.Timer
	start := time.Now()
	for _, q := range p.Quakes {
		if p.Speed > 0 {
			if wait := time.Until(start.Add(p.due(q))); wait > 0 {
				if timer == nil {
					timer = time.NewTimer(wait)
					defer timer.Stop()
				} else {
					timer.Reset(wait)
				}
				select {
				case <-ctx.Done():
				case <-timer.C:
				}
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.Publish(ctx, q); err != nil {
			return err
		}
		p.published.Add(1)
	}
	return nil
}

// due says how long after the start the event is published. A feed that spans centuries at a low speed ends beyond
// what a Duration holds: then it is the longest one.
func (p *Player) due(q Quake) time.Duration {
	d := float64(q.Time.Sub(p.Quakes[0].Time)) / p.Speed
	if d >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(d)
}

// Snapshot says how far the replay is. It may be called at any time.
func (p *Player) Snapshot(lines []Line) Snapshot {
	s := Snapshot{Published: int(p.published.Load()), Total: len(p.Quakes), Lines: lines}
	if s.Published > 0 {
		s.Clock = p.Quakes[s.Published-1].Time
	}
	return s
}
