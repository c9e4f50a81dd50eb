package topic_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
	"github.com/azutoolkit/echo/transport/memory"
)

// A stamp says which message of which publisher this is.
type stamp struct{ Publisher, N int }

// ledger notes what Publish has said of each message.
type ledger struct {
	in  []stamp
	out map[stamp]error
}

// closeAmid closes the system while 100 goroutines publish, and returns what each of them was told.
func closeAmid(t *testing.T, sys *actor.System, publish func(ctx context.Context, l *ledger, publisher, n int) (more bool)) []*ledger {
	t.Helper()
	const publishers = 100
	ctx := within(t, 20*time.Second)
	ledgers := make([]*ledger, publishers)
	var ready, all sync.WaitGroup
	for p := range publishers {
		l := &ledger{out: map[stamp]error{}}
		ledgers[p] = l
		ready.Add(1)
		all.Go(func() {
			ready.Done()
			for n := 0; publish(ctx, l, p, n); n++ {
			}
		})
	}
	ready.Wait()
	for range 10 {
		runtime.Gosched()
	}
	if err := sys.Close(ctx); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	return ledgers
}

// balance holds that what was said to be in the log was delivered once and in each publisher's order, and nothing else was.
func balance(t *testing.T, ledgers []*ledger, got []stamp) {
	t.Helper()
	delivered := map[stamp]int{}
	last := map[int]int{}
	for _, s := range got {
		delivered[s]++
		if n, ok := last[s.Publisher]; ok && s.N <= n {
			t.Errorf("message %d of publisher %d came after message %d", s.N, s.Publisher, n)
		}
		last[s.Publisher] = s.N
	}
	published := 0
	for _, l := range ledgers {
		for _, s := range l.in {
			published++
			if n := delivered[s]; n != 1 {
				t.Errorf("message %d of publisher %d: published, and delivered %d times", s.N, s.Publisher, n)
			}
			delete(delivered, s)
		}
		for s, err := range l.out {
			if !errors.Is(err, topic.ErrClosed) {
				t.Errorf("message %d of publisher %d: %v, want ErrClosed", s.N, s.Publisher, err)
			}
		}
	}
	for s := range delivered {
		t.Errorf("message %d of publisher %d: delivered although Publish returned an error", s.N, s.Publisher)
	}
	if published == 0 {
		t.Log("nothing was published")
	}
}

func TestEachPublishIsDeliveredOrRefusedWhenClosing(t *testing.T) {
	for name, c := range map[string]struct {
		topic     []topic.Option
		subscribe []topic.SubscribeOption
		publish   []topic.PublishOption
	}{
		"plain":         {},
		"small buffer":  {subscribe: []topic.SubscribeOption{topic.Buffer(2)}},
		"one at a time": {subscribe: []topic.SubscribeOption{topic.Buffer(1)}},
		"group":         {subscribe: []topic.SubscribeOption{topic.Group("g"), topic.Buffer(50)}},
		"with key":      {publish: []topic.PublishOption{topic.Key("k")}},
		"with header":   {publish: []topic.PublishOption{topic.Header("a", "b")}},
	} {
		t.Run(name, func(t *testing.T) {
			for range 10 {
				sys := topictest.NewSystem(t)
				tp := mustOpen[stamp](t, sys, "stamps", c.topic...)
				rec := topictest.Record(t, tp, topictest.With(c.subscribe...))
				ledgers := closeAmid(t, sys, func(ctx context.Context, l *ledger, p, n int) bool {
					s := stamp{p, n}
					if err := tp.Publish(ctx, s, c.publish...); err != nil {
						l.out[s] = err
						return false
					}
					l.in = append(l.in, s)
					return true
				})
				balance(t, ledgers, rec.Messages())
			}
		})
	}
}

func TestEachPublishWithAnIDIsDeliveredOrRefusedWhenClosing(t *testing.T) {
	for range 10 {
		sys := topictest.NewSystem(t)
		tp := mustOpen[stamp](t, sys, "stamps")
		rec := topictest.Record(t, tp, topictest.With(topic.Buffer(5)))
		ledgers := closeAmid(t, sys, func(ctx context.Context, l *ledger, p, n int) bool {
			s := stamp{p, n}
			for range 2 { // the second is not appended
				if err := tp.Publish(ctx, s, topic.ID(fmt.Sprint(p, "-", n))); err != nil {
					if len(l.in) == 0 || l.in[len(l.in)-1] != s {
						l.out[s] = err
					}
					return false
				}
				if len(l.in) == 0 || l.in[len(l.in)-1] != s {
					l.in = append(l.in, s)
				}
			}
			return true
		})
		balance(t, ledgers, rec.Messages())
	}
}

