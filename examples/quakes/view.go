package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// Snapshot is what the view shows of a running replay.
type Snapshot struct {
	Clock     time.Time // of the last event that was published; zero before the first
	Published int
	Total     int
	Lines     []Line
}

// Line is one consumer of the view.
type Line struct {
	Name      string
	Delivered uint64
	Lag       uint64 // messages that are published and not yet dealt with
}

// View shows how a replay goes on: redrawn in place on a terminal, one plain line a second otherwise.
type View struct {
	w      io.Writer
	live   bool // w is a terminal
	width  int  // columns of it
	height int  // lines of it
	start  time.Time
	drawn  int // lines on the screen that the next drawing replaces
	before map[string]uint64
	at     time.Time // of the drawing before
}

// NewView returns a view that writes to w. Without live it writes no control characters at all.
func NewView(w io.Writer, live bool, width, height int) *View {
	now := time.Now()
	return &View{w: w, live: live, width: width, height: height, start: now, at: now, before: make(map[string]uint64)}
}

// Run draws what read returns, ten times a second on a terminal and once a second otherwise, until ctx ends. The
// caller's goroutine is the only one that draws.
func (v *View) Run(ctx context.Context, read func() Snapshot) {
	every := time.Second
	if v.live {
		every = time.Second / 10
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			v.Draw(read())
		}
	}
}

// Draw shows one snapshot. What cannot be written is lost: the replay goes on without its view.
func (v *View) Draw(s Snapshot) {
	now := time.Now()
	var out strings.Builder
	if v.live {
		if v.drawn > 0 {
			fmt.Fprintf(&out, "\x1b[%dA\x1b[J", v.drawn) // up to the first line, then clear what is below
		}
		lines := v.lines(s, now)
		for _, l := range lines {
			out.WriteString(clip(l, v.width-1) + "\n") // one column less: a full line would wrap on some terminals
		}
		v.drawn = len(lines)
	} else {
		out.WriteString(v.line(s, now) + "\n")
	}
	v.remember(s, now)
	_, _ = io.WriteString(v.w, out.String())
}

// Done draws the last snapshot, and what it took on the whole.
func (v *View) Done(s Snapshot) {
	if v.live {
		v.Draw(s)
	}
	took := time.Since(v.start)
	fmt.Fprintf(v.w, "replayed %s of %s events in %s: %s messages delivered, %s/s\n", grouped(s.Published), grouped(s.Total),
		took.Round(time.Millisecond), grouped(delivered(s)), grouped(rate(delivered(s), took)))
}

// line is the whole snapshot in one plain line.
func (v *View) line(s Snapshot, now time.Time) string {
	var lag, before uint64
	for _, l := range s.Lines {
		lag = max(lag, l.Lag)
		before += v.before[l.Name]
	}
	return fmt.Sprintf("%s  %s of %s events  %s deliveries/s  lag %s", clock(s), grouped(s.Published), grouped(s.Total),
		grouped(rate(delivered(s)-before, now.Sub(v.at))), grouped(lag))
}

// lines is the snapshot with one line per consumer, as many as the terminal has room for.
func (v *View) lines(s Snapshot, now time.Time) []string {
	const bar = 24
	head := clock(s)
	if s.Total > 0 {
		done := blocks(s.Published, s.Total, bar)
		head += "  " + done + strings.Repeat("░", bar-len([]rune(done)))
	}
	lines := []string{
		fmt.Sprintf("%s  %s of %s events", head, grouped(s.Published), grouped(s.Total)),
		fmt.Sprintf("%-20s %12s %12s %8s", "consumer", "delivered", "per second", "lag"),
	}
	room := max(0, v.height-len(lines)-1)
	for i, l := range s.Lines {
		if i == room {
			break
		}
		lines = append(lines, fmt.Sprintf("%-20s %12s %12s %8s", l.Name, grouped(l.Delivered),
			grouped(rate(l.Delivered-v.before[l.Name], now.Sub(v.at))), grouped(l.Lag)))
	}
	return lines
}

// remember keeps what the next drawing's rates start from.
func (v *View) remember(s Snapshot, now time.Time) {
	for _, l := range s.Lines {
		v.before[l.Name] = l.Delivered
	}
	v.at = now
}

// delivered is the sum over all consumers.
func delivered(s Snapshot) uint64 {
	var n uint64
	for _, l := range s.Lines {
		n += l.Delivered
	}
	return n
}

// rate returns n per second.
func rate(n uint64, in time.Duration) uint64 {
	if in <= 0 {
		return 0
	}
	return uint64(float64(n) / in.Seconds())
}

// clock is the recorded time that the replay has reached.
func clock(s Snapshot) string {
	if s.Clock.IsZero() {
		return "----------------"
	}
	return s.Clock.Format("2006-01-02 15:04")
}

// clip cuts a line to n columns.
func clip(line string, n int) string {
	if r := []rune(line); len(r) > n {
		return string(r[:max(0, n)])
	}
	return line
}
