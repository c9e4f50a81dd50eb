package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

// tiny is enough to see that every side delivers what it should.
var tiny = scale{rounds: 1, deliveries: 20_000, oneAtATime: 10_000, asks: 200, idle: 2000, topics: 500, publishings: 500}

func TestEveryRowAddsUp(t *testing.T) {
	for _, w := range works(tiny) {
		t.Run(w.name, func(t *testing.T) {
			lines := w.measure(io.Discard)
			if len(lines) == 0 {
				t.Error("no line")
			}
			for _, l := range lines {
				if l.verdict == "wrong" {
					t.Errorf("%s: %s", l.work, l.ours)
				}
			}
		})
	}
}

// cheat is a side that loses, repeats or changes a message.
func cheat(f func(i int, m Message) []Message) side {
	return side{name: "cheat", open: func(c *crew) (opened, error) {
		ch, ended := make(chan Message, 1000), make(chan struct{})
		go func() {
			defer close(ended)
			for m := range ch {
				c.sinks[0].take(m)
			}
		}()
		i := 0
		return opened{
			publish: func(m Message) error {
				i++
				for _, m := range f(i, m) {
					ch <- m
				}
				return nil
			},
			close: func() error { close(ch); <-ended; return nil },
		}, nil
	}}
}

func TestACheatIsFound(t *testing.T) {
	l := load{consumers: 1, pace: flood, publishers: 1, warm: 10, n: 100}
	cheats := map[string]func(i int, m Message) []Message{
		"one too many":     func(i int, m Message) []Message { return append([]Message{m}, make([]Message, i/110)...) },
		"one for another":  func(i int, m Message) []Message { return []Message{{ID: m.ID + uint64(i/110)}} },
		"one in its place": func(i int, m Message) []Message { return []Message{{ID: m.ID - m.ID%2}} },
	}
	for name, f := range cheats {
		if _, err := cheat(f).measure(l); err == nil {
			t.Errorf("%s: nobody noticed", name)
		}
	}
	if _, err := cheat(func(_ int, m Message) []Message { return []Message{m} }).measure(l); err != nil {
		t.Errorf("honest: %v", err)
	}
}

func TestTableSaysWhetherAGoalIsMet(t *testing.T) {
	r := row{name: "work", load: load{consumers: 1, n: 100}, sides: []side{{name: "echo"}, {name: "channel"}}, goals: map[string]float64{"channel": 1.5}}
	for ours, want := range map[time.Duration]string{14: "ok", 16: "miss"} {
		var out bytes.Buffer
		printTable(&out, []line{r.line([]sample{{elapsed: ours}}, []sample{{elapsed: 10}}, "channel")})
		if s := out.String(); !strings.Contains(s, "| ≤ 1.5 | "+want+" |") {
			t.Errorf("%d against 10: %s", ours, s)
		}
	}
}
