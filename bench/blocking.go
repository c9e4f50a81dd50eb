package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// keptGoal is how much of their speed the others must keep beside one that blocks.
const keptGoal = 0.8

// blocking measures 999 subscribers beside one more that drops, without and with a second's sleep in it for every message.
func blocking(sc scale, progress io.Writer) []line {
	const name = "one blocking subscriber of 1,000"
	var with, without []sample
	var kept []float64
	l := load{consumers: 999, pace: flood, publishers: 1, warm: 100, n: sc.publishings}
	for round := range sc.rounds {
		sides := []side{besides(0), besides(time.Second)}
		got := make([]sample, 2)
		for i := range sides {
			i = (i + round) % 2
			s, err := sides[i].measure(l)
			if err != nil {
				return []line{failed(name, err)}
			}
			got[i] = s
			fmt.Fprintf(progress, "%s: round %d of %d: %s %s\n", name, round+1, sc.rounds, sides[i].name, perUnit(s.elapsed, l.deliveries()))
		}
		without, with = append(without, got[0]), append(with, got[1])
		kept = append(kept, float64(got[0].elapsed)/float64(got[1].elapsed))
	}
	slices.Sort(kept)
	k := kept[len(kept)/2]
	return []line{{work: name + ": the other 999", ours: perUnit(median(with).elapsed, l.deliveries()),
		peer: "the same, none sleeps", theirs: perUnit(median(without).elapsed, l.deliveries()),
		ratio: fmt.Sprintf("%.2f of the speed", k), goal: "≥ 0.8", verdict: verdict(k >= keptGoal)}}
}

// besides is echo with one more subscriber, which drops the oldest and sleeps for every message.
func besides(sleep time.Duration) side {
	return side{name: "sleep of " + sleep.String(), open: func(c *crew) (opened, error) {
		ctx := context.Background()
		sys := actor.NewSystem()
		t, err := topic.Open[Message](sys, "bench")
		if err != nil {
			return opened{}, err
		}
		sleeper, err := t.Subscribe(func(ctx topic.Context, _ Message) error {
			if sleep > 0 {
				select {
				case <-time.After(sleep):
				case <-ctx.Done():
				}
			}
			return nil
		}, topic.Overflow(topic.DropOldest))
		if err != nil {
			return opened{}, err
		}
		if err := consume(t, c, nil); err != nil {
			return opened{}, err
		}
		return opened{
			publish: func(m Message) error { return t.Publish(ctx, m) },
			close: func() error {
				sleeper.Stop()
				return sys.Close(ctx)
			},
		}, nil
	}}
}
