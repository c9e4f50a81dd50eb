package actor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
)

type pack struct {
	name string
	seen *record
	s    *actor.System
	fail error
}

func (p *pack) Drain(context.Context) error {
	p.seen.add("%s.drain(%v)", p.name, p.s.Context().Err())
	return p.fail
}
func (p *pack) Close(context.Context) error {
	p.seen.add("%s.close(%v)", p.name, p.s.Context().Err())
	return nil
}

func TestCloseCallsExtensionsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		seen := &record{}
		for _, name := range []string{"a", "b"} {
			actor.Extend(s, name, func() *pack { return &pack{name: name, seen: seen, s: s} })
			actor.Extend(s, name, func() *pack { t.Error("made twice"); return nil })
		}
		actor.Extend(s, "a", func() int { return 1 }) // the same key, another type, no methods
		spawn(t, s, func(c actor.Context) {
			if _, ok := c.Message().(*actor.Stopped); ok {
				seen.add("user")
			}
		})
		_, _ = s.SpawnProps(proto.PropsFromFunc(func(c actor.Context) {
			if _, ok := c.Message().(*actor.Stopped); ok {
				seen.add("package")
			}
		}), "p")
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		seen.want(t, "b.drain(<nil>) a.drain(<nil>) user b.drain(<nil>) a.drain(<nil>) b.close(context canceled) a.close(context canceled) package")
	})
}

func TestCloseReportsExtensionsThatFail(t *testing.T) {
	s := actor.NewSystem(actor.WithName("n"))
	actor.Extend(s, "a", func() *pack { return &pack{seen: &record{}, s: s, fail: errBad} })
	actor.Extend(s, "b", func() panicking { return panicking{} })
	err := s.Close(t.Context())
	if !errors.Is(err, errBad) || !strings.Contains(err.Error(), "panic: oh") || !strings.HasPrefix(err.Error(), `actor: close "n": `) {
		t.Errorf("close: %v", err)
	}
}

type panicking struct{}

func (panicking) Close(context.Context) error { panic("oh") }
