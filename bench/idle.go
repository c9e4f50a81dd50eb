package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// Goals for what waits, in bytes.
const (
	idleSubscriberGoal = 600
	idleTopicGoal      = 4096
)

// held is the memory in use, heap and stacks, after a collection.
func held() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

func bytesText(n float64) string { return fmt.Sprintf("%.0f B", n) }

// life is what many of something cost, from opening to closing.
type life struct {
	n                     int
	bytes, bare           int64 // with and without the caller's handles
	open, deliver, closed time.Duration
}

func (l life) each() float64 { return float64(l.bytes) / float64(l.n) }

// bareEach is each without the handles that the caller may drop.
func (l life) bareEach() float64 { return float64(l.bare) / float64(l.n) }

func idleSubscribers(sc scale, progress io.Writer) []line {
	n := sc.idle
	name := thousands(n) + " idle subscribers"
	ours, err := idleEcho(n)
	if err != nil {
		return []line{failed(name, err)}
	}
	fmt.Fprintf(progress, "%s: echo %+v\n", name, ours)
	if sc.only {
		return nil
	}
	theirs, err := idleEngine(n)
	if err != nil {
		return []line{failed(name, err)}
	}
	fmt.Fprintf(progress, "%s: engine %+v\n", name, theirs)
	row := func(what string, a, b time.Duration) line {
		return line{work: name + ": " + what, ours: a.Round(time.Millisecond).String() + ", " + perUnit(a, n) + " each",
			peer: "engine", theirs: b.Round(time.Millisecond).String() + ", " + perUnit(b, n) + " each",
			ratio: ratioText(float64(a) / float64(b)), goal: "–", verdict: "–"}
	}
	return []line{
		{work: name + ": memory each", ours: fmt.Sprintf("%.0f B (%.0f B with the caller's handle)", ours.bareEach(), ours.each()),
			peer: "engine", theirs: bytesText(theirs.each()), ratio: ratioText(ours.bareEach() / theirs.each()),
			goal: "≤ " + bytesText(idleSubscriberGoal), verdict: verdict(ours.bareEach() <= idleSubscriberGoal)},
		row("open", ours.open, theirs.open),
		row("deliver one message to all", ours.deliver, theirs.deliver),
		row("close", ours.closed, theirs.closed),
	}
}

func idleEcho(n int) (l life, err error) {
	ctx := context.Background()
	c := newCrew(n, lockstep)
	sys := actor.NewSystem()
	t, err := topic.Open[Message](sys, "bench")
	if err != nil {
		return l, err
	}
	next := c.each()
	before := held()
	handles := make([]*topic.Subscription, n)
	s := time.Now()
	for i := range handles {
		if handles[i], err = topic.Spawn(t, next); err != nil {
			return l, err
		}
	}
	l = life{n: n, open: time.Since(s), bytes: held() - before}
	runtime.KeepAlive(handles)
	handles = nil
	l.bare = held() - before
	l.deliver, err = deliverOnce(c, func(m Message) error { return t.Publish(ctx, m) })
	s = time.Now()
	if cerr := sys.Close(ctx); err == nil {
		err = cerr
	}
	l.closed = time.Since(s)
	if err == nil {
		err = c.check(1)
	}
	return l, err
}

func idleEngine(n int) (l life, err error) {
	c := newCrew(n, lockstep)
	sys := newEngine()
	p := &engineParent{c: c, ready: make(chan struct{})}
	before := held()
	s := time.Now()
	pid := sys.Root.Spawn(proto.PropsFromProducer(func() proto.Actor { return p }))
	<-p.ready
	l = life{n: n, open: time.Since(s), bytes: held() - before}
	l.deliver, err = deliverOnce(c, func(m Message) error { sys.Root.Send(pid, m); return nil })
	s = time.Now()
	if cerr := stopActor(sys, pid); err == nil {
		err = cerr
	}
	l.closed = time.Since(s)
	if err == nil {
		err = c.check(1)
	}
	return l, err
}

func deliverOnce(c *crew, publish func(Message) error) (time.Duration, error) {
	c.expect(1)
	s := time.Now()
	err := c.drive(1, 1, publish)
	return time.Since(s), err
}

func idleTopics(sc scale, progress io.Writer) []line {
	n := sc.topics
	name := thousands(n) + " idle topics"
	ctx := context.Background()
	sys := actor.NewSystem()
	if _, err := topic.Open[Message](sys, "first"); err != nil {
		return []line{failed(name, err)}
	}
	before := held()
	all := make([]*topic.Topic[Message], n)
	l := life{n: n}
	s := time.Now()
	for i := range all {
		t, err := topic.Open[Message](sys, "bench."+strconv.Itoa(i))
		if err != nil {
			return []line{failed(name, err)}
		}
		all[i] = t
	}
	l.open = time.Since(s)
	l.bytes = held() - before
	runtime.KeepAlive(all)
	s = time.Now()
	if err := sys.Close(ctx); err != nil {
		return []line{failed(name, err)}
	}
	l.closed = time.Since(s)
	fmt.Fprintf(progress, "%s: echo %+v\n", name, l)
	return []line{
		{work: name + ": memory each", ours: bytesText(l.each()), goal: "≤ 4 KB", verdict: verdict(l.each() <= idleTopicGoal)},
		{work: name + ": open", ours: l.open.Round(time.Millisecond).String() + ", " + perUnit(l.open, n) + " each", goal: "–", verdict: "–"},
		{work: name + ": close", ours: l.closed.Round(time.Millisecond).String() + ", " + perUnit(l.closed, n) + " each", goal: "–", verdict: "–"},
	}
}
