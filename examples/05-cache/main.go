// Command 05-cache keeps a cache up to date. It is slower than the changes come, and only the newest of each key
// matters: the others are dropped, and counted.
//
//	go run ./examples/05-cache
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// Changed says that the stored value of a key has a new version.
type Changed struct {
	Key     string
	Version int
}

func main() {
	ctx := context.Background()
	sys := actor.NewSystem()
	defer sys.Close(ctx)

	changes, err := topic.Open[Changed](sys, "changes", topic.KeyBy(func(c Changed) string { return c.Key }))
	check(err)

	cache := make(map[string]int) // belongs to the subscription until it is drained
	busy, published := make(chan struct{}), make(chan struct{})
	sub, err := changes.Subscribe(func(ctx topic.Context, c Changed) error {
		if len(cache) == 0 {
			close(busy)
			<-published // a slow reload: meanwhile 3,000 changes come
		}
		cache[c.Key] = c.Version
		fmt.Printf("reload %-6s version %4d, %4d changes skipped\n", c.Key, c.Version, ctx.Skipped())
		return nil
	}, topic.Overflow(topic.Latest))
	check(err)

	check(changes.Publish(ctx, Changed{"tea", 0}))
	<-busy
	for v := 1; v <= 1000; v++ {
		for _, key := range []string{"tea", "coffee", "sugar"} {
			check(changes.Publish(ctx, Changed{key, v}))
		}
	}
	close(published)
	check(sub.Drain(ctx))
	st := sub.Stats()[0]
	fmt.Printf("%d changes: %d reloads, %d dropped; the cache holds %v\n", 3001, st.Delivered, st.Dropped, cache)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
