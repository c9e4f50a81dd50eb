package main

import (
	"fmt"
	"io"
	"strings"
)

// titles are the names of the networks that report to the USGS (https://earthquake.usgs.gov/data/comcat/).
var titles = map[string]string{
	"ak": "Alaska",
	"ci": "Southern California",
	"hv": "Hawaii",
	"mb": "Montana",
	"nc": "Northern California",
	"nm": "New Madrid",
	"nn": "Nevada",
	"pr": "Puerto Rico",
	"se": "Southeastern US",
	"us": "USGS, worldwide",
	"uu": "Utah",
	"uw": "Pacific Northwest",
}

// WriteTable writes the numbers of each network in a table of at most width columns. The columns that matter least
// are left out when they do not fit: first the names in words, then the events without a magnitude.
func WriteTable(w io.Writer, b Board, width int) error {
	rows := [][]string{{"network", "name", "events", "min", "mean", "max", "no magnitude"}}
	for _, net := range b.Networks() {
		rows = append(rows, row(net, titles[net], b[net]))
	}
	rows = append(rows, row("all", "", b.Total()))
	for _, column := range []int{1, 6} {
		if sum(widths(rows)) <= width {
			break
		}
		for _, r := range rows {
			r[column] = ""
		}
	}
	return writeRows(w, rows)
}

// row formats the numbers of one network.
func row(net, title string, s *Stats) []string {
	r := []string{net, title, grouped(s.Events), "-", "-", "-", grouped(s.NoMag)}
	if mean, ok := s.Mean(); ok {
		r[3], r[4], r[5] = fmt.Sprintf("%.2f", s.Min), fmt.Sprintf("%.2f", mean), fmt.Sprintf("%.2f", s.Max)
	}
	return r
}

// writeRows writes words to the left and numbers to the right, with a line under the head and one above the total.
func writeRows(w io.Writer, rows [][]string) error {
	wide := widths(rows)
	rule := strings.Repeat("-", max(0, sum(wide))) + "\n"
	var out strings.Builder
	for i, r := range rows {
		if i == 1 || i == len(rows)-1 && i > 1 {
			out.WriteString(rule)
		}
		var line strings.Builder
		for c, cell := range r {
			switch {
			case wide[c] == 0:
				continue
			case line.Len() > 0:
				line.WriteString("  ")
			}
			if c < 2 {
				fmt.Fprintf(&line, "%-*s", wide[c], cell)
			} else {
				fmt.Fprintf(&line, "%*s", wide[c], cell)
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// widths returns the width of each column; 0 is an empty column. All cells are ASCII: plain checked the names.
func widths(rows [][]string) []int {
	wide := make([]int, len(rows[0]))
	for _, r := range rows {
		for c, cell := range r {
			wide[c] = max(wide[c], len(cell))
		}
	}
	return wide
}

// sum returns the width of a table with two spaces between its columns.
func sum(wide []int) int {
	total := -2
	for _, n := range wide {
		if n > 0 {
			total += n + 2
		}
	}
	return total
}

// grouped writes a number with commas: 1,707.
func grouped[N int | uint64](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
