package topic_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
)

// refuses holds that nil of the type M is refused however it comes, and that nothing of it is in the log.
func refuses[M any](t *testing.T, null M) {
	t.Run(fmt.Sprintf("%T", *new(func(M)))[len("func("):], func(t *testing.T) {
		sys := topictest.NewSystem(t)
		topictest.AllowDeadLetters(sys)
		tp := mustOpen[M](t, sys, "nils")
		ctx := within(t, 10*time.Second)
		err := tp.Publish(ctx, null)
		if !errors.Is(err, topic.ErrNil) {
			t.Errorf("Publish: %v, want ErrNil", err)
		}
		reads(t, err, `topic: publish "nils": nil is no message`)
		err = tp.PublishBatch(ctx, []M{null})
		if !errors.Is(err, topic.ErrNil) {
			t.Errorf("PublishBatch: %v, want ErrNil", err)
		}
		reads(t, err, "message 0 of the batch")
		if _, err := topic.Request[int](ctx, tp, null); !errors.Is(err, topic.ErrNil) && !errors.Is(err, topic.ErrNoResponder) {
			t.Errorf("Request: %v", err)
		}
		sys.Send(tp.PID(), null)
		sys.Send(tp.PID(), nil)
		if got := topictest.DeadLetters(sys); len(got) != 2 {
			t.Errorf("dead letters of two nils: %v", got)
		}
		if n := tp.Stats().Published; n != 0 {
			t.Errorf("%d messages are in the log", n)
		}
	})
}

func TestNilIsRefused(t *testing.T) {
	refuses[*World](t, nil)
	refuses[map[string]int](t, nil)
	refuses[chan int](t, nil)
	refuses[func()](t, nil)
	refuses[any](t, nil)
	refuses[error](t, nil)
	refuses[any](t, (*World)(nil))
	refuses[any](t, map[string]int(nil))
	refuses[fmt.Stringer](t, (*strings.Builder)(nil))
}

func TestNilInABatchPublishesNothing(t *testing.T) {
	tp := mustOpen[*World](t, topictest.NewSystem(t), "worlds")
	err := tp.PublishBatch(within(t, time.Second), []*World{{"a"}, nil, {"b"}})
	if !errors.Is(err, topic.ErrNil) {
		t.Errorf("%v, want ErrNil", err)
	}
	reads(t, err, "message 1 of the batch")
	if n := tp.Stats().Published; n != 0 {
		t.Errorf("%d messages are in the log", n)
	}
	if err := tp.PublishBatch(within(t, time.Second), nil); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
}

func TestNilContextIsAnError(t *testing.T) {
	tp := mustOpen[World](t, topictest.NewSystem(t), "worlds")
	var none context.Context
	sub := mustSubscribe(t, tp, func(topic.Context, World) error { return nil })
	_, requested := topic.Request[int](none, tp, World{})
	_, redriven := tp.Redrive(none, nil)
	for verb, err := range map[string]error{
		"publish": tp.Publish(none, World{}), "publish batch": tp.PublishBatch(none, []World{{}}), "request": requested,
		"redrive": redriven, "remove": tp.Remove(none), "drain": sub.Drain(none),
	} {
		t.Run(verb, func(t *testing.T) { reads(t, err, "context is nil: use context.Background()") })
	}
}

// delivers holds that a value arrives.
func delivers[M any](t *testing.T, m M) {
	t.Run(fmt.Sprintf("%T", m), func(t *testing.T) {
		sys := topictest.NewSystem(t)
		here := mustOpen[M](t, sys, "here")
		rec := topictest.Record(t, here)
		mustPublish(t, here, m)
		sys.Send(here.PID(), m)
		if got := rec.Wait(2); fmt.Sprint(got[0]) != fmt.Sprint(m) || fmt.Sprint(got[1]) != fmt.Sprint(m) {
			t.Errorf("got %#v, want %#v", got, m)
		}
		there := mustOpen[M](t, sys, "there", topic.Via(memory.New()))
		rec = topictest.Record(t, there)
		mustPublish(t, there, m)
		if got := rec.Wait(1); fmt.Sprint(got[0]) != fmt.Sprint(m) {
			t.Errorf("through a transport: got %#v, want %#v", got, m)
		}
	})
}

func TestZeroValuesAreMessages(t *testing.T) {
	delivers(t, 0)
	delivers(t, "")
	delivers(t, false)
	delivers(t, struct{}{})
	delivers(t, [0]int{})
	delivers(t, World{})
	delivers(t, &struct{}{})
	delivers(t, time.Time{})
	delivers(t, []int(nil))
	delivers(t, []byte{})
	delivers(t, map[string]int{})
}

const large = 100 << 20

