package main

import (
	"fmt"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// Results are what the consumers have found. Each field belongs to one consumer; one consumer handles one message at a
// time, so there is no lock.
type Results struct {
	Board       Board              // of statistics
	Alerts      []Quake            // of bulletin
	Cities      map[string]int     // of map: events by nearest city
	Shares      map[string]int     // of map: events by worker
	Located     map[string]int     // of map: how often each event was located
	Refused     map[string]int     // of refusals: by reason
	Refusals    int                // of refusals
	Undelivered []actor.DeadLetter // the system's own dead letters: features that could not be read
}

func newResults() *Results {
	return &Results{
		Board: make(Board), Cities: make(map[string]int), Shares: make(map[string]int),
		Located: make(map[string]int), Refused: make(map[string]int),
	}
}

// tally counts events. Its numbers live outside of it: a fresh tally after a panic goes on with them.
type tally struct{ board Board }

// On implements topic.Consumer.
func (t *tally) On(_ topic.Context, q Quake) error {
	t.board.Add(q)
	return nil
}

// alarm publishes strong events. The event's ID makes that a repeated attempt does not publish it twice.
func alarm(alerts *topic.Topic[Quake]) func(topic.Context, Quake) error {
	return func(ctx topic.Context, q Quake) error {
		if q.Mag == nil || *q.Mag < strong {
			return nil
		}
		return alerts.Publish(ctx, q, topic.ID(q.ID))
	}
}

// locator finds the city nearest to an event. It is one of several that share the work.
func locator(name string, located *topic.Topic[Location]) func(topic.Context, Quake) error {
	return func(ctx topic.Context, q Quake) error {
		city, km := nearest(q.Lat, q.Lon)
		return located.Publish(ctx, Location{ID: q.ID, City: city.Name, Km: km, Worker: name})
	}
}

// catalog accepts earthquakes only. An explosion will not become one, however often it is tried: it is rejected, which
// sends it to the dead-letter topic at once.
func catalog(_ topic.Context, q Quake) error {
	if q.Kind != "earthquake" {
		return topic.Reject(fmt.Errorf("no earthquake: %s", q.Kind))
	}
	return nil
}

// bulletin lists the alerts.
func (r *Results) bulletin(_ topic.Context, q Quake) error {
	r.Alerts = append(r.Alerts, q)
	return nil
}

// locate notes where events were.
func (r *Results) locate(_ topic.Context, l Location) error {
	r.Cities[l.City]++
	r.Shares[l.Worker]++
	r.Located[l.ID]++
	return nil
}

// refusal counts what the catalog refused, by reason.
func (r *Results) refusal(_ topic.Context, d topic.DeadLetter) error {
	r.Refusals++
	r.Refused[d.Err]++
	return nil
}
