package topictest

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/azutoolkit/echo/topic"
)

// Recorder is a consumer that keeps what it handles.
type Recorder[M any] struct {
	t      testing.TB
	sub    *topic.Subscription
	within time.Duration
	handle func(topic.Context, M) error

	mu      sync.Mutex
	entries []Entry[M]    // guarded by mu
	changed chan struct{} // guarded by mu: closed with the next entry
}

// Entry is a message and what its context said.
type Entry[M any] struct {
	Message    M
	Topic      string
	ID, Key    string
	Headers    map[string]string
	Time       time.Time
	Position   topic.Position
	Attempt    int    // the one that succeeded
	Skipped    uint64 // messages left out before this one
	Subscriber string // the consumer's name; tells the consumers of Parallel apart
}

// Record subscribes a recorder to a topic or a pattern. If that is not possible the test fails at once.
func Record[M any](t testing.TB, src topic.Source[M], opts ...Option) *Recorder[M] {
	t.Helper()
	r := &Recorder[M]{t: t, changed: make(chan struct{})}
	var set settings
	for _, o := range opts {
		if o != nil {
			o.apply(&set)
		}
	}
	r.within = set.within
	r.handle = Failing(func(ctx topic.Context, m M) error {
		r.keep(ctx, m)
		return nil
	}, set.faults...)
	var err error
	if r.sub, err = topic.Spawn(src, func() recording[M] { return recording[M]{r} }, set.subscribe...); err != nil {
		t.Fatalf("topictest: record: %v", err)
	}
	return r
}

// recording is the consumer value of a recorder, of which a panic makes another.
type recording[M any] struct{ r *Recorder[M] }

func (c recording[M]) On(ctx topic.Context, m M) error { return c.r.handle(ctx, m) }

func (r *Recorder[M]) keep(ctx topic.Context, m M) {
	e := Entry[M]{Message: m, Topic: ctx.Topic(), ID: ctx.ID(), Key: ctx.Key(), Headers: maps.Clone(ctx.Headers()), Time: ctx.Time(),
		Position: ctx.Position(), Attempt: ctx.Attempt(), Skipped: ctx.Skipped(), Subscriber: ctx.Self().GetId()}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, e)
	close(r.changed)
	r.changed = make(chan struct{})
}

// Subscription is the recorder's subscription, to be stopped, paused and looked at.
func (r *Recorder[M]) Subscription() *topic.Subscription { return r.sub }

// Messages returns what was recorded so far.
func (r *Recorder[M]) Messages() []M {
	messages, _ := r.look()
	return messages
}

// Entries returns what was recorded so far, with metadata.
func (r *Recorder[M]) Entries() []Entry[M] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.entries)
}

func (r *Recorder[M]) look() ([]M, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	messages := make([]M, len(r.entries))
	for i, e := range r.entries {
		messages[i] = e.Message
	}
	return messages, r.changed
}

// Wait waits until n messages are recorded and returns them, and what else has come. If they do not come in time, see
// [Within], or the subscription ends before, the test fails at once, with what was seen.
func (r *Recorder[M]) Wait(n int) []M {
	r.t.Helper()
	return r.await(fmt.Sprintf("%d messages", n), func(all []M) bool { return len(all) >= n })
}

// WaitFor waits until enough is true for what was recorded so far, and returns that. It is asked by the test's goroutine, after
// every message. It fails the test as Wait does.
func (r *Recorder[M]) WaitFor(enough func(all []M) bool) []M {
	r.t.Helper()
	return r.await("the condition", enough)
}
