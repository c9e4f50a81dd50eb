// Command quakes replays one week of earthquakes through topics: one topic per seismic network, one pattern over all of
// them, and four kinds of consumer behind it.
//
//	go run ./examples/quakes                     # the recorded week, as fast as possible
//	go run ./examples/quakes -speed 3600         # one hour per second
//	go run ./examples/quakes -file feed.geojson  # another feed of the USGS; "-" reads standard input
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run is the program. The report goes to stdout, the view to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("quakes", flag.ContinueOnError)
	flags.SetOutput(stderr)
	speed := flags.Float64("speed", 0, "times real time; 0 is as fast as possible")
	path := flags.String("file", "", "a GeoJSON feed of the USGS, gzip or plain, - for standard input (default: the recorded week)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("quakes: unknown argument %q: a feed is given with -file", flags.Arg(0))
	}
	if *speed < 0 || math.IsNaN(*speed) || math.IsInf(*speed, 0) {
		return fmt.Errorf("quakes: -speed %g: use 0 or a number above it", *speed)
	}
	name, feed, err := openFeed(*path)
	if err != nil {
		return err
	}
	rec, err := Load(name, feed)
	if err := errors.Join(err, feed.Close()); err != nil {
		return err
	}
	res, err := observe(ctx, rec, *speed, newView(stderr))
	if err != nil {
		return err
	}
	width, _ := size(stdout)
	return WriteReport(stdout, rec, res, width)
}

// observe replays the recording through an observatory and returns what its consumers have found. When ctx ends, the
// replay ends there, and what was published until then counts.
func observe(ctx context.Context, rec *Recording, speed float64, view *View) (res *Results, err error) {
	o, err := open(rec.Networks())
	if err != nil {
		return nil, err
	}
	finish, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer func() { err = errors.Join(err, o.sys.Close(finish)) }()
	for _, bad := range rec.Bad {
		o.Refuse(bad)
	}

	p := &Player{Quakes: rec.Quakes, Speed: speed, Publish: o.Publish}
	read := func() Snapshot { return p.Snapshot(o.Lines()) }
	watch, done := context.WithCancel(ctx)
	var viewer sync.WaitGroup
	viewer.Go(func() { view.Run(watch, read) }) // ended by done, below
	err = p.Play(ctx)
	if err == nil || errors.Is(err, context.Canceled) {
		defer time.AfterFunc(time.Minute, cancel).Stop() // a consumer that never ends must not keep the program
		err = o.Drain(finish)
	}
	done()
	viewer.Wait()
	view.Done(read())
	return o.Results(), err
}

// newView returns a view that redraws itself if w is a terminal that can.
func newView(w io.Writer) *View {
	width, height := size(w)
	return NewView(w, terminal(w) && os.Getenv("TERM") != "dumb", width, height)
}

// terminal reports whether somebody looks at w.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// size returns the columns and lines of w, 80 and 24 if it is no terminal.
func size(w io.Writer) (width, height int) {
	if f, ok := w.(*os.File); ok {
		if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 0 && height > 0 {
			return width, height
		}
	}
	return 80, 24
}