func TestLargeValuesAreShared(t *testing.T) {
	tp := mustOpen[[]byte](t, topictest.NewSystem(t), "large")
	data := make([]byte, large)
	data[large-1] = 7
	a, b := topictest.Record(t, tp), topictest.Record(t, tp)
	mustPublish(t, tp, data)
	x, y := a.Wait(1)[0], b.Wait(1)[0]
	if len(x) != large || &x[large-1] != &data[large-1] || &y[0] != &data[0] {
		t.Error("the value was copied")
	}
	if n := tp.Stats().Retained; n != 0 {
		t.Errorf("a message above the retention of 64 MiB is retained (%d)", n)
	}
}

func TestLargeValuesAreRefusedByATransport(t *testing.T) {
	sys := topictest.NewSystem(t)
	tp := mustOpen[[]byte](t, sys, "large", topic.Via(memory.New()))
	rec := topictest.Record(t, tp)
	data := make([]byte, large)
	err := tp.Publish(within(t, 20*time.Second), data)
	if !errors.Is(err, transport.ErrTooLarge) {
		t.Errorf("%v, want ErrTooLarge", err)
	}
	reads(t, err, `topic: publish "large"`)
	topictest.AllowDeadLetters(sys, func(l topictest.Letter) bool {
		return l.Undelivered != nil && errors.Is(l.Undelivered.Reason, transport.ErrTooLarge)
	})
	sys.Send(tp.PID(), data)
	if got := topictest.DeadLetters(sys); len(got) != 1 {
		t.Errorf("dead letters: %d, want 1", len(got))
	}
	mustPublish(t, tp, []byte("small"))
	if got := rec.Wait(1); string(got[0]) != "small" {
		t.Errorf("got %d bytes", len(got[0]))
	}
}

func TestHugeHeadersKeysAndIDsArrive(t *testing.T) {
	huge := strings.Repeat("ÿ\x00/", 1<<20)
	sys := topictest.NewSystem(t)
	for name, opts := range map[string][]topic.Option{"here": nil, "there": {topic.Via(memory.New())}} {
		t.Run(name, func(t *testing.T) {
			tp := mustOpen[World](t, sys, name, opts...)
			rec := topictest.Record(t, tp, topictest.With(topic.Parallel(2)))
			publication := []topic.PublishOption{topic.Key(huge), topic.ID(huge), topic.Header(huge, huge), topic.Header("", ""), {}}
			for range 300 {
				publication = append(publication, topic.Header(fmt.Sprint(len(publication)), huge[:1000]))
			}
			for range 2 {
				if err := tp.Publish(within(t, 10*time.Second), World{"w"}, publication...); err != nil {
					t.Fatal(err)
				}
			}
			mustPublish(t, tp, World{"end"})
			rec.Wait(2)
			for _, e := range rec.Entries() {
				if e.Message.Name == "w" && (e.Key != huge || e.ID != huge || e.Headers[huge] != huge || len(e.Headers) != 302) {
					t.Errorf("key %d bytes, ID %d bytes, %d headers", len(e.Key), len(e.ID), len(e.Headers))
				}
			}
			if n := len(rec.Messages()); n != 2 {
				t.Errorf("%d messages, want 2: the second has the ID of the first", n)
			}
		})
	}
}

func TestIDOfABatchIsRefused(t *testing.T) {
	tp := mustOpen[World](t, topictest.NewSystem(t), "worlds")
	reads(t, tp.PublishBatch(within(t, time.Second), []World{{"a"}, {"b"}}, topic.ID("x")), "an ID does not fit a batch: publish its messages one by one")
}

func TestWrongTypeToThePIDIsADeadLetter(t *testing.T) {
	sys := topictest.NewSystem(t)
	topictest.AllowDeadLetters(sys)
	tp := mustOpen[World](t, sys, "worlds")
	sys.Send(tp.PID(), &World{"a pointer"})
	sys.Send(tp.PID(), actor.Started{})
	got := topictest.DeadLetters(sys)
	if len(got) != 2 {
		t.Fatalf("dead letters: %v", got)
	}
	var wrong *topic.TypeError
	if !errors.As(got[0].Undelivered.Reason, &wrong) || wrong.Topic != "worlds" {
		t.Errorf("reason %v", got[0].Undelivered.Reason)
	}
	reads(t, got[0].Undelivered.Reason, "the topic carries topic_test.World, not *topic_test.World")
}

func TestRequestWithARepeatedIDIsAnErrorAtOnce(t *testing.T) {
	tp := mustOpen[int](t, topictest.NewSystem(t), "numbers")
	if _, err := topic.Respond(tp, func(_ topic.Context, n int) (int, error) { return 2 * n, nil }); err != nil {
		t.Fatal(err)
	}
	ctx := within(t, 10*time.Second)
	if n, err := topic.Request[int](ctx, tp, 21, topic.ID("x")); n != 42 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	_, err := topic.Request[int](ctx, tp, 21, topic.ID("x"))
	reads(t, err, "a request with this ID was published before, and is answered once: use another ID")
}
