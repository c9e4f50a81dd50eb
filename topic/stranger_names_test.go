package topic_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
)

func TestBadNamesAreRefused(t *testing.T) {
	sys := topictest.NewSystem(t)
	for name, says := range map[string]string{
		"":                        "name is empty",
		".":                       `name ".": token 1 is empty`,
		"a.":                      `token 2 is empty`,
		".a":                      `token 1 is empty`,
		"a..b":                    `name "a..b": token 2 is empty`,
		"a b":                     `token 1 "a b" has white space (U+0020)`,
		"a.b\tc":                  `token 2 "b\tc" has white space`,
		"a\u00a0b":                "has white space (U+00A0)",
		"a\u3000b":                "has white space",
		"a\x00b":                  "has a control character (U+0000)",
		"a\u0085b":                "has white space",
		"a\x7fb":                  "has a control character",
		"a\u200bb":                "cannot be seen (U+200B)",
		"\ufeffa":                 "cannot be seen (U+FEFF)",
		"*":                       `token 1 "*" has "*", which only patterns may`,
		"a.*":                     `token 2 "*" has "*"`,
		"a.b>":                    `has ">", which only patterns may`,
		">":                       `has ">"`,
		"a\xffb":                  "is not valid UTF-8",
		"\xed\xa0\x80":            "is not valid UTF-8",
		strings.Repeat("x", 256):  "has 256 bytes, at most 255 are allowed",
		strings.Repeat("ÿ", 1000): "has 2000 bytes",
	} {
		t.Run(fmt.Sprintf("%.20q", name), func(t *testing.T) {
			_, err := topic.Open[World](sys, name)
			reads(t, err, "topic: open ", says)
			if err != nil && len(err.Error()) > 400 {
				t.Errorf("the error has %d bytes: %s", len(err.Error()), err)
			}
		})
	}
}

func TestBadPatternsAreRefused(t *testing.T) {
	sys := topictest.NewSystem(t)
	for pattern, says := range map[string]string{
		"":       "pattern is empty",
		"a.>.b":  `token 2 ">" must be the last one`,
		"a*":     `mixes "*" with other text`,
		"a.**":   `mixes "*" with other text`,
		"a.>>":   `mixes ">" with other text`,
		"a. .b":  "has white space",
		"a..*":   "token 2 is empty",
		"a\xff*": "is not valid UTF-8",
	} {
		t.Run(pattern, func(t *testing.T) {
			_, err := topic.Match[World](sys, pattern)
			reads(t, err, "topic: match ", says)
		})
	}
}

// odd are names that look like parts of each other's ids, or like what the library makes up itself.
var odd = []string{
	"a", "a/b", "a%2Fb", "a%252Fb", "a/b/c", "a/%2F", "%", "%%", "%25", "$", "$1", "$2", "a/$1", "$!watch", "~", "~x", "~~x", "~$1", "x",
	"dead.a", "dead.dead.a", "dead", "#", "x#1", "x#2", "a#1", "guardian", "nonhost", "eventstream", "Ä", "\u00c4", "A\u0308", "日本.語", "{}", `\`, `"`, "'",
	"a:b", "|", "-", strings.Repeat("ÿ", 127), strings.Repeat("/", 255),
}

func TestOddNamesNeverCollide(t *testing.T) {
	sys := topictest.NewSystem(t)
	names := slices.Compact(slices.Sorted(slices.Values(odd)))
	topics := map[string]*topic.Topic[string]{}
	recs := map[string][]*topictest.Recorder[string]{}
	ids := map[string]string{}
	take := func(what string, pid *actor.PID) {
		if other, taken := ids[pid.Id]; taken {
			t.Errorf("%s and %s have the same id %q", what, other, pid.Id)
		}
		ids[pid.Id] = what
	}
	for _, name := range names {
		topics[name] = mustOpen[string](t, sys, name)
		take(fmt.Sprintf("topic %q", name), topics[name].PID())
	}
	for _, name := range names {
		for _, sub := range append([]string{""}, names...) {
			r := topictest.Record(t, topics[name], topictest.With(topic.Name(sub)))
			recs[name] = append(recs[name], r)
			take(fmt.Sprintf("subscription %q of topic %q", sub, name), r.Subscription().PID())
		}
		r := &greeter{}
		sub, err := topic.SpawnOn(sys, func() *greeter { return r }, topic.With(topics[name], (*greeter).On, topic.Name(name)))
		if err != nil {
			t.Fatal(err)
		}
		take(fmt.Sprintf("consumer %q of several topics", name), sub.PID())
	}
	for _, name := range names {
		mustPublish(t, topics[name], name)
	}
	for _, name := range names {
		for _, r := range recs[name] {
			if got := r.Wait(1); !slices.Equal(got, []string{name}) {
				t.Errorf("%q of topic %q got %q", r.Subscription().Name(), name, got)
			}
		}
	}
}

