package topic_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
)

// nodes runs a test with two systems, each with a link of its own to one store, in time of its own.
func nodes(t *testing.T, f func(t *testing.T, a, b node)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		hub := memory.New()
		a, b := node{newSystem(t), hub.Link("a"), hub}, node{newSystem(t), hub.Link("b"), hub}
		f(t, a, b)
	})
}

type node struct {
	sys  *actor.System
	link *memory.Link
	hub  *memory.Hub
}

func via[M any](t testing.TB, n node, name string, opts ...topic.Option) *topic.Topic[M] {
	t.Helper()
	return open[M](t, n.sys, name, append(opts, topic.Via(n.link))...)
}

// Both systems see the messages of both, in one order.
func TestViaTwoSystemsShareATopicInOneOrder(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		here, there := via[int](t, a, "n"), via[int](t, b, "n")
		seenHere, seenThere := newRecord[int](), newRecord[int]()
		subscribe(t, here, seenHere.on)
		subscribe(t, there, seenThere.on)
		for i := range 100 {
			publish(t, here, 2*i)
			publish(t, there, 2*i+1)
		}
		synctest.Wait()
		seenHere.is(t, span(0, 199)...)
		seenThere.is(t, span(0, 199)...)
	})
}

// A message crosses with its metadata, as a copy.
func TestViaCarriesMetadataAndCopies(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		here, there := via[*[]string](t, a, "n"), via[*[]string](t, b, "n")
		want := &[]string{"x"}
		calls := 0
		subscribe(t, there, func(ctx topic.Context, got *[]string) error {
			calls++
			if got == want || !slices.Equal(*got, *want) {
				t.Errorf("got %v, the very same: %v", *got, got == want)
			}
			if ctx.ID() != "id" || ctx.Key() != "key" || ctx.Headers()["h"] != "v" || ctx.Topic() != "n" || ctx.Position().Epoch == "" || time.Since(ctx.Time()) > time.Second {
				t.Error(ctx.ID(), ctx.Key(), ctx.Headers(), ctx.Topic(), ctx.Position(), ctx.Time())
			}
			return nil
		})
		if err := here.Publish(t.Context(), want, topic.ID("id"), topic.Key("key"), topic.Header("h", "v")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if calls != 1 {
			t.Fatal(calls)
		}
	})
}

// A replay joins the live flow without gap or repeat, wherever in the flow it begins.
func TestViaReplayJoinsTheLiveFlow(t *testing.T) {
	for _, before := range []int{0, 1, 50, 5000} {
		for _, retained := range []bool{true, false} {
			t.Run(fmt.Sprint(before, retained), func(t *testing.T) {
				nodes(t, func(t *testing.T, a, b node) {
					here := via[int](t, a, "n")
					for i := range before {
						publish(t, here, i)
					}
					var early *topic.Topic[int]
					if retained { // the node has seen some of it already
						early = via[int](t, b, "n")
					}
					done := make(chan struct{})
					go func() {
						defer close(done)
						for i := range 500 {
							publish(t, here, before+i)
							if i%50 == 0 {
								<-time.After(time.Millisecond)
							}
						}
					}()
					<-time.After(3 * time.Millisecond)
					there := early
					if there == nil {
						there = via[int](t, b, "n")
					}
					got := newRecord[int]()
					sub := subscribe(t, there, got.on, topic.From(topic.Earliest), topic.Buffer(64))
					<-done
					pass(time.Second)
					if all := got.all(); !slices.Equal(all, span(0, before+499)) {
						t.Errorf("%d messages, not 0 to %d in order", len(all), before+499)
					}
					if err := sub.Drain(t.Context()); err != nil {
						t.Fatal(err)
					}
				})
			})
		}
	}
}

func TestViaStartsAtAPositionAndSinceATime(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		here, there := via[int](t, a, "n"), via[int](t, b, "n")
		var fifth topic.Position
		subscribe(t, here, func(ctx topic.Context, n int) error {
			if n == 5 {
				fifth = ctx.Position()
			}
			return nil
		})
		publish(t, here, upTo(7)...)
		pass(time.Second)
		now := time.Now()
		publish(t, here, 8, 9)
		synctest.Wait()
		after, since := newRecord[int](), newRecord[int]()
		subscribe(t, there, after.on, topic.From(topic.At(fifth)))
		subscribe(t, there, since.on, topic.From(topic.Since(now)))
		pass(time.Second)
		publish(t, here, 10)
		synctest.Wait()
		after.is(t, span(6, 10)...)
		since.is(t, 8, 9, 10)
	})
}

