package topic_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// The tests in the files stranger_…_test.go do what nobody should do, and hold that the outcome is clear.

// mustOpen opens a topic or ends the test.
func mustOpen[M any](t testing.TB, sys *actor.System, name string, opts ...topic.Option) *topic.Topic[M] {
	t.Helper()
	tp, err := topic.Open[M](sys, name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return tp
}

// mustPublish publishes within ten seconds or ends the test.
func mustPublish[M any](t testing.TB, tp *topic.Topic[M], ms ...M) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, m := range ms {
		if err := tp.Publish(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
}

// mustSubscribe subscribes or ends the test.
func mustSubscribe[M any](t testing.TB, src interface {
	Subscribe(func(topic.Context, M) error, ...topic.SubscribeOption) (*topic.Subscription, error)
}, fn func(topic.Context, M) error, opts ...topic.SubscribeOption) *topic.Subscription {
	t.Helper()
	sub, err := src.Subscribe(fn, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// await waits for ch to be closed, or to give a value, for ten seconds.
func await[T any](t testing.TB, what string, ch <-chan T) (v T) {
	t.Helper()
	late := time.NewTimer(10 * time.Second)
	defer late.Stop()
	select {
	case v = <-ch:
	case <-late.C:
		t.Fatalf("%s: not within 10 s", what)
	}
	return v
}

// reads fails the test unless err is there and its text has all the parts.
func reads(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one that has %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

// within is a context that ends after d.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
