package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
)

// header of the table, and how its columns are aligned.
const header = `| work | Echo, per delivery | allocs per publish | per delivery | peer | peer's, per delivery | its allocs per publish | ratio | goal | |
|---|--:|--:|--:|---|--:|--:|--:|--:|---|
`

func printTable(w io.Writer, lines []line) {
	fmt.Fprint(w, header)
	for _, l := range lines {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", l.work, l.ours, l.perPublish, l.perDeliv,
			l.peer, l.theirs, l.theirAllocs, l.ratio, l.goal, l.verdict)
	}
}

func ratioText(r float64) string {
	switch {
	case r >= 0.1:
		return fmt.Sprintf("%.2f", r)
	default:
		return fmt.Sprintf("%.3f (1/%.0f)", r, 1/r)
	}
}

// goalText writes what is less than one as a fraction, as the goals were set.
func goalText(g float64) string {
	if g < 0.5 {
		return "1/" + strconv.Itoa(int(math.Round(1/g)))
	}
	return strconv.FormatFloat(g, 'g', 3, 64)
}

func allocText(a float64) string {
	if a < 0.0005 {
		return "0"
	}
	return strconv.FormatFloat(math.Round(a*1000)/1000, 'f', -1, 64)
}

// thousands writes 1,000,000.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
