package memory_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
)

func ExampleNew() {
	ctx := context.Background()
	hub := memory.New()
	defer hub.Close(ctx)
	log, _ := hub.Open(ctx, "worlds", transport.Config{})
	reader, _ := log.Follow(ctx, transport.Latest())
	log.Append(ctx, []transport.Record{{Data: []byte("Marco")}, {Data: []byte("Polo")}})
	records, _ := reader.Next(ctx)
	for _, r := range records {
		fmt.Println(string(r.Data), r.Position.Major)
	}
	// Output:
	// Marco 1
	// Polo 2
}

func ExampleLink_Cut() {
	ctx := context.Background()
	hub := memory.New()
	defer hub.Close(ctx)
	node := hub.Link("node")
	log, _ := node.Open(ctx, "worlds", transport.Config{})
	reader, _ := log.Follow(ctx, transport.Earliest())

	node.Cut()
	_, err := reader.Next(ctx)
	fmt.Println(errors.Is(err, transport.ErrLinkDown))
	_, err = log.Append(ctx, []transport.Record{{ID: "1"}})
	fmt.Println(err)

	node.Heal()
	log.Append(ctx, []transport.Record{{ID: "1"}})
	reader, _ = log.Follow(ctx, transport.After(reader.Start()))
	records, _ := reader.Next(ctx)
	fmt.Println(records[0].ID)
	// Output:
	// true
	// memory: append to "worlds": transport: link is down, try again later
	// 1
}

func ExampleLink_Kill() {
	ctx := context.Background()
	hub := memory.New()
	defer hub.Close(ctx)
	node := hub.Link("a")
	log, _ := node.Open(ctx, "jobs", transport.Config{})
	log.Append(ctx, []transport.Record{{ID: "1"}})
	worker, _ := log.Group(ctx, "workers", transport.GroupConfig{Start: transport.Earliest(), Member: "a"})
	worker.Take(ctx, 1)
	node.Kill() // while it holds record 1

	// The node comes back under its name and has its record at once, without waiting for Idle.
	log, _ = hub.Link("a").Open(ctx, "jobs", transport.Config{})
	worker, _ = log.Group(ctx, "workers", transport.GroupConfig{Member: "a"})
	jobs, _ := worker.Take(ctx, 1)
	fmt.Println(jobs[0].ID, "attempt", jobs[0].Attempt)
	// Output:
	// 1 attempt 2
}
