package transporttest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// often calls f with contexts that end soon, one at once, the next a little later, until f has returned n records in all.
func often(ctx context.Context, n int, f func(ctx context.Context) (int, error)) error {
	got := 0
	for i := 0; got < n; i++ {
		short, cancel := context.WithTimeout(ctx, time.Duration(i%8)*200*time.Microsecond)
		k, err := f(short)
		cancel()
		got += k
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%d of %d records came: %w", got, n, ctx.Err())
		case err != nil && !errors.Is(err, context.DeadlineExceeded):
			return err
		case err != nil && k > 0:
			return fmt.Errorf("a call returned %d records and the error %w", k, err)
		}
	}
	if got > n {
		return fmt.Errorf("%d records came, %d were appended", got, n)
	}
	return nil
}
