package topictest

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/azutoolkit/echo/actor"
)

// logger passes warnings and errors on to the test, and remembers the errors.
func (g *guard) logger() *slog.Logger {
	out := &output{g: g}
	text := slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	return slog.New(&handler{Handler: text, out: out})
}

// AllowErrors says that logged errors are expected: lines that contain one of the texts, or all if there is none. It holds
// for the whole test, whenever it is called.
func AllowErrors(sys *actor.System, texts ...string) {
	g := guardOf(sys)
	if len(texts) == 0 {
		texts = []string{""}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.excused = append(g.excused, texts...)
}

// unexcused are the errors that nobody allowed.
func (g *guard) unexcused() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(g.errors), func(line string) bool {
		return slices.ContainsFunc(g.excused, func(text string) bool { return strings.Contains(line, text) })
	})
}

// A handler tells the output how grave the line is that comes next.
type handler struct {
	slog.Handler
	out *output
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	h.out.g.mu.Lock()
	defer h.out.g.mu.Unlock()
	h.out.grave = r.Level >= slog.LevelError
	return h.Handler.Handle(ctx, r)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.Handler.WithAttrs(attrs), h.out}
}

func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.Handler.WithGroup(name), h.out}
}

// output is where lines end: in the test's output, as long as there is a test.
type output struct {
	g     *guard
	grave bool // guarded by the guard's mutex
}

// Write gets one line; the caller holds the guard's mutex.
func (o *output) Write(line []byte) (int, error) {
	if o.grave {
		o.g.errors = append(o.g.errors, strings.TrimSpace(string(line)))
	}
	if o.g.over {
		return len(line), nil
	}
	return o.g.t.Output().Write(line)
}
