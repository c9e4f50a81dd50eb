package actor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"github.com/azutoolkit/echo/actor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newSystem makes a quiet system that is closed, without anything left, when the test ends.
func newSystem(t testing.TB, opts ...actor.Option) *actor.System {
	t.Helper()
	opts = append([]actor.Option{actor.WithName("test"), actor.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))}, opts...)
	s := actor.NewSystem(opts...)
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// spawn spawns f as an actor.
func spawn(t testing.TB, s *actor.System, f actor.Func, opts ...actor.SpawnOption) *actor.PID {
	t.Helper()
	pid, err := s.Spawn(func() actor.Actor { return f }, opts...)
	if err != nil {
		t.Fatalf("spawn: %v", err)
	}
	return pid
}

func TestAskReturnsTheAnswer(t *testing.T) {
	s := newSystem(t)
	pid := spawn(t, s, func(c actor.Context) {
		if n, ok := c.Message().(int); ok {
			c.Respond(fmt.Sprint(n))
		}
	})
	got, err := actor.Ask[string](t.Context(), s, pid, 7)
	if got != "7" || err != nil {
		t.Fatalf("ask: %q, %v", got, err)
	}
	_, err = actor.Ask[int](t.Context(), s, pid, 7)
	var wrong *actor.TypeError
	if !errors.As(err, &wrong) {
		t.Fatalf("ask for another type: %v", err)
	}
}
