package actor_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"

	proto "github.com/asynkron/protoactor-go/actor"
	"github.com/azutoolkit/echo/actor"
)

func benchSend(b *testing.B, opts ...actor.SpawnOption) {
	s := newSystem(b)
	n := 0
	done := make(chan struct{})
	total := b.N
	pid := spawn(b, s, func(c actor.Context) {
		if _, ok := c.Message().(*actor.PoisonPill); ok {
			return
		}
		if _, ok := c.Message().(int); ok {
			if n++; n == total {
				close(done)
			}
		}
	}, opts...)
	var m any = 1
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		s.Send(pid, m)
	}
	<-done
}
func BenchmarkSend(b *testing.B)          { benchSend(b) }
func BenchmarkSendUnbounded(b *testing.B) { benchSend(b, actor.Mailbox(-1, actor.Block)) }
func BenchmarkSendRaw(b *testing.B) {
	e := proto.NewActorSystem()
	n := 0
	done := make(chan struct{})
	total := b.N
	pid := e.Root.Spawn(proto.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(int); ok {
			if n++; n == total {
				close(done)
			}
		}
	}))
	var m any = 1
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		e.Root.Send(pid, m)
	}
	<-done
}
func BenchmarkAsk(b *testing.B) {
	s := newSystem(b)
	pid := spawn(b, s, func(c actor.Context) {
		if n, ok := c.Message().(int); ok {
			c.Respond(n)
		}
	})
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := actor.Ask[int](ctx, s, pid, 1); err != nil {
			b.Fatal(err)
		}
	}
}
func BenchmarkAskRawFuture(b *testing.B) {
	e := proto.NewActorSystem()
	pid := e.Root.Spawn(proto.PropsFromFunc(func(c actor.Context) {
		if n, ok := c.Message().(int); ok {
			c.Respond(n)
		}
	}))
	b.ReportAllocs()
	for b.Loop() {
		e.Root.RequestFuture(pid, 1, -1).Result()
	}
}
func BenchmarkSpawnStop(b *testing.B) {
	s := newSystem(b)
	b.ReportAllocs()
	for b.Loop() {
		pid, _ := s.Spawn(func() actor.Actor { return actor.Func(func(actor.Context) {}) })
		s.Stop(context.Background(), pid)
	}
}
func TestMemory(t *testing.T) {
	s := newSystem(t)
	var a, z runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&a)
	f := actor.Func(func(actor.Context) {})
	mk := func() actor.Actor { return f }
	for range 100000 {
		s.Spawn(mk)
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&z)
	fmt.Fprintln(os.Stderr, "per actor", (z.HeapAlloc-a.HeapAlloc)/100000)
	runtime.KeepAlive(s)
}
func TestMemoryProps(t *testing.T) {
	s := newSystem(t)
	var a, z runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&a)
	f := actor.Func(func(actor.Context) {})
	p := actor.NewProps(func() actor.Actor { return f })
	for range 100000 {
		s.SpawnProps(p, "")
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&z)
	fmt.Fprintln(os.Stderr, "per actor, shared props", (z.HeapAlloc-a.HeapAlloc)/100000)
	runtime.KeepAlive(s)
}
