package transporttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// trial is one run of one case. Its methods fail the test when something is not as it must be; those that may call
// FailNow belong to the case's own goroutine.
type trial struct {
	testing.TB
	Harness
	can    transport.Capabilities
	killed [8]bool
}

// pass lets d go by, on whatever clock the test has.
func (t *trial) pass(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// within is a context for what must happen.
func (t *trial) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), t.Patience)
}

// kill lets a link's node die.
func (t *trial) kill(link int) {
	t.killed[link] = true
	t.Faults.Kill(link)
}

func (t *trial) open(link int, topic string) transport.Log {
	t.Helper()
	return t.openWith(link, topic, transport.Config{})
}

func (t *trial) openWith(link int, topic string, cfg transport.Config) transport.Log {
	t.Helper()
	ctx, cancel := t.within()
	defer cancel()
	log, err := t.Links[link].Open(ctx, topic, cfg)
	if err != nil {
		t.Fatalf("Open of %q on link %d: %v", topic, link, err)
	}
	return log
}

// records makes n records whose IDs are prefix-1, prefix-2, …; Data is the ID too.
func records(prefix string, n int) []transport.Record {
	rs := make([]transport.Record, n)
	for i := range rs {
		id := fmt.Sprintf("%s-%d", prefix, i+1)
		rs[i] = transport.Record{ID: id, Source: prefix, Type: "test", Data: []byte(id)}
	}
	return rs
}

func ids(rs []transport.Record) []string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = r.ID
	}
	return out
}

// put appends the records and checks the positions: one each, of one epoch, rising.
func (t *trial) put(log transport.Log, rs ...transport.Record) []transport.Position {
	t.Helper()
	ctx, cancel := t.within()
	defer cancel()
	ps, err := log.Append(ctx, rs)
	if err != nil {
		t.Fatalf("Append of %d records: %v", len(rs), err)
	}
	if err := rising(ps, len(rs)); err != nil {
		t.Fatalf("Append of %d records: %v", len(rs), err)
	}
	return ps
}

// rising checks that there are n positions of one epoch, each behind the one before.
func rising(ps []transport.Position, n int) error {
	if len(ps) != n {
		return fmt.Errorf("%d positions for %d records", len(ps), n)
	}
	for i, p := range ps {
		if p.Epoch == "" {
			return fmt.Errorf("position %d (%v) has no epoch", i, p)
		}
		if i > 0 && (p.Epoch != ps[i-1].Epoch || p.Compare(ps[i-1]) <= 0) {
			return fmt.Errorf("position %v comes after %v", p, ps[i-1])
		}
	}
	return nil
}

// persist calls f until it returns no ErrLinkDown (a link may need time to connect again).
func (t *trial) persist(what string, f func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := t.within()
	defer cancel()
	for {
		err := f(ctx)
		if err == nil {
			return
		}
		if !errors.Is(err, transport.ErrLinkDown) {
			t.Fatalf("%s: %v", what, err)
		}
		if ctx.Err() != nil {
			t.Fatalf("%s: the link did not come back: %v", what, err)
		}
		t.pass(time.Millisecond)
	}
}

func (t *trial) follow(log transport.Log, from transport.Start) transport.Reader {
	t.Helper()
	var r transport.Reader
	t.persist("Follow from "+from.String(), func(ctx context.Context) (err error) {
		r, err = log.Follow(ctx, from)
		return err
	})
	if r.Start().Epoch == "" {
		t.Fatalf("Follow from %v: the reader's Start %v has no epoch", from, r.Start())
	}
	return r
}

// read returns the reader's next n records, no more and no less, and checks that their positions rise.
func (t *trial) read(r transport.Reader, n int) []transport.Record {
	t.Helper()
	ctx, cancel := t.within()
	defer cancel()
	rs, err := readN(ctx, r, n)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// readN is read for other goroutines.
func readN(ctx context.Context, r transport.Reader, n int) ([]transport.Record, error) {
	var rs []transport.Record
	last := r.Start()
	for len(rs) < n {
		next, err := r.Next(ctx)
		if err != nil {
			return rs, fmt.Errorf("reading after %d of %d records (%v): %w", len(rs), n, ids(rs), err)
		}
		if len(next) == 0 {
			return rs, errors.New("no records and no error from Next")
		}
		for _, rec := range next {
			if rec.Position.Compare(last) <= 0 || rec.Position.Epoch != last.Epoch {
				return rs, fmt.Errorf("record %s at %v comes after %v", rec.ID, rec.Position, last)
			}
			last = rec.Position
		}
		rs = append(rs, next...)
	}
	if len(rs) > n {
		return rs, fmt.Errorf("got %d records, %d were appended: %v", len(rs), n, ids(rs))
	}
	return rs, nil
}

// sees checks that the reader's next records are these, and that no more come.
func (t *trial) sees(r transport.Reader, want ...string) {
	t.Helper()
	if got := ids(t.read(r, len(want))); !slices.Equal(got, want) {
		t.Fatalf("the reader sees\n%v, want\n%v", got, want)
	}
	t.seesNoMore(r)
}

func (t *trial) seesNoMore(r transport.Reader) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), t.Quiet)
	defer cancel()
	if rs, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the reader sees %v, %v; want nothing until the context ends", ids(rs), err)
	}
}

// is checks an error.
func (t *trial) is(what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got error %v, want %v", what, err, want)
	}
}

// isGap checks that err tells of a gap of a number of records, or of an unknown number.
func (t *trial) isGap(what string, err error, lost int64) *transport.GapError {
	t.Helper()
	var gap *transport.GapError
	if !errors.As(err, &gap) {
		t.Fatalf("%s: got error %v, want a GapError", what, err)
	}
	if gap.Lost != lost && gap.Lost != -1 {
		t.Fatalf("%s: the gap has %d records, want %d or -1", what, gap.Lost, lost)
	}
	if gap.Next.Epoch == "" {
		t.Fatalf("%s: the gap does not say where reading goes on: %v", what, gap.Next)
	}
	return gap
}
