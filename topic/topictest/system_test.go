package topictest_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
	"github.com/azutoolkit/echo/transport/memory"
)

type World struct{ Name string }

func open(t testing.TB, sys *actor.System, opts ...topic.Option) *topic.Topic[World] {
	t.Helper()
	worlds, err := topic.Open[World](sys, "worlds", opts...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return worlds
}

func publish(t testing.TB, to *topic.Topic[World], names ...string) {
	t.Helper()
	for _, name := range names {
		if err := to.Publish(t.Context(), World{name}); err != nil {
			t.Fatalf("%v", err)
		}
	}
}

// both runs a test in real time and in a bubble.
func both(t *testing.T, f func(t *testing.T)) {
	t.Run("real", f)
	t.Run("bubble", func(t *testing.T) { synctest.Test(t, f) })
}

func TestSystemClosesItself(t *testing.T) {
	both(t, func(t *testing.T) {
		var sys *actor.System
		try(t, func(t testing.TB) {
			sys = topictest.NewSystem(t)
			publish(t, open(t, sys), "Marco")
		}).passed(t)
		if !sys.Closing() || sys.Context().Err() == nil {
			t.Error("the system is not closed")
		}
	})
}

func TestCloseDrainsBeforeDeadLettersAreJudged(t *testing.T) {
	both(t, func(t *testing.T) {
		try(t, func(t testing.TB) {
			worlds := open(t, topictest.NewSystem(t))
			topictest.Record(t, worlds, topictest.FailOn(3, errors.New("no room")), topictest.With(topic.Name("mapper")))
			publish(t, worlds, "Marco", "Polo", "Kublai")
		}).failedWith(t, "1 unexpected dead letters", "no room", "mapper", "Kublai", "after 4 attempts", "AllowDeadLetters")
	})
}

func TestUndeliveredMessagesFailTheTest(t *testing.T) {
	both(t, func(t *testing.T) {
		try(t, func(t testing.TB) {
			sys := topictest.NewSystem(t)
			sys.Send(open(t, sys).PID(), "no world")
		}).failedWith(t, "1 unexpected dead letters", "no world", "use one type for a name")
	})
}

func TestAllowedDeadLettersPass(t *testing.T) {
	both(t, func(t *testing.T) {
		try(t, func(t testing.TB) {
			sys := topictest.NewSystem(t)
			sys.Send(open(t, sys).PID(), "no world")
			topictest.AllowDeadLetters(sys)
		}).passed(t)
		try(t, func(t testing.TB) {
			sys := topictest.NewSystem(t)
			topictest.AllowDeadLetters(sys, func(l topictest.Letter) bool { return l.Message() == "no world" })
			sys.Send(open(t, sys).PID(), "no world")
			sys.Send(open(t, sys).PID(), 42)
		}).failedWith(t, "1 unexpected dead letters", "42")
	})
}

func TestDeadLettersCanBeFetched(t *testing.T) {
	both(t, func(t *testing.T) {
		sys := topictest.NewSystem(t)
		topictest.AllowDeadLetters(sys)
		worlds := open(t, sys)
		dead, err := worlds.DeadLetters()
		if err != nil {
			t.Fatal(err)
		}
		letters := topictest.Record(t, dead)
		cause := errors.New("no")
		topictest.Record(t, worlds, topictest.FailOn(1, topic.Reject(cause)))
		publish(t, worlds, "Marco")
		letters.Wait(1)
		if err := sys.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		sys.Send(nil, "lost")
		got := topictest.DeadLetters(sys)
		if len(got) != 2 || got[0].GivenUp == nil || got[0].Message() != (World{"Marco"}) || got[0].GivenUp.Err != "no" ||
			got[1].Undelivered == nil || got[1].Message() != "lost" {
			t.Errorf("dead letters: %v", got)
		}
	})
}

func TestBlockedConsumerIsNamed(t *testing.T) {
	free := make(chan struct{})
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(free)
		defer func() { close(release); synctest.Wait() }()
		start := time.Now()
		r := try(t, func(t testing.TB) {
			worlds := open(t, topictest.NewSystem(t))
			_, err := worlds.Subscribe(func(topic.Context, World) error { <-release; return nil }, topic.Name("sleeper"))
			if err != nil {
				t.Fatalf("%v", err)
			}
			publish(t, worlds, "Marco")
		})
		r.failedWith(t, "the system does not close", "sleeper", "TestBlockedConsumerIsNamed", "goroutine ")
		if waited := time.Since(start); waited > topictest.Patience+time.Second {
			t.Errorf("it took %v, want about %v", waited, topictest.Patience)
		}
	})
	<-free
}

