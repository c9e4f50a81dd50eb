package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// WriteReport writes the table, the charts and the totals in at most width columns.
func WriteReport(w io.Writer, rec *Recording, r *Results, width int) error {
	p := &printer{w: w, width: width}
	p.do(func() error { return WriteTable(w, r.Board, width) })
	p.line("")
	p.line("events by magnitude")
	p.do(func() error { return WriteChart(w, magnitudes(rec.Quakes), min(width, 72)) })
	p.line("")
	p.total("networks", len(r.Board), "")
	p.total("alerts", len(r.Alerts), strongest(r.Alerts))
	p.total("refused", r.Refusals, counts(r.Refused, len(r.Refused)))
	p.total("located", located(r), counts(r.Cities, 3))
	p.total("workers", len(r.Shares), counts(r.Shares, len(r.Shares)))
	if n := len(r.Undelivered); n > 0 {
		p.total("unreadable", n, "")
		const shown = 5
		for i, d := range r.Undelivered {
			if i == shown {
				p.line(fmt.Sprintf("  … and %s more", grouped(n-shown)))
				break
			}
			p.line("  " + d.Reason.Error())
		}
	}
	if n := len(rec.Quakes) + len(rec.Bad); rec.Declared >= 0 && rec.Declared != n {
		p.line(fmt.Sprintf("note: the feed announces %s features and holds %s", grouped(rec.Declared), grouped(n)))
	}
	return p.err
}

// printer writes lines until one fails.
type printer struct {
	w     io.Writer
	width int
	err   error
}

func (p *printer) do(f func() error) {
	if p.err == nil {
		p.err = f()
	}
}

// line writes one line. What comes from a feed may hold anything: control characters never reach the terminal.
func (p *printer) line(text string) {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, text)
	p.do(func() error { _, err := fmt.Fprintln(p.w, text); return err })
}

// total writes one number of the summary.
func (p *printer) total(name string, n int, detail string) {
	p.line(clip(strings.TrimRight(fmt.Sprintf("%-10s %6s  %s", name, grouped(n), detail), " "), p.width))
}

// magnitudes counts events by whole magnitudes.
func magnitudes(quakes []Quake) []Bar {
	bars := []Bar{{Label: "below 1"}, {Label: "1 to 2"}, {Label: "2 to 3"}, {Label: "3 to 4"}, {Label: "4 to 5"}, {Label: "5 to 6"}, {Label: "6 and more"}, {Label: "unknown"}}
	for _, q := range quakes {
		if q.Mag == nil {
			bars[7].Count++
		} else {
			bars[max(0, min(6, int(*q.Mag)))].Count++
		}
	}
	return bars
}

// strongest describes the strongest event.
func strongest(quakes []Quake) string {
	if len(quakes) == 0 {
		return ""
	}
	q := slices.MaxFunc(quakes, func(a, b Quake) int { return cmp.Compare(*a.Mag, *b.Mag) })
	return fmt.Sprintf("strongest M %.1f, %s", *q.Mag, cmp.Or(q.Place, q.ID))
}

// located counts the events that were located exactly once. More often, or never, is a fault: it shows as a number
// that differs from the total.
func located(r *Results) int {
	n := 0
	for _, times := range r.Located {
		if times == 1 {
			n++
		}
	}
	return n
}

// counts lists the names with the highest counts, equal ones by name.
func counts(of map[string]int, most int) string {
	names := slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, name := range names[:min(most, len(names))] {
		parts = append(parts, fmt.Sprintf("%s %s", name, grouped(of[name])))
	}
	return strings.Join(parts, ", ")
}
