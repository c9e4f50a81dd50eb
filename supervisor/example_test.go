package supervisor_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/azutoolkit/echo/supervisor"
)

func ExamplePolicy() {
	errInput := errors.New("bad input")
	p := supervisor.Policy{
		Retries:    2,
		MinBackoff: time.Second,
		Jitter:     -1, // none, so that the example prints the same every time
		Decide: func(err error) supervisor.Directive {
			if errors.Is(err, errInput) {
				return supervisor.DeadLetter
			}
			return 0
		},
	}
	for attempt := range 3 {
		err := errors.New("timeout")
		fmt.Println(p.Directive(err, attempt+1), p.Backoff(attempt+1))
	}
	fmt.Println(p.Directive(errInput, 1))
	// Output:
	// retry 1s
	// retry 2s
	// dead letter 4s
	// dead letter
}

func ExampleRecovered() {
	err := func() (err error) {
		defer func() { err = supervisor.Recovered(recover(), nil) }()
		panic("out of luck")
	}()
	fmt.Println(err)
	fmt.Println(supervisor.Policy{}.Directive(err, 1))
	// Output:
	// panic: out of luck
	// restart
}
