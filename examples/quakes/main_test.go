package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet is a view that nobody sees.
func quiet() *View { return NewView(io.Discard, false, 80, 24) }

// recorded loads the embedded week.
func recorded(t *testing.T) *Recording {
	t.Helper()
	rec, err := Load("all_week.geojson.gz", bytes.NewReader(week))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestReplayAddsUp(t *testing.T) {
	rec := recorded(t)
	res, err := observe(t.Context(), rec, 0, quiet())
	if err != nil {
		t.Fatal(err)
	}
	want := make(Board)
	strongOnes, refused := map[string]bool{}, 0
	for _, q := range rec.Quakes {
		want.Add(q)
		if q.Mag != nil && *q.Mag >= 4.5 {
			strongOnes[q.ID] = true
		}
		if q.Kind != "earthquake" {
			refused++
		}
	}
	if len(res.Board) != 12 || res.Board.Total().Events != 1707 {
		t.Errorf("%d networks with %d events, want 12 with 1,707", len(res.Board), res.Board.Total().Events)
	}
	for net, s := range want {
		if got := res.Board[net]; got == nil || *got != *s {
			t.Errorf("%s: %+v, want %+v", net, got, s)
		}
	}
	if len(res.Alerts) != 85 || len(strongOnes) != 85 {
		t.Errorf("%d alerts, want 85", len(res.Alerts))
	}
	for _, q := range res.Alerts {
		if !strongOnes[q.ID] {
			t.Errorf("%s is an alert, or one twice", q.ID)
		}
		delete(strongOnes, q.ID)
	}
	if res.Refusals != 28 || refused != 28 || res.Refused["no earthquake: explosion"] != 15 || res.Refused["no earthquake: quarry blast"] != 13 {
		t.Errorf("%d dead letters (want 28): %v", res.Refusals, res.Refused)
	}
	if len(res.Located) != 1707 || located(res) != 1707 {
		t.Errorf("%d events located, %d of them once; want 1,707", len(res.Located), located(res))
	}
	if len(res.Undelivered) != 0 {
		t.Errorf("undelivered: %v", res.Undelivered)
	}
}

func TestReplayKeepsItsSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Date(2018, 2, 1, 0, 0, 0, 0, time.UTC)
		var at []time.Duration
		begin := time.Now()
		p := &Player{Speed: 60, Publish: func(context.Context, Quake) error {
			at = append(at, time.Since(begin))
			return nil
		}}
		for _, d := range []time.Duration{0, time.Minute, time.Minute, time.Hour} {
			p.Quakes = append(p.Quakes, Quake{Time: start.Add(d)})
		}
		if err := p.Play(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, want := range []time.Duration{0, time.Second, time.Second, time.Minute} {
			if at[i] != want {
				t.Errorf("event %d after %s, want %s", i, at[i], want)
			}
		}
		if s := p.Snapshot(nil); s.Published != 4 || !s.Clock.Equal(start.Add(time.Hour)) {
			t.Errorf("snapshot %+v", s)
		}
	})
}

func TestReplayOfCenturiesWaitsAndEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		published := 0
		p := &Player{Speed: math.SmallestNonzeroFloat64, Publish: func(context.Context, Quake) error { published++; return nil },
			Quakes: []Quake{{Time: time.UnixMilli(minTime)}, {Time: time.UnixMilli(maxTime)}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := p.Play(ctx); !errors.Is(err, context.DeadlineExceeded) || published != 1 {
			t.Errorf("error %v after %d events, want the context's after 1", err, published)
		}
	})
}

// report runs the program on a feed.
func report(t *testing.T, text string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "feed.geojson")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err := run(t.Context(), []string{"-file", path}, &out, io.Discard)
	return out.String(), err
}

func TestInterruptedReplayReportsWhatWasPublished(t *testing.T) {
	rec := recorded(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		defer time.AfterFunc(time.Second, interrupt).Stop() // the second event comes minutes later
		res, err := observe(ctx, rec, 1e-3, quiet())
		if err != nil {
			t.Fatal(err)
		}
		if n := res.Board.Total().Events; n != 1 || located(res) != 1 {
			t.Errorf("%d events counted, %d located; want the one that was published", n, located(res))
		}
	})
}

func TestBadFeaturesAreListedAndTheOthersCounted(t *testing.T) {
	out, err := report(t, feed(feature("a", "", ""), feature("b\x1b[2J", "geometry", "null"), feature("c", "properties.mag", "null"), feature("d", "properties.mag", `"5"`)))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\nall ", "networks        1\n", "located         2  Los Angeles 2\n", "unreadable      2\n",
		`  feature 1 ("b\x1b[2J"): geometry is null, not an object`, `  feature 3 ("d"): properties.mag is a string`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestControlCharactersOfTheFeedDoNotReachTheTerminal(t *testing.T) {
	hostile := `"\u001b[2J\n\u202e"`
	out, err := report(t, feed(
		strings.Replace(feature("a", "properties.place", hostile), "1.5", "7.5", 1),
		feature("b", "properties.type", hostile),
		feature("c\x1b[2J", "properties.mag", hostile),
	))
	if err != nil || !strings.Contains(out, "alerts          1  strongest M 7.5, \ufffd[2J\ufffd\ufffd\n") || !strings.Contains(out, "refused         1") {
		t.Errorf("error %v, report\n%s", err, out)
	}
	if strings.ContainsAny(out, "\x1b\u202e") {
		t.Errorf("control characters of the feed in %q", out)
	}
}

func TestManyBadFeaturesAreCountedAndTheFirstListed(t *testing.T) {
	var bad []string
	for range 1500 {
		bad = append(bad, "null")
	}
	out, err := report(t, feed(bad...))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "unreadable  1,500\n") || !strings.Contains(out, "… and 1,495 more\n") || strings.Contains(out, "feature 5 ") {
		t.Errorf("got\n%s", out)
	}
}

func TestFeedThatHoldsLessThanItAnnouncesIsNoted(t *testing.T) {
	out, err := report(t, `{"metadata":{"count":3},"features":[`+feature("a", "", "")+`]}`)
	if err != nil || !strings.Contains(out, "note: the feed announces 3 features and holds 1\n") {
		t.Errorf("error %v, no note in\n%s", err, out)
	}
}

func TestEmptyFeedIsAReportOfZeros(t *testing.T) {
	out, err := report(t, feed())
	if err != nil || !strings.Contains(out, "networks        0\n") {
		t.Errorf("error %v, report\n%s", err, out)
	}
}

func TestBrokenFeedReplaysNothing(t *testing.T) {
	out, err := report(t, feed(feature("a", "", ""))[:200])
	if err == nil || out != "" {
		t.Errorf("error %v, report %q; want an error and no report", err, out)
	}
}

func TestWrongArgumentsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-speed", "-1"}, {"-speed", "NaN"}, {"-speed", "Inf"}, {"-speed", "x"}, {"feed.json"}, {"-file", filepath.Join(t.TempDir(), "none")}} {
		var out strings.Builder
		if err := run(t.Context(), args, &out, io.Discard); err == nil || out.Len() > 0 {
			t.Errorf("%q: error %v, report %q; want an error only", args, err, out.String())
		}
	}
}

func TestReportThatCannotBeWrittenIsAnError(t *testing.T) {
	r, w := io.Pipe()
	fail := errors.New("no room")
	r.CloseWithError(fail)
	if err := run(t.Context(), nil, w, io.Discard); !errors.Is(err, fail) {
		t.Errorf("got %v, want %v", err, fail)
	}
}
