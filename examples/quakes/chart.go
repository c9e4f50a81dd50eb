package main

import (
	"fmt"
	"io"
	"strings"
)

// Bar is one line of a chart.
type Bar struct {
	Label string
	Count int
}

// WriteChart writes the bars with their labels and counts in at most width columns; the longest bar fills what is
// left. A bar of a count above 0 is never invisible.
func WriteChart(w io.Writer, bars []Bar, width int) error {
	most, label, count := 0, 0, 0
	for _, b := range bars {
		most = max(most, b.Count)
		label = max(label, len([]rune(b.Label)))
		count = max(count, len(grouped(b.Count)))
	}
	room := max(1, width-label-count-4)
	var out strings.Builder
	for _, b := range bars {
		line := fmt.Sprintf("%-*s  %*s  %s", label, b.Label, count, grouped(b.Count), blocks(b.Count, most, room))
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// blocks draws n of most in room columns, to an eighth of a column.
func blocks(n, most, room int) string {
	if n <= 0 {
		return ""
	}
	eighths := max(1, int(int64(n)*int64(room)*8/int64(most)))
	bar := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		bar += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return bar
}
