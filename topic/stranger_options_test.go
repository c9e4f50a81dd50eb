package topic_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
)

func nothing(topic.Context, World) error { return nil }

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	sys := topictest.NewSystem(t)
	tp := mustOpen[World](t, sys, "worlds")
	worlds, err := topic.Match[World](sys, ">")
	if err != nil {
		t.Fatal(err)
	}
	var nilFlow topic.Flow
	var nilStart topic.Start
	for name, c := range map[string]struct {
		opts  []topic.SubscribeOption
		reads string
	}{
		"no buffer":        {[]topic.SubscribeOption{topic.Buffer(0)}, "buffer of 0: use 1 to 1073741824"},
		"negative buffer":  {[]topic.SubscribeOption{topic.Buffer(-7)}, "buffer of -7: use 1 to"},
		"huge buffer":      {[]topic.SubscribeOption{topic.Buffer(1 << 40)}, "use 1 to"},
		"parallel 0":       {[]topic.SubscribeOption{topic.Parallel(0)}, "parallel 0: use 1 to 65536"},
		"parallel -1":      {[]topic.SubscribeOption{topic.Parallel(-1)}, "parallel -1: use 1 to 65536"},
		"parallel million": {[]topic.SubscribeOption{topic.Parallel(1000000)}, "use 1 to 65536"},
		"nil flow":         {[]topic.SubscribeOption{topic.Overflow(nilFlow)}, "flow is nil: use Block, DropOldest, DropNewest, Latest or Disconnect"},
		"nil start":        {[]topic.SubscribeOption{topic.From(nilStart)}, "start is nil: use Latest, Earliest, At or Since"},
		"nil filter":       {[]topic.SubscribeOption{topic.Filter[World](nil)}, "filter is nil: leave the option out"},
		"wrong filter":     {[]topic.SubscribeOption{topic.Filter(func(string) bool { return true })}, "Filter takes func(string) bool, want func(topic_test.World) bool"},
		"empty group":      {[]topic.SubscribeOption{topic.Group("")}, "group name is empty"},
		"bad group":        {[]topic.SubscribeOption{topic.Group("a b")}, `name "a b": token 1 "a b" has white space`},
		"mended later":     {[]topic.SubscribeOption{topic.Buffer(0), topic.Buffer(1)}, "buffer of 0"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tp.Subscribe(nothing, c.opts...)
			reads(t, err, `topic: subscribe to "worlds": `, c.reads)
			_, err = tp.SubscribeBatch(10, time.Second, func(topic.Context, []World) error { return nil }, c.opts...)
			reads(t, err, `topic: subscribe to "worlds": `, c.reads)
			_, err = tp.SubscribePID(tp.PID(), c.opts...)
			reads(t, err, `topic: subscribe to "worlds": `, c.reads)
			_, err = topic.Spawn(tp, func() *quiet { return &quiet{} }, c.opts...)
			reads(t, err, `topic: spawn *topic_test.quiet: `, c.reads)
			_, err = worlds.Subscribe(nothing, c.opts...)
			reads(t, err, `topic: subscribe to ">": `, c.reads)
			_, err = topic.Respond(tp, func(topic.Context, World) (int, error) { return 0, nil }, c.opts...)
			if reads(t, err, `topic: respond on "worlds": `); !strings.Contains(name, "filter") { // has no filter at all
				reads(t, err, c.reads)
			}
			if n := len(tp.Stats().Subscriptions); n != 0 {
				t.Errorf("%d subscriptions are left behind", n)
			}
		})
	}
}

type quiet struct{}

func (*quiet) On(topic.Context, World) error { return nil }

func TestNilOptionsAreLeftOut(t *testing.T) {
	sys := topictest.NewSystem(t)
	tp := mustOpen[World](t, sys, "worlds", nil, nil)
	rec := topictest.Record(t, tp, nil, topictest.With(nil, topic.Name("n"), nil))
	mustPublish(t, tp, World{"a"})
	rec.Wait(1)
}