// A link that is cut is tried again; nothing is lost and nothing comes twice.
func TestViaResumesAfterALostLink(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		here, there := via[int](t, a, "n"), via[int](t, b, "n")
		got := newRecord[int]()
		subscribe(t, there, got.on)
		publish(t, here, 1, 2)
		synctest.Wait()
		b.link.Cut()
		publish(t, here, 3, 4)
		pass(10 * time.Second)
		got.is(t, 1, 2)
		if link := there.Stats().Link; link != "down" {
			t.Errorf("link is %q", link)
		}
		if err := there.Publish(t.Context(), 99); !errors.Is(err, transport.ErrLinkDown) {
			t.Errorf("publish on a cut link: %v", err)
		}
		b.link.Heal()
		pass(2 * time.Second)
		publish(t, there, 5)
		synctest.Wait()
		got.is(t, 1, 2, 3, 4, 5)
		if s := there.Stats(); s.Link != "up" || s.Lost != 0 {
			t.Errorf("link is %q, %d lost", s.Link, s.Lost)
		}
	})
}

// What a store forgets is reported: to the statistics and to the consumer.
func TestViaGapIsReported(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		here := via[int](t, a, "n", topic.Retain(topic.Retention{Count: 10}))
		there := via[int](t, b, "n")
		got := newRecord[int]()
		var skipped uint64
		subscribe(t, there, func(ctx topic.Context, n int) error {
			skipped += ctx.Skipped()
			return got.on(ctx, n)
		})
		publish(t, here, 1)
		synctest.Wait()
		b.link.Cut()
		publish(t, here, span(2, 31)...)
		b.link.Heal()
		pass(2 * time.Second)
		got.is(t, append([]int{1}, span(22, 31)...)...)
		if lost := there.Stats().Lost; lost != 20 || skipped != 20 {
			t.Errorf("%d lost, %d skipped, want 20", lost, skipped)
		}
	})
}

// An unknown outcome is told apart, and repeating the publication with its ID makes exactly one copy.
func TestViaUnknownOutcomeIsRepeatedWithoutACopy(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		here, there := via[int](t, a, "n"), via[int](t, b, "n")
		got := newRecord[int]()
		subscribe(t, there, got.on)
		a.link.LoseReplies(1)
		err := here.Publish(t.Context(), 1, topic.ID("one"))
		if !errors.Is(err, topic.ErrUnknown) {
			t.Fatal(err)
		}
		if err := here.Publish(t.Context(), 1, topic.ID("one")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got.is(t, 1)
	})
}

// A group spans the systems: each message goes to one member, and what a node that dies has not finished goes to others.
func TestViaGroupSpansSystems(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		here, there := via[int](t, a, "n"), via[int](t, b, "n")
		all, left, right := newRecord[int](), newRecord[int](), newRecord[int]()
		subscribe(t, here, all.on)
		work := func(r *record[int]) func(topic.Context, int) error {
			return func(ctx topic.Context, n int) error {
				<-time.After(time.Millisecond)
				return r.on(ctx, n)
			}
		}
		subscribe(t, here, work(left), topic.Group("g"))
		subscribe(t, there, work(right), topic.Group("g"), topic.Parallel(2))
		publish(t, here, upTo(600)...)
		pass(time.Minute)
		l, r := left.all(), right.all()
		if len(l) == 0 || len(r) == 0 {
			t.Errorf("%d here, %d there", len(l), len(r))
		}
		both := append(l, r...)
		slices.Sort(both)
		if !slices.Equal(both, upTo(600)) {
			t.Errorf("%d messages, not each once", len(both))
		}
		all.is(t, upTo(600)...)
	})
}

func TestViaDeadNodesMessagesGoToOthers(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		here, there := via[int](t, a, "n"), via[int](t, b, "n")
		got := newRecord[int]()
		stuck := make(chan struct{})
		defer close(stuck)
		subscribe(t, there, func(ctx topic.Context, n int) error {
			<-stuck
			return ctx.Err()
		}, topic.Group("g"))
		publish(t, here, upTo(10)...)
		synctest.Wait()
		b.link.Kill()
		subscribe(t, here, got.on, topic.Group("g"))
		pass(transport.DefaultIdle + time.Minute)
		seen := got.all()
		slices.Sort(seen)
		if !slices.Equal(seen, upTo(10)) {
			t.Error(seen)
		}
	})
}

// Closing a system finishes what it has taken, acknowledges it, and gives nothing back that is done.
func TestViaCloseAcknowledges(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		here, there := via[int](t, a, "n"), via[int](t, b, "n")
		got := newRecord[int]()
		subscribe(t, there, got.on, topic.Group("g"))
		publish(t, here, upTo(100)...)
		synctest.Wait()
		if err := b.sys.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := newRecord[int]()
		subscribe(t, here, again.on, topic.Group("g"))
		publish(t, here, 101)
		pass(time.Hour)
		got.is(t, upTo(100)...)
		again.is(t, 101)
	})
}

