package topic_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newSystem is a silent system that is closed with the test, without anything left over.
func newSystem(t testing.TB) *actor.System {
	t.Helper()
	sys := actor.NewSystem(actor.WithLogger(slog.New(slog.DiscardHandler)))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := sys.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return sys
}

// bubble runs a test in time of its own.
func bubble(t *testing.T, f func(t *testing.T, sys *actor.System)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newSystem(t)) })
}

// pass lets time pass, in bubbles, until all is quiet.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func open[M any](t testing.TB, sys *actor.System, name string, opts ...topic.Option) *topic.Topic[M] {
	t.Helper()
	tp, err := topic.Open[M](sys, name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return tp
}

func match[M any](t testing.TB, sys *actor.System, pattern string) *topic.Pattern[M] {
	t.Helper()
	p, err := topic.Match[M](sys, pattern)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func publish[M any](t testing.TB, tp *topic.Topic[M], ms ...M) {
	t.Helper()
	for _, m := range ms {
		if err := tp.Publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
}

// upTo are the numbers from 1 to n.
func upTo(n int) []int { return span(1, n) }

func span(from, to int) (all []int) {
	for i := from; i <= to; i++ {
		all = append(all, i)
	}
	return all
}

type source[M any] interface {
	Subscribe(fn func(topic.Context, M) error, opts ...topic.SubscribeOption) (*topic.Subscription, error)
}

func subscribe[M any](t testing.TB, src source[M], fn func(topic.Context, M) error, opts ...topic.SubscribeOption) *topic.Subscription {
	t.Helper()
	sub, err := src.Subscribe(fn, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// A record is what a consumer has seen. It may be shared by several.
type record[M any] struct {
	mu   sync.Mutex
	seen []M
	more chan struct{}
}

func newRecord[M any]() *record[M] { return &record[M]{more: make(chan struct{}, 1)} }

func (r *record[M]) add(m M) {
	r.mu.Lock()
	r.seen = append(r.seen, m)
	r.mu.Unlock()
	select {
	case r.more <- struct{}{}:
	default:
	}
}

func (r *record[M]) on(_ topic.Context, m M) error {
	r.add(m)
	return nil
}

func (r *record[M]) all() []M {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// wait waits, outside of bubbles, until n have been seen.
func (r *record[M]) wait(t testing.TB, n int) []M {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		if all := r.all(); len(all) >= n {
			return all
		}
		select {
		case <-r.more:
		case <-late:
			t.Fatalf("saw %d of %d", len(r.all()), n)
		}
	}
}

func (r *record[M]) is(t testing.TB, want ...M) {
	t.Helper()
	equal(t, r.all(), want)
}

func equal[M any](t testing.TB, got, want []M) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b M) bool { return any(a) == any(b) }) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// wait waits, outside of bubbles, for the end of something.
func wait(t testing.TB, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s does not come", what)
	}
}

// ended reports whether done is closed now.
func ended(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// noRetries gives a message up at its first failure.
var noRetries = topic.Supervise(supervisor.Policy{Retries: -1})