func TestNilFunctionsAreRefused(t *testing.T) {
	sys := topictest.NewSystem(t)
	tp := mustOpen[World](t, sys, "worlds")
	for name, f := range map[string]func() error{
		"function is nil: give one that handles messages": func() error { _, err := tp.Subscribe(nil); return err },
		"function is nil: give one that handles batches":  func() error { _, err := tp.SubscribeBatch(1, 0, nil); return err },
		"function is nil: give one that answers":          func() error { _, err := topic.Respond[World, int](tp, nil); return err },
		"PID is nil":                                      func() error { _, err := tp.SubscribePID(nil); return err },
		"the function that makes consumers is nil":        func() error { _, err := topic.Spawn(tp, (func() *quiet)(nil)); return err },
		"the function that makes consumers returned nil": func() error {
			_, err := topic.Spawn(tp, func() *quiet { return nil })
			return err
		},
		"method is nil": func() error {
			_, err := topic.SpawnOn(sys, func() *quiet { return &quiet{} }, topic.With[*quiet](tp, nil))
			return err
		},
		"no source: add topic.With": func() error {
			_, err := topic.SpawnOn(sys, func() *quiet { return &quiet{} })
			return err
		},
		"source is nil": func() error {
			_, err := topic.Spawn(topic.Source[World](nil), func() *quiet { return &quiet{} })
			return err
		},
		"system is nil: make one with actor.NewSystem": func() error { _, err := topic.Open[World](nil, "w"); return err },
	} {
		t.Run(name, func(t *testing.T) { reads(t, f(), "topic: ", name) })
	}
	_, err := topic.Match[World](nil, ">")
	reads(t, err, `topic: match ">": system is nil`)
	_, err = topic.SpawnOn[*quiet](nil, func() *quiet { return &quiet{} }, topic.With(tp, (*quiet).On))
	reads(t, err, "system is nil")
}

func TestBatchesThatMakeNoSenseAreRefused(t *testing.T) {
	tp := mustOpen[World](t, topictest.NewSystem(t), "worlds")
	batch := func(topic.Context, []World) error { return nil }
	_, err := tp.SubscribeBatch(0, time.Second, batch)
	reads(t, err, "batch of 0 messages: use 1 to")
	_, err = tp.SubscribeBatch(-1, time.Second, batch)
	reads(t, err, "batch of -1 messages")
	_, err = tp.SubscribeBatch(1, -time.Second, batch)
	reads(t, err, "batch after -1s: use 0 or more")
	_, err = tp.SubscribeBatch(1<<40, time.Second, batch)
	reads(t, err, "batch of 1099511627776 messages: use 1 to")
}

func TestTopicOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	sys := topictest.NewSystem(t)
	for name, c := range map[string]struct {
		opts  []topic.Option
		reads string
	}{
		"KeyBy of another type":  {[]topic.Option{topic.KeyBy(func(int) string { return "" })}, "KeyBy takes func(int) string, want func(topic_test.World) string"},
		"SizeOf of another type": {[]topic.Option{topic.SizeOf(func(int) int { return 0 })}, "SizeOf takes func(int) int, want func(topic_test.World) int"},
		"nil KeyBy":              {[]topic.Option{topic.KeyBy[World](nil)}, "KeyBy is nil: leave the option out"},
		"nil SizeOf":             {[]topic.Option{topic.SizeOf[World](nil)}, "SizeOf is nil: leave the option out"},
		"bytes without sizes":    {[]topic.Option{topic.Retain(topic.Retention{Bytes: 10})}, "the size of topic_test.World is not known: add SizeOf"},
		"negative bytes":         {[]topic.Option{topic.Retain(topic.Retention{Bytes: -1})}, "retention of -1 bytes: use 0 for no bound"},
		"negative age":           {[]topic.Option{topic.Retain(topic.Retention{Age: -1})}, "retention of -1ns: use 0 for no bound"},
		"negative dedup":         {[]topic.Option{topic.Dedup(-1)}, "dedup of -1: use 1 or more"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := topic.Open[World](sys, "worlds", c.opts...)
			reads(t, err, `topic: open "worlds": `, c.reads)
		})
	}
	mustOpen[World](t, sys, "worlds") // what was refused left nothing behind
}

func TestOtherOptionsForAnOpenTopicAreRefused(t *testing.T) {
	sys := topictest.NewSystem(t)
	mustOpen[World](t, sys, "worlds", topic.Retain(topic.Retention{Count: 5}))
	mustOpen[World](t, sys, "worlds")
	_, err := topic.Open[World](sys, "worlds", topic.Retain(topic.Retention{Count: 6}))
	reads(t, err, "the topic is open with another retention ({Count:5 Bytes:0 Age:0s}): give the same, or none")
	_, err = topic.Open[World](sys, "worlds", topic.KeyBy(func(World) string { return "" }))
	reads(t, err, "the topic is open without KeyBy: give it when the topic is opened first")
	_, err = topic.Open[World](sys, "worlds", topic.SizeOf(func(World) int { return 1 }))
	reads(t, err, "the topic is open without SizeOf: give it when the topic is opened first")
	_, err = topic.Open[World](sys, "worlds", topic.Via(memory.New()))
	reads(t, err, "the topic is open with another transport: open it with the same Via, or without")
}

