package topic_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

// A greeting is what the examples say.
type greeting struct{ Name string }

// Open a topic, subscribe to it, publish. Close delivers what was published.
func Example() {
	ctx := context.Background()
	sys := actor.NewSystem()
	greetings, err := topic.Open[greeting](sys, "greetings")
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := greetings.Subscribe(func(ctx topic.Context, g greeting) error {
		fmt.Println("hello,", g.Name)
		return nil
	}); err != nil {
		fmt.Println(err)
	}
	if err := greetings.Publish(ctx, greeting{"Marco"}); err != nil {
		fmt.Println(err)
	}
	sys.Send(greetings.PID(), greeting{"Polo"}) // the same, fire and forget
	if err := sys.Close(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// hello, Marco
	// hello, Polo
}

func ExampleOpen() {
	sys := actor.NewSystem()
	defer sys.Close(context.Background())
	_, err := topic.Open[int](sys, "orders.eu")
	fmt.Println(err)
	_, err = topic.Open[string](sys, "orders.eu")
	fmt.Println(err)
	// Output:
	// <nil>
	// topic: open "orders.eu": the topic carries int, not string: use one type for a name
}

func ExampleTopic_Publish() {
	ctx := context.Background()
	sys := actor.NewSystem()
	orders, _ := topic.Open[string](sys, "orders")
	orders.Subscribe(func(ctx topic.Context, order string) error {
		fmt.Println(ctx.ID(), ctx.Key(), ctx.Headers()["from"], order)
		return nil
	})
	for range 2 { // the second one has the ID of the first: it is not appended
		err := orders.Publish(ctx, "tea", topic.ID("order-1"), topic.Key("customer-7"), topic.Header("from", "web"))
		fmt.Println(err)
	}
	sys.Close(ctx)
	// Unordered output:
	// <nil>
	// <nil>
	// order-1 customer-7 web tea
}

func ExampleTopic_PublishBatch() {
	ctx := context.Background()
	sys := actor.NewSystem()
	orders, _ := topic.Open[string](sys, "orders")
	orders.Subscribe(func(ctx topic.Context, order string) error {
		fmt.Println(order)
		return nil
	})
	orders.PublishBatch(ctx, []string{"tea", "milk", "sugar"})
	sys.Close(ctx)
	// Output:
	// tea
	// milk
	// sugar
}

// counter is a consumer with a state of its own. It needs no lock.
type counter struct{ n int }

func (c *counter) On(ctx topic.Context, g greeting) error { c.n++; return nil }
func (c *counter) Stop(ctx topic.Context) error           { fmt.Println(c.n, "greetings"); return nil }

func ExampleSpawn() {
	ctx := context.Background()
	sys := actor.NewSystem()
	greetings, _ := topic.Open[greeting](sys, "greetings")
	topic.Spawn(greetings, func() *counter { return &counter{} }, topic.Supervise(supervisor.Policy{Retries: 5}))
	for range 3 {
		greetings.Publish(ctx, greeting{"Marco"})
	}
	sys.Close(ctx)
	// Output:
	// 3 greetings
}

// till adds up what comes in and goes out.
type till struct{ cents int }

func (t *till) Sale(ctx topic.Context, cents int) error { t.cents += cents; return nil }

func (t *till) Refund(ctx topic.Context, why string) error {
	t.cents -= 100
	fmt.Println("refund:", why)
	return nil
}

func (t *till) Stop(ctx topic.Context) error { fmt.Println(t.cents, "cents"); return nil }

// One consumer of two topics handles one message at a time.
func ExampleSpawnOn() {
	ctx := context.Background()
	sys := actor.NewSystem()
	sales, _ := topic.Open[int](sys, "sales")
	refunds, _ := topic.Open[string](sys, "refunds")
	topic.SpawnOn(sys, func() *till { return &till{} },
		topic.With(sales, (*till).Sale),
		topic.With(refunds, (*till).Refund))
	sales.Publish(ctx, 250)
	sales.Publish(ctx, 120)
	refunds.Publish(ctx, "broken cup")
	sys.Close(ctx)
	// Output:
	// refund: broken cup
	// 270 cents
}

// Members of a group share the work; the auditor sees all of it.
func ExampleGroup() {
	ctx := context.Background()
	sys := actor.NewSystem()
	jobs, _ := topic.Open[string](sys, "jobs")
	done := make(chan string, 10)
	for range 3 {
		jobs.Subscribe(func(ctx topic.Context, job string) error {
			done <- job
			return nil
		}, topic.Group("workers"))
	}
	jobs.Subscribe(func(ctx topic.Context, job string) error {
		done <- job
		return nil
	}, topic.Name("auditor"))
	jobs.PublishBatch(ctx, []string{"wash", "dry"})
	sys.Close(ctx)
	fmt.Println(len(done), "messages: each to one worker, and to the auditor")
	// Output:
	// 4 messages: each to one worker, and to the auditor
}

// Messages of one key stay in order, whatever the number of consumers.
func ExampleParallel() {
	ctx := context.Background()
	sys := actor.NewSystem()
	accounts, _ := topic.Open[int](sys, "accounts")
	balance := 100
	accounts.Subscribe(func(ctx topic.Context, percent int) error {
		balance += balance * percent / 100 // one key: one at a time, in order
		return nil
	}, topic.Parallel(4))
	for _, percent := range []int{50, -50, 100} {
		accounts.Publish(ctx, percent, topic.Key("Ann"))
	}
	sys.Close(ctx)
	fmt.Println(balance)
	// Output:
	// 150
}

func ExampleMatch() {
	ctx := context.Background()
	sys := actor.NewSystem()
	all, _ := topic.Match[string](sys, "sensors.*.alarm")
	all.Subscribe(func(ctx topic.Context, what string) error {
		fmt.Println(ctx.Topic(), what)
		return nil
	})
	kitchen, _ := topic.Open[string](sys, "sensors.kitchen.alarm") // later than the subscription
	kitchen.Publish(ctx, "smoke")
	other, _ := topic.Open[string](sys, "sensors.kitchen.status")
	other.Publish(ctx, "fine")
	sys.Close(ctx)
	// Output:
	// sensors.kitchen.alarm smoke
}

func ExampleRequest() {
	ctx := context.Background()
	sys := actor.NewSystem()
	defer sys.Close(ctx)
	squares, _ := topic.Open[int](sys, "squares")
	_, err := topic.Request[int](ctx, squares, 7)
	fmt.Println(err)
	topic.Respond(squares, func(ctx topic.Context, n int) (int, error) { return n * n, nil })
	answer, err := topic.Request[int](ctx, squares, 7)
	fmt.Println(answer, err)
	// Output:
	// topic: request "squares": nobody responds: call Respond first
	// 49 <nil>
}

func ExampleRespond() {
	ctx := context.Background()
	sys := actor.NewSystem()
	defer sys.Close(ctx)
	roots, _ := topic.Open[int](sys, "roots")
	topic.Respond(roots, func(ctx topic.Context, n int) (int, error) {
		for i := range n + 1 {
			if i*i == n {
				return i, nil
			}
		}
		return 0, errors.New("no whole number")
	})
	fmt.Println(topic.Request[int](ctx, roots, 49))
	fmt.Println(topic.Request[int](ctx, roots, 50))
	// Output:
	// 7 <nil>
	// 0 topic: request "roots": no whole number
}

// A message that failed for good can be looked at, and given to its consumer again.
func ExampleTopic_Redrive() {
	ctx := context.Background()
	sys := actor.NewSystem()
	orders, _ := topic.Open[string](sys, "orders")
	letters, _ := orders.DeadLetters()
	dead := make(chan topic.DeadLetter, 1)
	letters.Subscribe(func(ctx topic.Context, d topic.DeadLetter) error {
		dead <- d
		return nil
	})
	open := make(chan struct{})
	orders.Subscribe(func(ctx topic.Context, order string) error {
		select {
		case <-open:
			fmt.Println("sold:", order)
			return nil
		default:
			return topic.Reject(errors.New("the shop is closed"))
		}
	}, topic.Name("shop"))
	orders.Publish(ctx, "tea")
	d := <-dead
	fmt.Println(d.Consumer, "did not take", d.Message, "because", d.Err)
	close(open)
	n, err := orders.Redrive(ctx, nil)
	fmt.Println(n, err)
	sys.Close(ctx)
	// Unordered output:
	// shop did not take tea because the shop is closed
	// 1 <nil>
	// sold: tea
}

func ExampleTopic_SubscribeBatch() {
	ctx := context.Background()
	sys := actor.NewSystem()
	rows, _ := topic.Open[int](sys, "rows", topic.Retain(topic.Retention{Count: 100}))
	rows.PublishBatch(ctx, []int{1, 2, 3, 4, 5})
	rows.SubscribeBatch(3, time.Second, func(ctx topic.Context, batch []int) error {
		fmt.Println("insert", batch)
		return nil
	}, topic.From(topic.Earliest))
	sys.Close(ctx) // does not wait for the last batch to fill
	// Output:
	// insert [1 2 3]
	// insert [4 5]
}

// Of a price that changes while the display is busy it gets the newest only, for each key.
func ExampleOverflow() {
	ctx := context.Background()
	sys := actor.NewSystem()
	prices, _ := topic.Open[int](sys, "prices")
	display, _ := prices.Subscribe(func(ctx topic.Context, price int) error {
		fmt.Println(ctx.Key(), price, "skipped", ctx.Skipped())
		return nil
	}, topic.Overflow(topic.Latest))
	display.Pause()
	for price := range 5 {
		prices.Publish(ctx, price, topic.Key("tea"))
	}
	prices.Publish(ctx, 90, topic.Key("milk"))
	display.Drain(ctx)
	sys.Close(ctx)
	// Output:
	// tea 4 skipped 4
	// milk 90 skipped 0
}

func ExampleRetain() {
	ctx := context.Background()
	sys := actor.NewSystem()
	news, _ := topic.Open[string](sys, "news", topic.Retain(topic.Retention{Count: 2, Age: time.Hour}))
	news.PublishBatch(ctx, []string{"old", "newer", "newest"})
	news.Subscribe(func(ctx topic.Context, item string) error {
		fmt.Println(item)
		return nil
	}, topic.From(topic.Earliest))
	sys.Close(ctx)
	// Output:
	// newer
	// newest
}

func ExampleSubscription_Drain() {
	ctx := context.Background()
	sys := actor.NewSystem()
	defer sys.Close(ctx)
	jobs, _ := topic.Open[int](sys, "jobs")
	sum := 0
	sub, _ := jobs.Subscribe(func(ctx topic.Context, n int) error {
		sum += n
		return nil
	})
	jobs.PublishBatch(ctx, []int{1, 2, 3})
	err := sub.Drain(ctx) // handles what is in the log, then ends
	fmt.Println(sum, err)
	// Output:
	// 6 <nil>
}
