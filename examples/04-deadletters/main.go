// Command 04-deadletters shows what becomes of a message that a consumer cannot handle: it is tried again, it becomes
// a dead letter, somebody mends the fault, and the letter is delivered after all.
//
//	go run ./examples/04-deadletters
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

type Letter struct{ To string }

func main() {
	ctx := context.Background()
	// A dead letter is a warning in the log. This program prints its dead letters itself.
	sys := actor.NewSystem(actor.WithLogger(slog.New(slog.DiscardHandler)))
	defer sys.Close(ctx)

	mail, err := topic.Open[Letter](sys, "mail")
	check(err)

	var mended atomic.Bool
	delivered := make(chan string, 3)
	_, err = mail.Subscribe(func(ctx topic.Context, l Letter) error {
		if l.To == "Polo" && !mended.Load() {
			fmt.Printf("attempt %d: no street called %s\n", ctx.Attempt(), l.To)
			return errors.New("no such street")
		}
		fmt.Printf("delivered to %s\n", l.To)
		delivered <- l.To
		return nil
	}, topic.Name("postman"), topic.Supervise(supervisor.Policy{Retries: 2, MinBackoff: time.Millisecond}))
	check(err)

	dead, err := mail.DeadLetters() // a topic like any other
	check(err)
	letters := make(chan topic.DeadLetter)
	_, err = dead.Subscribe(func(_ topic.Context, d topic.DeadLetter) error {
		letters <- d
		return nil
	})
	check(err)

	for _, to := range []string{"Marco", "Polo", "Kublai"} {
		check(mail.Publish(ctx, Letter{To: to}))
	}
	<-delivered // Marco
	<-delivered // Kublai: the subscription goes on without the letter that failed
	d := <-letters
	fmt.Printf("dead letter: %v to %q failed %d times: %s\n", d.Message, d.Consumer, d.Attempts, d.Err)

	mended.Store(true)
	fmt.Println("the street is built")
	n, err := mail.Redrive(ctx, func(d topic.DeadLetter) bool { return d.Err == "no such street" })
	check(err)
	<-delivered // Polo
	fmt.Printf("redriven: %d\n", n)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
