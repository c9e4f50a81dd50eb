// Command 03-workers shares 100 jobs among a group of three workers, and kills one of them in the middle of a job.
// Nothing is lost, and nothing is done twice.
//
//	go run ./examples/03-workers
package main

import (
	"context"
	"fmt"
	"log"
	"sync/atomic"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

type (
	Job  struct{ N int }
	Done struct{ N, Worker int }
)

const jobs, workers, fatal = 100, 3, 50 // whoever gets job 50 first will not finish it

func main() {
	ctx := context.Background()
	sys := actor.NewSystem()
	defer sys.Close(ctx)

	todo, err := topic.Open[Job](sys, "jobs")
	check(err)
	done, err := topic.Open[Done](sys, "done")
	check(err)

	by := make(map[int][]int) // job → workers that did it; belongs to the ledger until it is drained
	ledger, err := done.Subscribe(func(_ topic.Context, d Done) error {
		by[d.N] = append(by[d.N], d.Worker)
		return nil
	})
	check(err)
	var killed atomic.Bool
	victim, members := make(chan int), make([]*topic.Subscription, workers)
	for w := range members {
		members[w], err = todo.Subscribe(func(ctx topic.Context, j Job) error {
			if j.N == fatal && !killed.Swap(true) {
				victim <- w
				<-ctx.Done() // killed with the job in hand
				return ctx.Err()
			}
			return done.Publish(ctx, Done{N: j.N, Worker: w})
		}, topic.Group("workers"))
		check(err)
	}
	for n := range jobs {
		check(todo.Publish(ctx, Job{N: n}))
	}

	dead := <-victim
	members[dead].Stop()
	fmt.Printf("a worker was killed in the middle of job %d\n", fatal)
	for _, m := range members {
		check(m.Drain(ctx)) // the job goes to one of the others
	}
	check(ledger.Drain(ctx))
	lost, twice := 0, 0
	for n := range jobs {
		if len(by[n]) == 0 {
			lost++
		} else if len(by[n]) > 1 {
			twice++
		}
	}
	fmt.Printf("%d jobs: %d lost, %d done twice\n", jobs, lost, twice)
	fmt.Printf("job %d was done by another worker: %t\n", fatal, len(by[fatal]) == 1 && by[fatal][0] != dead)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