// A record that does not decode becomes a dead letter with its bytes, once; its neighbours are delivered.
func TestViaRecordThatDoesNotDecodeIsADeadLetter(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		there := via[int](t, b, "n")
		got, letters := newRecord[int](), newRecord[topic.DeadLetter]()
		subscribe(t, there, got.on, topic.Name("reader"))
		dead, err := there.DeadLetters()
		if err != nil {
			t.Fatal(err)
		}
		subscribe(t, dead, letters.on)
		log, err := a.link.Open(t.Context(), "n", transport.Config{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = log.Append(t.Context(), []transport.Record{{Data: []byte("1")}, {Data: []byte("{broken"), Key: "k"}, {Data: []byte("3")}})
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		got.is(t, 1, 3)
		all := letters.all()
		if len(all) != 1 || string(all[0].Payload) != "{broken" || all[0].Attempts != 1 || all[0].Consumer != "reader" || all[0].Key != "k" || !strings.Contains(all[0].Err, "JSON") {
			t.Errorf("%+v", all)
		}
	})
}

// The dead letters of a topic in a transport are in the transport, for all nodes.
func TestViaDeadLettersAreShared(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		here, there := via[string](t, a, "n"), via[string](t, b, "n")
		subscribe(t, there, func(topic.Context, string) error { return topic.Reject(errors.New("no")) }, topic.Name("fussy"))
		dead, err := here.DeadLetters()
		if err != nil {
			t.Fatal(err)
		}
		letters := newRecord[topic.DeadLetter]()
		subscribe(t, dead, letters.on)
		publish(t, here, "x")
		pass(time.Second)
		all := letters.all()
		if len(all) != 1 || string(all[0].Payload) != "x" || all[0].Err != "no" || all[0].Consumer != "fussy" {
			t.Errorf("%+v", all)
		}
	})
}

// A slow consumer under Block holds its own node's reader, not the publishers, and flat memory.
func TestViaSlowConsumerHoldsItsNodeOnly(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		here, there := via[int](t, a, "n"), via[int](t, b, "n")
		fast, slow := newRecord[int](), newRecord[int]()
		subscribe(t, here, fast.on)
		sub := subscribe(t, there, func(ctx topic.Context, n int) error {
			<-time.After(time.Second)
			return slow.on(ctx, n)
		}, topic.Buffer(10))
		publish(t, here, upTo(100)...)
		synctest.Wait()
		fast.is(t, upTo(100)...)
		if lag := sub.Stats()[0].Lag; lag > 10 {
			t.Errorf("%d messages in this node's memory", lag)
		}
		pass(200 * time.Second)
		slow.is(t, upTo(100)...)
	})
}

func TestViaRefusesWhatTheTransportCannotDo(t *testing.T) {
	sys := newSystem(t)
	hub := memory.New()
	ints := open[int](t, sys, "n", topic.Via(hub))
	_, err := topic.Request[int](t.Context(), ints, 1)
	if err == nil || !strings.Contains(err.Error(), "without Via") {
		t.Error(err)
	}
	if _, err := topic.Open[int](sys, "n", topic.Via(memory.New())); err == nil || !strings.Contains(err.Error(), "another transport") {
		t.Error(err)
	}
	_, err = topic.Open[int](sys, "m", topic.Via(poor{hub}), topic.Retain(topic.Retention{Age: time.Second}))
	if unsupported := (*transport.UnsupportedError)(nil); !errors.As(err, &unsupported) {
		t.Error(err)
	}
	plain := open[int](t, sys, "plain", topic.Via(poor{hub}))
	for name, o := range map[string]topic.SubscribeOption{"group": topic.Group("g"), "parallel": topic.Parallel(2), "earliest": topic.From(topic.Earliest), "since": topic.From(topic.Since(time.Now()))} {
		_, err := plain.Subscribe(newRecord[int]().on, o)
		if unsupported := (*transport.UnsupportedError)(nil); !errors.As(err, &unsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// poor is a transport that can append and follow, and nothing else.
type poor struct{ *memory.Hub }

func (p poor) Capabilities() transport.Capabilities { return transport.Capabilities{Name: "poor"} }

func (p poor) Open(ctx context.Context, name string, cfg transport.Config) (transport.Log, error) {
	if err := p.Capabilities().CheckConfig(cfg); err != nil {
		return nil, err
	}
	return p.Hub.Open(ctx, name, cfg)
}

// A removed log ends the topic on every node.
func TestViaRemovedLogEndsTheTopic(t *testing.T) {
	nodes(t, func(t *testing.T, a, b node) {
		there := via[int](t, b, "n")
		sub := subscribe(t, there, newRecord[int]().on)
		if err := a.link.Remove(t.Context(), "n"); err != nil {
			t.Fatal(err)
		}
		<-sub.Done()
		if err := there.Publish(t.Context(), 1); !errors.Is(err, topic.ErrRemoved) {
			t.Error(err)
		}
	})
}

// While the link is down one warning is logged, and one when it is up again.
func TestViaIsQuietWhileTheLinkIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		link := memory.New().Link("a")
		sys := actor.NewSystem(actor.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		defer sys.Close(context.Background())
		subscribe(t, open[int](t, sys, "n", topic.Via(link)), newRecord[int]().on, topic.Supervise(supervisor.Policy{}))
		link.Cut()
		pass(time.Minute)
		link.Heal()
		pass(time.Minute)
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("%d lines:\n%s", n, log.String())
		}
	})
}
