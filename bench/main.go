package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"time"
)

func main() {
	short := flag.Bool("short", false, "fewer messages, rounds and subscribers: for a look, not for the record")
	run := flag.String("run", "", "only the rows whose name matches this regular expression")
	rounds := flag.Int("rounds", 0, "rounds per row; default 5, with -short 3")
	profile := flag.String("cpuprofile", "", "write a CPU profile of all rows, peers included, to this file")
	only := flag.Bool("ours", false, "leave out the peers: for profiles")
	flag.Parse()
	if err := bench(*short, *run, *rounds, *profile, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(short bool, run string, rounds int, profile string, only bool) error {
	pick, err := regexp.Compile(run)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	sc := full
	if short {
		sc = quick
	}
	if rounds > 0 {
		sc.rounds = rounds
	}
	sc.only = only
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	begin := time.Now()
	var lines []line
	wrong := false
	for _, w := range works(sc) {
		if !pick.MatchString(w.name) {
			continue
		}
		for _, l := range w.measure(os.Stderr) {
			wrong = wrong || l.verdict == "wrong"
			lines = append(lines, l)
		}
		debug.FreeOSMemory() // the next row does not pay for this one's heap
	}
	fmt.Printf("%s, %s/%s, GOMAXPROCS %d, %d rounds, %v\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.GOMAXPROCS(0), sc.rounds, time.Since(begin).Round(time.Second))
	printTable(os.Stdout, lines)
	if wrong {
		return fmt.Errorf("messages were lost or repeated: see the rows that are wrong")
	}
	return nil
}
