// Command 01-hello opens a topic, subscribes, and publishes two messages.
//
//	go run ./examples/01-hello
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

type World struct{ Name string }

func main() {
	ctx := context.Background()
	sys := actor.NewSystem()
	defer sys.Close(ctx) // drains: what was published is delivered

	worlds, err := topic.Open[World](sys, "worlds")
	if err != nil {
		log.Fatal(err)
	}
	_, err = worlds.Subscribe(func(ctx topic.Context, w World) error {
		fmt.Println("hello,", w.Name)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := worlds.Publish(ctx, World{"Marco"}); err != nil {
		log.Fatal(err)
	}
	sys.Send(worlds.PID(), World{"Polo"}) // the same, fire and forget
}