func TestOtherOptionsForAGroupAreRefused(t *testing.T) {
	tp := mustOpen[World](t, topictest.NewSystem(t), "worlds")
	mustSubscribe(t, tp, nothing, topic.Group("g"), topic.Buffer(5))
	_, err := tp.Subscribe(nothing, topic.Group("g"), topic.Buffer(6))
	reads(t, err, `group "g" has Overflow(Block) and Buffer(5): give every member the same`)
	_, err = tp.Subscribe(nothing, topic.Group("g"), topic.Overflow(topic.DropOldest), topic.Buffer(5))
	reads(t, err, `group "g" has`)
	if n := len(tp.Stats().Subscriptions); n != 1 {
		t.Errorf("%d subscriptions, want 1", n)
	}
}

func TestPositionsOfOtherLogsAreRefused(t *testing.T) {
	sys := topictest.NewSystem(t)
	tp := mustOpen[World](t, sys, "worlds")
	_, err := tp.Subscribe(nothing, topic.From(topic.At(transport.Position{Epoch: "other", Major: 1})))
	reads(t, err, "belongs to another epoch of the log: start at Earliest or Latest")
	here := mustSubscribe(t, tp, nothing).Start()
	here.Major += 100
	_, err = tp.Subscribe(nothing, topic.From(topic.At(here)))
	reads(t, err, "the log has not got that far")
}

func TestConsumersOfSeveralTopicsKnowNoGroups(t *testing.T) {
	sys := topictest.NewSystem(t)
	tp := mustOpen[World](t, sys, "worlds")
	for _, o := range []topic.SubscribeOption{topic.Group("g"), topic.Parallel(2)} {
		_, err := topic.SpawnOn(sys, func() *quiet { return &quiet{} }, topic.With(tp, (*quiet).On, o))
		reads(t, err, "Parallel and Group have no meaning")
	}
	other := topictest.NewSystem(t)
	_, err := topic.SpawnOn(other, func() *quiet { return &quiet{} }, topic.With(tp, (*quiet).On))
	reads(t, err, "a source belongs to another system")
}

func TestClosedSystemRefusesEverything(t *testing.T) {
	sys := actor.NewSystem()
	tp := mustOpen[World](t, sys, "worlds")
	all, err := topic.Match[World](sys, ">")
	if err != nil {
		t.Fatal(err)
	}
	sub := mustSubscribe(t, tp, nothing)
	if err := sys.Close(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	ctx := within(t, 10*time.Second)
	for verb, f := range map[string]func() error{
		"publish":           func() error { return tp.Publish(ctx, World{}) },
		"publish batch":     func() error { return tp.PublishBatch(ctx, []World{{}}) },
		"publish with ID":   func() error { return tp.Publish(ctx, World{}, topic.ID("x")) },
		"open":              func() error { _, err := topic.Open[World](sys, "other"); return err },
		"open again":        func() error { _, err := topic.Open[World](sys, "worlds"); return err },
		"open via":          func() error { _, err := topic.Open[World](sys, "via", topic.Via(memory.New())); return err },
		"subscribe":         func() error { _, err := tp.Subscribe(nothing); return err },
		"subscribe group":   func() error { _, err := tp.Subscribe(nothing, topic.Group("g")); return err },
		"subscribe pattern": func() error { _, err := all.Subscribe(nothing); return err },
		"spawn":             func() error { _, err := topic.Spawn(tp, func() *quiet { return &quiet{} }); return err },
		"spawn on": func() error {
			_, err := topic.SpawnOn(sys, func() *quiet { return &quiet{} }, topic.With(tp, (*quiet).On))
			return err
		},
		"respond": func() error {
			_, err := topic.Respond(tp, func(topic.Context, World) (int, error) { return 0, nil })
			return err
		},
		"request":      func() error { _, err := topic.Request[int](ctx, tp, World{}); return err },
		"dead letters": func() error { _, err := tp.DeadLetters(); return err },
		"redrive":      func() error { _, err := tp.Redrive(ctx, nil); return err },
	} {
		t.Run(verb, func(t *testing.T) {
			if err := f(); !errors.Is(err, topic.ErrClosed) {
				t.Errorf("%v, want ErrClosed", err)
			}
		})
	}
	for verb, f := range map[string]func() error{
		"remove": func() error { return tp.Remove(ctx) }, "drain": func() error { return sub.Drain(ctx) }, "close": func() error { return sys.Close(ctx) },
	} {
		if err := f(); err != nil {
			t.Errorf("%s: %v", verb, err)
		}
	}
	sub.Stop()
	sub.Pause()
	sub.Resume()
	tp.Stats()
	sub.Stats()
	await(t, "the subscription ends", sub.Done())
}
