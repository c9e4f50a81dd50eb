package transporttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/azutoolkit/echo/transport"
)

var stormCases = []contractCase{
	{name: "HundredGoroutinesAtOnce", test: storm},
}

// storm calls everything from a hundred goroutines, and closes a link in the middle. What is looked for is a data
// race, a panic, a call that does not end, a wrong error, and a goroutine that stays.
func storm(t *trial) {
	const workers, rounds = 100, 25
	watch := t.follow(t.open(1, "orders"), transport.Latest())
	handles := [2]transport.Log{t.open(0, "orders"), t.open(1, "orders")}
	var half, all sync.WaitGroup
	var mu sync.Mutex
	appended := map[string]bool{}
	half.Add(workers)
	for w := range workers {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(7, uint64(w)))
			link := w % 2
			g := gust{trial: t, log: handles[link], link: link, rnd: rnd, appended: func(id string) {
				mu.Lock()
				appended[id] = true
				mu.Unlock()
			}}
			for i := range rounds {
				if i == rounds/2 {
					half.Done()
				}
				g.blow(fmt.Sprintf("w%d-%d", w, i))
			}
			g.calm()
		})
	}
	half.Wait()
	ctx, cancel := t.within()
	defer cancel()
	if err := t.Links[0].Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
	done := t.begin(t.Context(), "the storm", func(context.Context) error { all.Wait(); return nil })
	if err := done.end(); err != nil || t.Failed() {
		t.FailNow()
	}
	for len(appended) > 0 {
		rs, err := watch.Next(ctx)
		if err != nil {
			t.Fatalf("%d records were appended and do not come: %v", len(appended), err)
		}
		for _, r := range rs {
			delete(appended, r.ID)
		}
	}
}

// gust is one goroutine of a storm.
type gust struct {
	*trial
	log      transport.Log
	link     int
	rnd      *rand.Rand
	appended func(id string)
	reader   transport.Reader
	member   transport.Group
}

// blow makes one random call, which must return soon with no error or one that the contract knows.
func (g *gust) blow(id string) {
	ctx, cancel := context.WithTimeout(g.Context(), time.Duration(g.rnd.IntN(3000))*time.Microsecond)
	defer cancel()
	var err error
	op := g.rnd.IntN(11)
	switch op {
	case 0, 1, 2:
		ctx, cancel := g.within()
		defer cancel()
		if _, err = g.log.Append(ctx, []transport.Record{{ID: id, Key: id[:2]}, {ID: id + "b"}}); err == nil {
			g.appended(id)
			g.appended(id + "b")
		}
	case 3:
		g.calm()
		var r transport.Reader
		if r, err = g.log.Follow(ctx, transport.Latest()); err == nil {
			g.reader = r
		}
	case 4:
		if g.reader != nil {
			_, err = g.reader.Next(ctx)
		}
	case 5:
		if g.can.Groups && g.member == nil {
			var m transport.Group
			if m, err = g.log.Group(ctx, "workers", transport.GroupConfig{}); err == nil {
				g.member = m
			}
		}
	case 6:
		if g.member != nil {
			var ds []transport.Delivery
			if ds, err = g.member.Take(ctx, 3); err == nil {
				half := places(ds)[:len(ds)/2]
				err = errors.Join(g.member.Ack(ctx, half...), g.member.GiveBack(ctx, places(ds)...))
			}
		}
	case 7:
		_, err = g.log.Stats(ctx)
	case 8:
		var log transport.Log
		if log, err = g.Links[g.link].Open(ctx, "gusts", transport.Config{}); err == nil {
			_, err = log.Append(ctx, []transport.Record{{ID: id}})
			err = errors.Join(err, log.Close())
		}
	case 9:
		if g.can.Patterns {
			err = g.catalog(g.link).Topics(ctx, func(string) {})
		}
	case 10:
		if g.can.Patterns {
			err = g.catalog(g.link).Remove(ctx, "gusts")
		}
	}
	g.judge(op, err)
}

func (g *gust) judge(op int, err error) {
	var gap *transport.GapError
	switch {
	case err == nil, errors.As(err, &gap), errors.Is(err, context.DeadlineExceeded):
	case op == 8 && errors.Is(err, transport.ErrRemoved):
	case g.link == 0 && errors.Is(err, transport.ErrClosed):
	default:
		g.Errorf("operation %d: %v", op, err)
	}
}

// calm closes what the gust holds.
func (g *gust) calm() {
	if g.reader != nil {
		g.reader.Close()
	}
	if g.member != nil {
		g.member.Close()
	}
	g.reader, g.member = nil, nil
}
