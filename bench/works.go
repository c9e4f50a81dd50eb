package main

import (
	"io"

	"github.com/azutoolkit/echo/topic"
)

// scale is how much is done.
type scale struct {
	rounds      int
	deliveries  int // per round, many in flight
	oneAtATime  int // per round, one at a time
	asks        int
	idle        int // subscribers on one topic
	topics      int
	publishings int  // with a consumer that blocks
	only        bool // without the peers
}

var (
	full  = scale{rounds: 5, deliveries: 4_000_000, oneAtATime: 1_000_000, asks: 200_000, idle: 1_000_000, topics: 100_000, publishings: 100_000}
	quick = scale{rounds: 3, deliveries: 500_000, oneAtATime: 200_000, asks: 20_000, idle: 100_000, topics: 10_000, publishings: 20_000}
)

// A work is a row of the table, or several that belong together.
type work struct {
	name    string
	measure func(progress io.Writer) []line
}

// works are all of them, in the order of the table.
func works(sc scale) []work {
	var all []work
	add := func(r row) {
		if sc.only {
			r.sides = r.sides[:1]
		}
		all = append(all, work{r.name, func(w io.Writer) []line { return r.measure(sc.rounds, w) }})
	}
	one := map[string]float64{"channel": 1.5, "engine": 1}
	add(row{"publish → 1 subscriber", spread(sc.deliveries/2, 1, flood, 1), []side{echo(), channel, engineSend}, one, true})
	add(row{"publish → 1 subscriber, 2 publishers", spread(sc.deliveries/2, 1, flood, 2), []side{echo(), channel, engineSend}, one, false})
	add(row{"publish in batches of 100 → 1 subscriber", spread(sc.deliveries/2, 1, flood, 1), []side{echoBatch(100), channel}, nil, false})
	fan := func(n int, big bool) map[string]float64 {
		if big {
			return map[string]float64{"channels": 1. / 4, "engine": 1. / 15}
		}
		return nil
	}
	for _, n := range []int{10, 100, 1000, 10_000} {
		add(row{"fan-out to " + thousands(n), spread(sc.deliveries, n, flood, 1), []side{echo(), channels, engineBroadcast}, fan(n, n >= 100), n >= 100})
	}
	for _, n := range []int{10, 100, 1000, 10_000} {
		var goals map[string]float64
		if n >= 100 {
			goals = map[string]float64{"engine": 1. / 3}
		}
		add(row{"fan-out to " + thousands(n) + ", one at a time", spread(sc.oneAtATime, n, lockstep, 1), []side{echo(), channels, engineBroadcast}, goals, false})
	}
	add(row{"group of 4", load{4, shared, 1, 1000, sc.deliveries / 4}, []side{echo(topic.Group("four")), channel}, nil, false})
	add(row{"pattern over 100 topics → 1 subscriber", spread(sc.deliveries/4, 1, flood, 1), []side{echoPattern(100), channel}, nil, false})
	asks := load{1, flood, 1, 100, sc.asks}
	add(row{"topic.Request", asks, []side{echoRequest, engineAsk}, nil, false})
	add(row{"actor.Ask", asks, []side{echoAsk, engineAsk}, nil, false})
	all = append(all,
		work{"one blocking subscriber of 1,000", func(w io.Writer) []line { return blocking(sc, w) }},
		work{thousands(sc.idle) + " idle subscribers", func(w io.Writer) []line { return idleSubscribers(sc, w) }},
		work{thousands(sc.topics) + " idle topics", func(w io.Writer) []line { return idleTopics(sc, w) }},
	)
	return all
}

// spread is a load of about so many deliveries to n consumers. Publications come in hundreds where there are as many, so
// that batches of a hundred come out even.
func spread(deliveries, n int, p pace, publishers int) load {
	count := max(deliveries/n, 10)
	if count > 100 {
		count -= count % 100
	}
	return load{consumers: n, pace: p, publishers: publishers, warm: min(count, 1000), n: count}
}
