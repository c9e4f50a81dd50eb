package actor_test

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
)

func TestSystemIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{level: slog.LevelDebug}
		s := newSystem(t, actor.WithLogger(l.logger()))
		pid := spawn(t, s, echo)
		_, _ = actor.Ask[int](t.Context(), s, pid, 1)
		_ = s.Stop(t.Context(), pid)
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		l.want(t, "")
	})
}

func TestDeadLettersAreLoggedOnceASecondWithoutPayload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{}
		s := newSystem(t, actor.WithLogger(l.logger()))
		nobody := actor.NewPID("test", "nobody")
		for range 10 {
			s.Send(nobody, "secret")
		}
		time.Sleep(time.Second)
		s.Send(nobody, "secret")
		s.Send(nobody, "secret")
		if l.count("") != 2 || l.count(`level=WARN msg="dead letter" to=nobody type=string reason="actor: no such actor" suppressed=9`) != 1 || l.count("secret") != 0 {
			t.Errorf("log: %s", l)
		}
		_ = s.Close(t.Context())
		if l.count(`msg="dead letters" suppressed=1`) != 1 {
			t.Errorf("log: %s", l)
		}
	})
}

func TestDeadLetterListeners(t *testing.T) {
	l := &logs{}
	s := newSystem(t, actor.WithLogger(l.logger()))
	first, second := deadLetters(t, s), &record{}
	cancel := s.OnDeadLetter(func(d actor.DeadLetter) { second.add("%v", d.Message) })
	s.OnDeadLetter(func(actor.DeadLetter) { panic("listener") })
	s.DeadLetter(actor.DeadLetter{Message: 1, Reason: errBad})
	cancel()
	cancel()
	s.DeadLetter(actor.DeadLetter{Message: 2})
	first.want(t, "1(bad) 2(actor: no such actor)")
	second.want(t, "1")
	if l.count("panic in a listener") != 2 {
		t.Errorf("log: %s", l)
	}
}

func TestDeadLetterListenerThatSendsToTheDeadEnds(t *testing.T) {
	s := newSystem(t)
	n := 0
	s.OnDeadLetter(func(d actor.DeadLetter) { n++; s.Send(actor.NewPID("test", "nobody"), d) })
	s.Send(nil, 1)
	if n < 2 || n > 1000 {
		t.Errorf("called %d times", n)
	}
}