func TestEachMessageOfABatchIsDeliveredOrRefusedWhenClosing(t *testing.T) {
	for range 10 {
		sys := topictest.NewSystem(t)
		tp := mustOpen[stamp](t, sys, "stamps")
		rec := topictest.Record(t, tp, topictest.With(topic.Buffer(20)))
		const size = 50 // larger than the buffer: it has to wait in the middle
		ledgers := closeAmid(t, sys, func(ctx context.Context, l *ledger, p, n int) bool {
			batch := make([]stamp, size)
			for i := range batch {
				batch[i] = stamp{p, n*size + i}
			}
			err := tp.PublishBatch(ctx, batch)
			in := size
			if err != nil {
				in = 0
				if part := (*topic.BatchError)(nil); errors.As(err, &part) {
					in = part.Published
				}
			}
			l.in = append(l.in, batch[:in]...)
			for _, s := range batch[in:] {
				l.out[s] = err
			}
			return err == nil
		})
		balance(t, ledgers, rec.Messages())
	}
}

// Through a transport Publish may not know: then the message may be there or not. What it knows is so.
func TestEachPublishThroughATransportIsInTheLogOrRefusedWhenClosing(t *testing.T) {
	for range 5 {
		hub := memory.New()
		sys, other := topictest.NewSystem(t), topictest.NewSystem(t)
		tp := mustOpen[stamp](t, sys, "stamps", topic.Via(hub.Link("a")))
		rec := topictest.Record(t, mustOpen[stamp](t, other, "stamps", topic.Via(hub.Link("b"))))
		ledgers := closeAmid(t, sys, func(ctx context.Context, l *ledger, p, n int) bool {
			s := stamp{p, n}
			err := tp.Publish(ctx, s)
			switch {
			case err == nil:
				l.in = append(l.in, s)
			case errors.Is(err, topic.ErrUnknown):
			default:
				l.out[s] = err
			}
			return err == nil
		})
		total := 0
		for _, l := range ledgers {
			total += len(l.in)
		}
		balance(t, ledgers, rec.Wait(total))
	}
}

// Send cannot report; but what is sent while the system closes is delivered or a dead letter.
func TestEachSendIsDeliveredOrADeadLetterWhenClosing(t *testing.T) {
	for range 10 {
		sys := topictest.NewSystem(t)
		topictest.AllowDeadLetters(sys)
		tp := mustOpen[stamp](t, sys, "stamps")
		rec := topictest.Record(t, tp)
		ledgers := closeAmid(t, sys, func(_ context.Context, l *ledger, p, n int) bool {
			if n > 0 && sys.Context().Err() != nil {
				return false
			}
			l.in = append(l.in, stamp{p, n})
			sys.Send(tp.PID(), stamp{p, n})
			return n < 2000
		})
		seen := map[stamp]int{}
		for _, s := range rec.Messages() {
			seen[s]++
		}
		for _, l := range topictest.DeadLetters(sys) {
			seen[l.Message().(stamp)]++
		}
		for _, l := range ledgers {
			for _, s := range l.in {
				if seen[s] != 1 {
					t.Errorf("message %d of publisher %d: %d times among delivered and dead letters", s.N, s.Publisher, seen[s])
				}
			}
		}
	}
}

func TestPublishAfterClose(t *testing.T) {
	sys := topictest.NewSystem(t)
	topictest.AllowDeadLetters(sys)
	tp := mustOpen[World](t, sys, "worlds")
	if err := sys.Close(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		err := tp.Publish(within(t, time.Second), World{})
		if !errors.Is(err, topic.ErrClosed) {
			t.Errorf("%v, want ErrClosed", err)
		}
		reads(t, err, `topic: publish "worlds": the system is closed`)
		sys.Send(tp.PID(), World{"sent"})
	}
	got := topictest.DeadLetters(sys)
	if len(got) != 3 {
		t.Fatalf("%d dead letters, want 3", len(got))
	}
	for _, l := range got {
		if r := l.Undelivered.Reason; !errors.Is(r, topic.ErrClosed) && !errors.Is(r, actor.ErrClosed) {
			t.Errorf("reason %v, want ErrClosed", r)
		}
	}
}
