package actor_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/azutoolkit/echo/actor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newSystem makes a quiet system that is closed, with nothing left behind, when the test ends.
func newSystem(t testing.TB, opts ...actor.Option) *actor.System {
	t.Helper()
	opts = append([]actor.Option{actor.WithName("test"), actor.WithLogger(slog.New(slog.DiscardHandler))}, opts...)
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

// record is a list that many may write.
type record struct {
	mu    sync.Mutex
	lines []string
}

func (r *record) add(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, " ")
}

func (r *record) want(t *testing.T, want string) {
	t.Helper()
	if got := r.String(); got != want {
		t.Errorf("got:  %s\nwant: %s", got, want)
	}
}

// name is a short name of a message.
func name(m any) string {
	switch m := m.(type) {
	case *actor.Started, *actor.Stopping, *actor.Stopped, *actor.Restarting, *actor.ReceiveTimeout:
		return strings.TrimPrefix(fmt.Sprintf("%T", m), "*actor.")
	case *actor.Terminated:
		return "Terminated(" + m.Who.Id + ")"
	}
	return fmt.Sprint(m)
}

// deadLetters records the dead letters of s: message and reason.
func deadLetters(t *testing.T, s *actor.System) *record {
	r := &record{}
	t.Cleanup(s.OnDeadLetter(func(d actor.DeadLetter) { r.add("%v(%v)", d.Message, d.Reason) }))
	return r
}

// logs is a handler that keeps the messages of what is logged.
type logs struct {
	record
	level slog.Level
}

func (l *logs) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: l.level}))
}

func (l *logs) Write(p []byte) (int, error) {
	l.add("%s", p)
	return len(p), nil
}

func (l *logs) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(l.lines), func(s string) bool { return !strings.Contains(s, part) }))
}

// take returns what was recorded since the last call.
func (r *record) take() string {
	s := r.String()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = nil
	return s
}
