package actor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
)

// counter counts. One message at a time, so it needs no lock.
type counter struct{ n int }

func (c *counter) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case int:
		c.n += m
	case string:
		ctx.Respond(c.n)
	}
}

func Example() {
	ctx := context.Background()
	sys := actor.NewSystem()
	defer sys.Close(ctx)

	pid, err := sys.Spawn(func() actor.Actor { return &counter{} }, actor.Named("counter"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 5 {
		sys.Send(pid, i)
	}
	n, err := actor.Ask[int](ctx, sys, pid, "total")
	fmt.Println(pid.Id, n, err)
	// Output: counter 10 <nil>
}

func ExampleSystem_Spawn() {
	sys := actor.NewSystem(actor.WithLogger(slog.New(slog.DiscardHandler)))
	errBusy := errors.New("busy")
	tries := 0
	pid, _ := sys.Spawn(func() actor.Actor {
		return actor.Func(func(ctx actor.Context) {
			if m, ok := ctx.Message().(string); ok {
				if tries++; tries < 3 {
					panic(errBusy)
				}
				fmt.Println(m, "after", tries, "tries")
			}
		})
	}, actor.Mailbox(100, actor.DropOldest), actor.Supervise(supervisor.Policy{
		Retries:    5,
		MinBackoff: time.Millisecond,
		Decide: func(err error) supervisor.Directive {
			if errors.Is(err, errBusy) {
				return supervisor.Retry // keep the value
			}
			return 0
		},
	}))
	sys.Send(pid, "done")
	fmt.Println(sys.Close(context.Background()))
	// Output:
	// done after 3 tries
	// <nil>
}

func ExampleAsk() {
	ctx := context.Background()
	sys := actor.NewSystem()
	defer sys.Close(ctx)
	pid, _ := sys.Spawn(func() actor.Actor {
		return actor.Func(func(ctx actor.Context) {
			if name, ok := ctx.Message().(string); ok {
				ctx.Respond("hello, " + name)
			}
		})
	}, actor.Named("greeter"))

	fmt.Println(actor.Ask[string](ctx, sys, pid, "Marco"))
	_, err := actor.Ask[int](ctx, sys, pid, "Polo")
	fmt.Println(err)
	_ = sys.Stop(ctx, pid)
	_, err = actor.Ask[string](ctx, sys, pid, "anybody?")
	fmt.Println(errors.Is(err, actor.ErrDead))
	// Output:
	// hello, Marco <nil>
	// actor: ask "greeter": it answered with string, not with int
	// true
}

func ExampleSystem_OnDeadLetter() {
	sys := actor.NewSystem()
	cancel := sys.OnDeadLetter(func(d actor.DeadLetter) {
		fmt.Println(d.Message, "for", d.To.Id+":", d.Reason)
	})
	defer cancel()
	sys.Send(actor.NewPID(sys.Name(), "nobody"), "hello")
	_ = sys.Close(context.Background())
	// Output: hello for nobody: actor: no such actor
}

func ExampleNewProps() {
	sys := actor.NewSystem()
	worker := actor.NewProps(func() actor.Actor {
		return actor.Func(func(ctx actor.Context) {
			if n, ok := ctx.Message().(int); ok {
				ctx.Send(ctx.Parent(), fmt.Sprint(n*n))
			}
		})
	})
	boss, _ := sys.Spawn(func() actor.Actor {
		return actor.Func(func(ctx actor.Context) {
			switch m := ctx.Message().(type) {
			case int:
				ctx.Send(ctx.Spawn(worker), m)
			case string:
				fmt.Println(m)
			}
		})
	})
	sys.Send(boss, 7)
	_ = sys.Close(context.Background()) // the worker first, then what it sent to the boss
	// Output: 49
}

// registry is what a package that builds on System keeps once per system.
type registry struct{ topics []string }

func (*registry) Close(context.Context) error {
	fmt.Println("closed")
	return nil
}

func ExampleExtend() {
	type key struct{}
	sys := actor.NewSystem()
	make := func() *registry { return &registry{} }
	actor.Extend(sys, key{}, make).topics = []string{"worlds"}
	fmt.Println(actor.Extend(sys, key{}, make).topics)
	_ = sys.Close(context.Background())
	// Output:
	// [worlds]
	// closed
}

func ExampleSystem_Go() {
	sys := actor.NewSystem()
	sys.Go("ticker", func(ctx context.Context) {
		<-ctx.Done()
		fmt.Println("ends before Close returns")
	})
	_ = sys.Close(context.Background())
	// Output: ends before Close returns
}
