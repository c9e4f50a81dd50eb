package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// strong is the magnitude from which an event is an alert.
const strong = 4.5

// workers is how many share the location work.
const workers = 3

// Location says which city an event was nearest to.
type Location struct {
	ID     string // of the event
	City   string
	Km     float64
	Worker string
}

// Observatory is the system with its topics and consumers.
//
//	quakes.ci ─┐              ┌─ statistics        keeps numbers per network
//	quakes.nc ─┤              ├─ alerts            publishes strong events    → alerts  ─ bulletin
//	quakes.ak ─┼─ quakes.* ───┼─ locator-1, 2, 3   share the work (a group)   → located ─ map
//	…          │              └─ catalog           refuses what is no earthquake
//	           └─ dead.quakes.*  ─ refusals        what catalog refused, and why
type Observatory struct {
	sys     *actor.System
	nets    map[string]*topic.Topic[Quake]
	first   []*topic.Subscription // those that read events
	second  []*topic.Subscription // those that read what the first publish
	results *Results

	mu         sync.Mutex
	unreadable []actor.DeadLetter // guarded by mu
}

// open starts a system with one topic per network. The pattern is there before the topics: it finds those that come
// later too.
func open(nets []string) (o *Observatory, err error) {
	// Dead letters are warnings. Here they are part of the plan, and the report shows them.
	errorsOnly := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	sys := actor.NewSystem(actor.WithName("quakes"), actor.WithLogger(errorsOnly))
	o = &Observatory{sys: sys, nets: make(map[string]*topic.Topic[Quake]), results: newResults()}
	o.sys.OnDeadLetter(o.undelivered)
	defer func() {
		if err != nil {
			_ = o.sys.Close(context.Background()) // nothing was published, so nothing can be waited for
		}
	}()
	if err := o.consume(); err != nil {
		return nil, err
	}
	for _, net := range nets {
		if o.nets[net], err = topic.Open[Quake](o.sys, "quakes."+net); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// consume subscribes everybody.
func (o *Observatory) consume() error {
	quakes, err := topic.Match[Quake](o.sys, "quakes.*")
	if err != nil {
		return err
	}
	dead, err := topic.Match[topic.DeadLetter](o.sys, "dead.quakes.*")
	if err != nil {
		return err
	}
	alerts, err := topic.Open[Quake](o.sys, "alerts")
	if err != nil {
		return err
	}
	located, err := topic.Open[Location](o.sys, "located")
	if err != nil {
		return err
	}
	r := o.results
	add := func(to *[]*topic.Subscription) func(*topic.Subscription, error) {
		return func(s *topic.Subscription, e error) {
			if *to = append(*to, s); err == nil {
				err = e
			}
		}
	}
	first, second := add(&o.first), add(&o.second)
	second(alerts.Subscribe(r.bulletin, topic.Name("bulletin")))
	second(located.Subscribe(r.locate, topic.Name("map")))
	second(dead.Subscribe(r.refusal, topic.Name("refusals")))
	first(topic.Spawn(quakes, func() *tally { return &tally{r.Board} }, topic.Name("statistics")))
	first(quakes.Subscribe(alarm(alerts), topic.Name("alerts")))
	for n := range workers {
		name := fmt.Sprintf("locator-%d", n+1)
		first(quakes.Subscribe(locator(name, located), topic.Name(name), topic.Group("locators")))
	}
	first(quakes.Subscribe(catalog, topic.Name("catalog")))
	return err
}

// Publish publishes an event to the topic of its network.
func (o *Observatory) Publish(ctx context.Context, q Quake) error {
	return o.nets[q.Net].Publish(ctx, q)
}

// Refuse hands a feature that cannot become a message to the dead letters of the system.
func (o *Observatory) Refuse(bad *BadFeature) {
	o.sys.DeadLetter(actor.DeadLetter{Message: bad, Reason: bad})
}

// undelivered keeps the dead letters of the system. It may be called concurrently.
func (o *Observatory) undelivered(d actor.DeadLetter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.unreadable = append(o.unreadable, d)
}

// Drain waits until every consumer is done with everything: first with the events, then with what came of them.
func (o *Observatory) Drain(ctx context.Context) error {
	for _, s := range slices.Concat(o.first, o.second) {
		if err := s.Drain(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Lines says what each consumer has done. It may be called at any time.
func (o *Observatory) Lines() []Line {
	var lines []Line
	for _, s := range slices.Concat(o.first, o.second) {
		for _, st := range s.Stats() {
			lines = append(lines, Line{Name: st.Name, Delivered: st.Delivered, Lag: st.Lag})
		}
	}
	return lines
}

// Results returns what the consumers have found. Call it after Drain.
func (o *Observatory) Results() *Results {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.results.Undelivered = o.unreadable
	return o.results
}
