// Command 02-consumer runs one consumer with state on two topics of different types. In the middle it panics: a fresh
// one takes its place, and gets the message again on which the first one failed.
//
//	go run ./examples/02-consumer
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

type (
	World struct{ Name string } // greets whoever comes to it
	Marco struct{ To string }   // calls a world
)

// greeter handles one message at a time, from whichever topic, so it needs no lock.
type greeter struct {
	worlds *topic.Topic[World]
	marcos *topic.Topic[Marco]
	next   map[string]string
	done   chan struct{}
	seen   int // messages that this greeter has handled; a restart begins at 0
}

func (g *greeter) OnWorld(ctx topic.Context, w World) error {
	g.seen++
	fmt.Printf("%d. hello, %s\n", g.seen, w.Name)
	return g.marcos.Publish(ctx, Marco{To: w.Name})
}

func (g *greeter) OnMarco(ctx topic.Context, m Marco) error {
	if m.To == "Venus" && ctx.Attempt() == 1 {
		panic("too hot")
	}
	g.seen++
	fmt.Printf("%d. Marco calls %s, attempt %d\n", g.seen, m.To, ctx.Attempt())
	if next := g.next[m.To]; next != "" {
		return g.worlds.Publish(ctx, World{Name: next})
	}
	close(g.done)
	return nil
}

func main() {
	ctx := context.Background()
	sys := actor.NewSystem()
	defer sys.Close(ctx)

	worlds, err := topic.Open[World](sys, "worlds")
	check(err)
	marcos, err := topic.Open[Marco](sys, "marcos")
	check(err)

	done := make(chan struct{})
	next := map[string]string{"Mercury": "Venus", "Venus": "Earth"}
	fresh := func() *greeter { return &greeter{worlds: worlds, marcos: marcos, next: next, done: done} }
	policy := topic.Supervise(supervisor.Policy{Observe: func(e supervisor.Event) {
		fmt.Printf("   %s: %s, %v\n", e.Topic, e.Directive, e.Err)
	}})
	_, err = topic.SpawnOn(sys, fresh, topic.With(worlds, (*greeter).OnWorld, policy), topic.With(marcos, (*greeter).OnMarco, policy))
	check(err)

	check(worlds.Publish(ctx, World{Name: "Mercury"}))
	<-done
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