// A test that has closed its system in vain has seen the error, but what is left is left.
func TestLeakAfterOwnCloseFailsTheTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer func() { close(release); synctest.Wait() }()
		try(t, func(t testing.TB) {
			sys := topictest.NewSystem(t)
			worlds := open(t, sys)
			if _, err := worlds.Subscribe(func(topic.Context, World) error { <-release; return nil }); err != nil {
				t.Fatalf("%v", err)
			}
			publish(t, worlds, "Marco")
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if sys.Close(ctx) == nil {
				t.Errorf("Close ended, although a consumer is busy")
			}
		}).failedWith(t, "goroutines are left", "TestLeakAfterOwnCloseFailsTheTest")
	})
}

func TestOwnCloseIsTheTestsToJudge(t *testing.T) {
	both(t, func(t *testing.T) {
		try(t, func(t testing.TB) {
			sys := topictest.NewSystem(t)
			release, begun := make(chan struct{}), make(chan struct{})
			worlds := open(t, sys)
			if _, err := worlds.Subscribe(func(topic.Context, World) error { close(begun); <-release; return nil }); err != nil {
				t.Fatalf("%v", err)
			}
			publish(t, worlds, "Marco")
			<-begun
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if sys.Close(ctx) == nil {
				t.Errorf("Close ended, although a consumer is busy")
			}
			close(release)
		}).passed(t)
	})
}

func TestLeakIsFoundByTheLastSystem(t *testing.T) {
	both(t, func(t *testing.T) {
		try(t, func(t testing.TB) {
			hub := memory.New()
			a, b := topictest.NewSystem(t), topictest.NewSystem(t)
			here, there := open(t, a, topic.Via(hub)), open(t, b, topic.Via(hub))
			rec := topictest.Record(t, there)
			publish(t, here, "Marco")
			rec.Wait(1)
		}).passed(t)
	})
}

func TestLoggedErrorsFailTheTest(t *testing.T) {
	both(t, func(t *testing.T) {
		r := try(t, func(t testing.TB) {
			sys := topictest.NewSystem(t)
			sys.Logger().Warn("warned")
			sys.Logger().With("a", 1).WithGroup("g").Error("broken", "b", 2)
			sys.Logger().Info("of no interest")
		})
		r.failedWith(t, "1 unexpected errors", "broken", "a=1 g.b=2", "AllowErrors")
		if got, want := r.logged.String(), "level=WARN msg=warned\nlevel=ERROR msg=broken a=1 g.b=2\n"; got != want {
			t.Errorf("logged %q, want %q", got, want)
		}
		try(t, func(t testing.TB) {
			sys := topictest.NewSystem(t)
			topictest.AllowErrors(sys, "brok")
			sys.Logger().Error("broken")
			sys.Logger().Error("lost")
		}).failedWith(t, "1 unexpected errors", "lost")
		try(t, func(t testing.TB) {
			sys := topictest.NewSystem(t)
			topictest.AllowErrors(sys)
			sys.Logger().Error("broken")
		}).passed(t)
	})
}

func TestLoggingAfterTheTestIsNoPanic(t *testing.T) {
	var sys *actor.System
	r := try(t, func(t testing.TB) { sys = topictest.NewSystem(t) })
	sys.Logger().Error("late")
	if r.logged.Len() > 0 {
		t.Errorf("a test that is over was written to: %s", r.logged.String())
	}
}

func TestOwnLoggerIsUsed(t *testing.T) {
	mine := slog.New(slog.DiscardHandler)
	try(t, func(t testing.TB) {
		sys := topictest.NewSystem(t, actor.WithLogger(mine), actor.WithName("mine"))
		if sys.Logger() != mine || sys.Name() != "mine" {
			t.Errorf("options are not passed on")
		}
		sys.Logger().Error("broken")
	}).passed(t)
}

func TestForeignSystemIsRefused(t *testing.T) {
	sys := actor.NewSystem()
	defer sys.Close(t.Context())
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	topictest.AllowDeadLetters(sys)
}
