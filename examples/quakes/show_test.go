package main

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

func quake(net string, mag ...float64) Quake {
	q := Quake{Net: net}
	if len(mag) > 0 {
		q.Mag = &mag[0]
	}
	return q
}

func board() Board {
	b := make(Board)
	for range 1234 {
		b.Add(quake("ci", 2))
	}
	b.Add(quake("ci", -0.5))
	b.Add(quake("ci"))
	b.Add(quake("zz"))
	b.Add(quake("us", 7.25))
	return b
}

func TestStatsLeaveEventsWithoutMagnitudeOut(t *testing.T) {
	b := board()
	ci := b["ci"]
	if mean, _ := ci.Mean(); ci.Events != 1236 || ci.NoMag != 1 || ci.Min != -0.5 || ci.Max != 2 || math.Abs(mean-(2468-0.5)/1235) > 1e-9 {
		t.Errorf("ci: %+v", ci)
	}
	if _, ok := b["zz"].Mean(); ok {
		t.Error("a mean of no magnitudes")
	}
	if all := b.Total(); all.Events != 1238 || all.NoMag != 2 || all.Min != -0.5 || all.Max != 7.25 {
		t.Errorf("all: %+v", all)
	}
}

func ExampleWriteTable() {
	var out strings.Builder
	if err := WriteTable(&out, board(), 80); err != nil {
		fmt.Println(err)
	}
	fmt.Print(out.String())
	// Output:
	// network  name                 events    min  mean   max  no magnitude
	// ---------------------------------------------------------------------
	// ci       Southern California   1,236  -0.50  2.00  2.00             1
	// us       USGS, worldwide           1   7.25  7.25  7.25             0
	// zz                                 1      -     -     -             1
	// ---------------------------------------------------------------------
	// all                            1,238  -0.50  2.00  7.25             2
}

func ExampleWriteChart() {
	var out strings.Builder
	if err := WriteChart(&out, []Bar{{"below 2", 1500}, {"2 to 3", 400}, {"none", 0}, {"7 and more", 1}}, 40); err != nil {
		fmt.Println(err)
	}
	fmt.Print(out.String())
	// Output:
	// below 2     1,500  █████████████████████
	// 2 to 3        400  █████▌
	// none            0
	// 7 and more      1  ▏
}

func TestTableAndChartKeepTheWidth(t *testing.T) {
	for width := 40; width <= 200; width++ {
		var out strings.Builder
		if err := WriteTable(&out, board(), width); err != nil {
			t.Fatal(err)
		}
		if err := WriteChart(&out, []Bar{{"ci", 1234}, {"us", 1}}, width); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns in %d: %q", n, width, line)
			}
		}
	}
}

func TestEmptyBoardHasATable(t *testing.T) {
	var out strings.Builder
	if err := WriteTable(&out, Board{}, 80); err != nil {
		t.Fatal(err)
	}
	if err := WriteChart(&out, nil, 80); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "\nall ") {
		t.Errorf("got %q", out.String())
	}
}

// snapshots returns a replay that delivers 500 messages a second to each of two consumers.
func snapshots() func() Snapshot {
	start := time.Now()
	return func() Snapshot {
		n := uint64(time.Since(start).Seconds() * 500)
		return Snapshot{
			Clock: time.Date(2018, 2, 3, 4, 5, 0, 0, time.UTC), Published: int(n), Total: 1707,
			Lines: []Line{{"statistics", n, 0}, {"alerts", n, 7}},
		}
	}
}

func TestViewWithoutATerminalIsPlainLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		v := NewView(&out, false, 80, 24)
		read := snapshots()
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		v.Run(ctx, read)
		v.Done(read())
		want := "2018-02-03 04:05  500 of 1,707 events  1,000 deliveries/s  lag 7\n" +
			"2018-02-03 04:05  1,000 of 1,707 events  1,000 deliveries/s  lag 7\n" +
			"replayed 1,250 of 1,707 events in 2.5s: 2,500 messages delivered, 1,000/s\n"
		if out.String() != want {
			t.Errorf("got\n%swant\n%s", out.String(), want)
		}
	})
}

func TestViewOnATerminalRedrawsInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		v := NewView(&out, true, 50, 24)
		read := snapshots()
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer cancel()
		v.Run(ctx, read)
		if n := strings.Count(out.String(), "\x1b[4A\x1b[J"); n != 1 {
			t.Errorf("%d redraws of 4 lines, want 1 after 2 drawings: %q", n, out.String())
		}
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(line[strings.LastIndexByte(line, 'J')+1:]) - 1; n >= 50 {
				t.Errorf("%d columns of 50: %q", n, line)
			}
		}
		small := NewView(&out, true, 80, 3)
		if small.Draw(read()); small.drawn > 2 {
			t.Errorf("%d lines on a terminal of 3: the first would scroll away", small.drawn)
		}
	})
}

func TestNearestCity(t *testing.T) {
	for _, c := range []struct {
		lat, lon float64
		name     string
		km       float64
	}{
		{34.05, -118.24, "Los Angeles", 0},
		{35.05, -118.24, "Los Angeles", 111.2},  // one degree of latitude
		{-18.14, -179.56, "Suva", 211.3},        // across the date line: two degrees of longitude
		{90, 0, "Fairbanks", 90*111.195 - 7210}, // the pole
	} {
		city, km := nearest(c.lat, c.lon)
		if city.Name != c.name || math.Abs(km-c.km) > 1 {
			t.Errorf("nearest(%g, %g) = %s, %.1f km; want %s, %.1f km", c.lat, c.lon, city.Name, km, c.name, c.km)
		}
	}
	if km := distance(10, 20, -10, -160); math.Abs(km-math.Pi*earth) > 1 {
		t.Errorf("antipodes are %.1f km apart, want %.1f", km, math.Pi*earth)
	}
}
