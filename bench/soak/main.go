package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"time"
)

func main() {
	length := flag.Duration("for", time.Minute, "how long to go on")
	seed := flag.Uint64("seed", 0, "what decides what is done; 0 draws one")
	systems := flag.Int("systems", 0, "only worlds of one system, or of two; 0 takes both")
	verbose := flag.Bool("v", false, "a line for every world")
	flag.Parse()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())%1_000_000 + 1
	}
	var progress io.Writer = io.Discard
	if *verbose {
		progress = os.Stderr
	}
	if !soak(*length, *seed, *systems, os.Stdout, progress) {
		os.Exit(1)
	}
}

// soak makes one world after the other until the time is over, and reports whether all kept what is promised.
func soak(length time.Duration, seed uint64, systems int, out, progress io.Writer) bool {
	r := newReport()
	begin := time.Now()
	goroutines := runtime.NumGoroutine()
	number := 0
	for time.Since(begin) < length && !r.broken() {
		bridged := number%4 == 3
		if systems > 0 {
			bridged = systems == 2
		}
		w, err := newWorld(r, number, seed, bridged)
		if err != nil {
			r.violation("world %d: %v", number, err)
			break
		}
		life := time.Duration(200+w.rng.IntN(800)) * time.Millisecond
		w.run(min(life, max(length-time.Since(begin), 100*time.Millisecond)))
		number++
		checkGoroutines(r, number-1, goroutines, out)
		fmt.Fprintf(progress, "%v world %d: bridged %v, calm %v, abrupt %v, %d subscriptions, %d logs\n", time.Since(begin).Round(time.Millisecond),
			number-1, bridged, w.calm, w.abrupt, len(w.subjects), len(w.history))
	}
	r.count("worlds", uint64(number))
	r.print(out)
	verdict := "ok"
	if r.broken() {
		verdict = "BROKEN"
	}
	fmt.Fprintf(out, "%s: seed %d, %v\n", verdict, seed, time.Since(begin).Round(time.Millisecond))
	return !r.broken()
}

// checkGoroutines waits until no more goroutines run than before the first world.
func checkGoroutines(r *report, number, before int, out io.Writer) {
	begin := time.Now()
	for runtime.NumGoroutine() > before {
		if time.Since(begin) > patience/2 {
			r.violation("world %d: %d goroutines are left", number, runtime.NumGoroutine()-before)
			_ = pprof.Lookup("goroutine").WriteTo(out, 1)
			return
		}
		runtime.Gosched()
		<-time.After(time.Millisecond)
	}
}