type greeter struct{}

func (*greeter) On(topic.Context, string) error { return nil }

// A consumer's own children have the ids that the engine makes of its id; they stay apart from others.
func TestChildrenOfConsumersCollideWithNothing(t *testing.T) {
	sys := topictest.NewSystem(t)
	a := mustOpen[string](t, sys, "a")
	ids := make(chan string, 2)
	for _, name := range []string{"b", "b/c"} {
		mustSubscribe(t, a, func(ctx topic.Context, m string) error {
			pid, err := ctx.SpawnNamed(actor.NewProps(func() actor.Actor { return idle{} }), m)
			if err != nil {
				return err
			}
			ids <- pid.Id
			return nil
		}, topic.Name(name))
	}
	mustPublish(t, a, "c")
	if x, y := await(t, "first child", ids), await(t, "second child", ids); x == y {
		t.Errorf("both children are %q", x)
	}
}

type idle struct{}

func (idle) Receive(proto.Context) {}

func TestTakenNamesAreErrors(t *testing.T) {
	sys := topictest.NewSystem(t)
	tp := mustOpen[World](t, sys, "worlds")
	mustSubscribe(t, tp, nothing, topic.Name("twin"))
	_, err := tp.Subscribe(nothing, topic.Name("twin"))
	reads(t, err, `topic: subscribe to "worlds": the topic has a subscription named "twin": choose another name`)
	mustSubscribe(t, tp, nothing, topic.Name("many"), topic.Parallel(2))
	_, err = tp.Subscribe(nothing, topic.Name("many"), topic.Parallel(2))
	reads(t, err, `the topic has a subscription named "many": choose another name`)
	if _, err := sys.Spawn(func() actor.Actor { return idle{} }, actor.Named("mine")); err != nil {
		t.Fatal(err)
	}
	rec := topictest.Record(t, mustOpen[World](t, sys, "mine")) // an actor of that name does not matter
	mustPublish(t, mustOpen[World](t, sys, "mine"), World{"a"})
	rec.Wait(1)
	spawn := func() error {
		_, err := topic.SpawnOn(sys, func() *quiet { return &quiet{} }, topic.With(tp, (*quiet).On, topic.Name("one")))
		return err
	}
	if err := spawn(); err != nil {
		t.Fatal(err)
	}
	reads(t, spawn(), `there is a consumer of several topics named "one": choose another name`)
	if n := len(tp.Stats().Subscriptions); n != 4 {
		t.Errorf("%d places in the topic, want 4", n)
	}
}

// A name is free as soon as the subscription that had it has ended.
func TestNamesAreFreeAgainAtOnce(t *testing.T) {
	tp := mustOpen[World](t, topictest.NewSystem(t), "worlds")
	for range 100 {
		sub := mustSubscribe(t, tp, nothing, topic.Name("twin"))
		sub.Stop()
		await(t, "end of the subscription", sub.Done())
	}
}

func TestGroupsOfDifferentKindsDoNotMix(t *testing.T) {
	sys := topictest.NewSystem(t)
	tp := mustOpen[World](t, sys, "worlds")
	if _, err := topic.Respond(tp, func(topic.Context, World) (int, error) { return 1, nil }); err != nil {
		t.Fatal(err)
	}
	rec := topictest.Record(t, tp, topictest.With(topic.Group("responders")))
	workers := topictest.Record(t, tp, topictest.With(topic.Name("x"), topic.Parallel(2)))
	_, err := tp.Subscribe(nothing, topic.Group("~x"))
	reads(t, err, `group name "~x": names that begin with "~" are taken: choose another`)
	for range 20 {
		mustPublish(t, tp, World{"all"})
		if _, err := topic.Request[int](within(t, 10*time.Second), tp, World{"one"}); err != nil {
			t.Fatal(err)
		}
	}
	rec.Wait(40)
	workers.Wait(40)
	if _, err := topic.Respond(tp, func(topic.Context, World) (int, error) { return 1, nil }, topic.Group("g")); err != nil {
		t.Fatal(err)
	}
	_, err = tp.Subscribe(nothing, topic.Group("g"))
	reads(t, err, `group "g" is one of responders: choose another name`)
}
