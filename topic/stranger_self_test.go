package topic_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
)

// flood publishes from inside a consumer until it is refused, and says how it went.
type flood struct {
	t     *testing.T
	tp    *topic.Topic[int]
	ctx   func(topic.Context) context.Context
	begun bool
	sent  int
	got   []int
	err   error
	took  time.Duration
}

func (f *flood) On(ctx topic.Context, n int) error {
	f.got = append(f.got, n)
	if f.begun {
		return nil
	}
	f.begun = true
	begin := time.Now()
	c := f.ctx(ctx)
	for f.err == nil && f.sent < 10_000 {
		if f.err = f.tp.Publish(c, f.sent+1); f.err == nil {
			f.sent++
		}
	}
	f.took = time.Since(begin)
	return nil
}

func TestPublishingToOnesOwnFullTopicFailsAtOnce(t *testing.T) {
	itself := func(c topic.Context) context.Context { return c }
	derived := func(c topic.Context) context.Context {
		ctx, cancel := context.WithTimeout(context.WithValue(c, own{}, "v"), time.Hour)
		_ = cancel
		context.AfterFunc(c, cancel)
		return ctx
	}
	type subscribe func(*flood, *actor.System) (*topic.Subscription, error)
	for name, s := range map[string]subscribe{
		"function": func(f *flood, _ *actor.System) (*topic.Subscription, error) {
			return f.tp.Subscribe(f.On, topic.Buffer(8), topic.Name("flood"))
		},
		"group": func(f *flood, _ *actor.System) (*topic.Subscription, error) {
			return f.tp.Subscribe(f.On, topic.Buffer(8), topic.Name("flood"), topic.Group("g"))
		},
		"batch": func(f *flood, _ *actor.System) (*topic.Subscription, error) {
			return f.tp.SubscribeBatch(4, 0, func(ctx topic.Context, ms []int) error {
				for _, m := range ms {
					if err := f.On(ctx, m); err != nil {
						return err
					}
				}
				return nil
			}, topic.Buffer(8), topic.Name("flood"))
		},
		"pattern": func(f *flood, sys *actor.System) (*topic.Subscription, error) {
			p, err := topic.Match[int](sys, "*")
			if err != nil {
				return nil, err
			}
			return p.Subscribe(f.On, topic.Buffer(8), topic.Name("flood"))
		},
		"several topics": func(f *flood, sys *actor.System) (*topic.Subscription, error) {
			return topic.SpawnOn(sys, func() *flood { return f }, topic.With(f.tp, (*flood).On, topic.Buffer(8), topic.Name("flood")))
		},
	} {
		for which, ctx := range map[string]func(topic.Context) context.Context{"own context": itself, "derived context": derived} {
			t.Run(name+" with "+which, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					sys := topictest.NewSystem(t)
					f := &flood{t: t, tp: mustOpen[int](t, sys, "own"), ctx: ctx}
					sub, err := s(f, sys)
					if err != nil {
						t.Fatal(err)
					}
					mustPublish(t, f.tp, 0)
					if err := sub.Drain(within(t, time.Minute)); err != nil {
						t.Fatal(err)
					}
					if !errors.Is(f.err, topic.ErrFull) || f.took != 0 {
						t.Errorf("%v after %v, want ErrFull at once", f.err, f.took)
					}
					reads(t, f.err, `topic: publish "own": the log is full, and waiting for room would wait for "flood" itself`,
						"give it a larger buffer or another flow policy, or publish from another goroutine")
					if f.sent == 0 || f.sent > 8 {
						t.Errorf("%d messages fitted into a buffer of 8", f.sent)
					}
					for i, n := range f.got {
						if n != i {
							t.Fatalf("got %v", f.got)
						}
					}
				})
			})
		}
	}
}

func TestSendingToOnesOwnFullTopicIsADeadLetterAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys := topictest.NewSystem(t)
		topictest.AllowDeadLetters(sys)
		tp := mustOpen[int](t, sys, "own")
		var took time.Duration
		var got []int
		sub := mustSubscribe(t, tp, func(ctx topic.Context, n int) error {
			if got = append(got, n); n == 0 {
				begin := time.Now()
				for i := range 10 {
					ctx.Send(tp.PID(), i+1)
				}
				took = time.Since(begin)
			}
			return nil
		}, topic.Buffer(8))
		mustPublish(t, tp, 0)
		if err := sub.Drain(within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		lost := topictest.DeadLetters(sys)
		if took != 0 || len(got) != 8 || len(lost) != 3 {
			t.Errorf("after %v: %d handled, %d dead letters; want 8 and 3 at once", took, len(got), len(lost))
		}
		for _, l := range lost {
			if !errors.Is(l.Undelivered.Reason, topic.ErrFull) {
				t.Errorf("reason %v, want ErrFull", l.Undelivered.Reason)
			}
		}
	})
}

func TestPublishingWithAForeignContextWaitsForItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logged := &logbook{}
		sys := topictest.NewSystem(t, actor.WithLogger(logged.logger()))
		f := &flood{t: t, tp: mustOpen[int](t, sys, "own"), ctx: func(topic.Context) context.Context {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			t.Cleanup(cancel)
			return ctx
		}}
		sub := mustSubscribe(t, f.tp, f.On, topic.Buffer(8), topic.Name("flood"))
		mustPublish(t, f.tp, 0)
		before := time.Now()
		time.Sleep(5*time.Second - 1)
		synctest.Wait()
		if n := logged.count("publishers have waited"); n != 0 {
			t.Errorf("warned before 5 s")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if n := logged.count("publishers have waited"); n != 1 || logged.count("topic=own subscription=flood") != 1 {
			t.Errorf("after 5 s: %d warnings, want one that names topic and subscription", n)
		}
		if err := sub.Drain(within(t, 2*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if !errors.Is(f.err, topic.ErrFull) || !errors.Is(f.err, context.DeadlineExceeded) || f.took != time.Minute || f.sent != 7 {
			t.Errorf("%v after %v with %d sent, want ErrFull and DeadlineExceeded after 1 m with 7", f.err, f.took, f.sent)
		}
		reads(t, f.err, `the log is full, waiting for "flood": context deadline exceeded`)
		if time.Since(before) > 2*time.Minute {
			t.Error("too late")
		}
	})
}
