package topictest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
)

func TestWaitReturnsWhatCame(t *testing.T) {
	both(t, func(t *testing.T) {
		worlds := open(t, topictest.NewSystem(t))
		publish(t, worlds, "Cathay")
		rec := topictest.Record(t, worlds, topictest.With(topic.From(topic.Earliest), topic.Name("scribe")))
		go func() {
			for _, name := range []string{"Marco", "Polo"} {
				if err := worlds.Publish(t.Context(), World{name}, topic.Key("k"), topic.ID(name), topic.Header("h", "v")); err != nil {
					t.Error(err)
				}
			}
		}()
		got := rec.Wait(3)
		if len(got) != 3 || got[0].Name != "Cathay" || got[1].Name != "Marco" || got[2].Name != "Polo" {
			t.Fatalf("got %v", got)
		}
		if len(rec.Messages()) != 3 || rec.Subscription().Name() != "scribe" {
			t.Error("messages or subscription are others")
		}
		e := rec.Entries()[2]
		if e.Message.Name != "Polo" || e.Topic != "worlds" || e.ID != "Polo" || e.Key != "k" || e.Headers["h"] != "v" || e.Attempt != 1 ||
			e.Time.IsZero() || e.Position.IsZero() || !strings.HasSuffix(e.Subscriber, "scribe") {
			t.Errorf("entry %+v", e)
		}
	})
}

func TestWaitFailsWithWhatWasSeen(t *testing.T) {
	both(t, func(t *testing.T) {
		begin := time.Now()
		try(t, func(t testing.TB) {
			worlds := open(t, topictest.NewSystem(t))
			rec := topictest.Record(t, worlds, topictest.Within(50*time.Millisecond), topictest.With(topic.Name("scribe")))
			publish(t, worlds, "Marco", "Polo")
			rec.Wait(3)
			t.Errorf("Wait came back")
		}).failedWith(t, "waiting for 3 messages: not within", "2 recorded", "Marco", "Polo", `"scribe" is idle`)
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestWaitInABubbleHasAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		worlds := open(t, topictest.NewSystem(t))
		rec := topictest.Record(t, worlds)
		time.AfterFunc(50*time.Minute, func() { worlds.Publish(t.Context(), World{"late"}) })
		rec.Wait(1)
	})
}

func TestWaitForACondition(t *testing.T) {
	both(t, func(t *testing.T) {
		worlds := open(t, topictest.NewSystem(t))
		rec := topictest.Record(t, worlds)
		go worlds.PublishBatch(t.Context(), []World{{"a"}, {"b"}, {"c"}})
		got := rec.WaitFor(func(all []World) bool { return len(all) > 0 && all[len(all)-1].Name == "c" })
		if len(got) != 3 {
			t.Errorf("got %v", got)
		}
	})
	try(t, func(t testing.TB) {
		rec := topictest.Record(t, open(t, topictest.NewSystem(t)), topictest.Within(time.Millisecond))
		rec.WaitFor(func([]World) bool { return false })
	}).failedWith(t, "waiting for the condition: not within 1ms", "0 recorded")
}

func TestWaitEndsWithTheSubscription(t *testing.T) {
	both(t, func(t *testing.T) {
		try(t, func(t testing.TB) {
			worlds := open(t, topictest.NewSystem(t))
			rec := topictest.Record(t, worlds)
			go worlds.Remove(t.Context())
			rec.Wait(1)
		}).failedWith(t, "the subscription has ended: "+topic.ErrRemoved.Error())
	})
}

func TestWaitEndsWithTheTest(t *testing.T) {
	both(t, func(t *testing.T) {
		var rec *topictest.Recorder[World]
		try(t, func(t testing.TB) {
			rec = topictest.Record(t, open(t, topictest.NewSystem(t)))
			t.Cleanup(func() { rec.Wait(1) })
		}).failedWith(t, "the test is over")
	})
}

func TestRecordThatCannotSubscribeFailsAtOnce(t *testing.T) {
	try(t, func(t testing.TB) {
		worlds := open(t, topictest.NewSystem(t))
		topictest.Record(t, worlds, topictest.With(topic.Buffer(0)))
		t.Errorf("Record came back")
	}).failedWith(t, "buffer of 0")
}

func TestRecordAPattern(t *testing.T) {
	both(t, func(t *testing.T) {
		sys := topictest.NewSystem(t)
		all, err := topic.Match[World](sys, ">")
		if err != nil {
			t.Fatal(err)
		}
		rec := topictest.Record(t, all)
		publish(t, open(t, sys), "Marco")
		if got := rec.Wait(1); got[0].Name != "Marco" {
			t.Errorf("got %v", got)
		}
	})
}

func TestFailOnFailsTheNthMessage(t *testing.T) {
	both(t, func(t *testing.T) {
		sys := topictest.NewSystem(t)
		topictest.AllowDeadLetters(sys, func(l topictest.Letter) bool { return l.Message() == World{"b"} })
		worlds := open(t, sys)
		fault := topictest.FailOn(2, errors.New("no"))
		rec := topictest.Record(t, worlds, fault)
		publish(t, worlds, "a", "b", "c")
		got := rec.Wait(2)
		if got[0].Name != "a" || got[1].Name != "c" || fault.Struck() != 4 {
			t.Errorf("got %v, struck %d times", got, fault.Struck())
		}
	})
}

func TestFaultOfTwoAttemptsSucceedsWithTheThird(t *testing.T) {
	for name, fault := range map[string]*topictest.Fault{
		"error": topictest.FailOn(2, errors.New("no")).Times(2),
		"panic": topictest.PanicOn(2, "no").Times(2),
	} {
		t.Run(name, func(t *testing.T) {
			worlds := open(t, topictest.NewSystem(t))
			rec := topictest.Record(t, worlds, fault)
			publish(t, worlds, "a", "b", "c")
			rec.Wait(3)
			if e := rec.Entries(); e[1].Message.Name != "b" || e[1].Attempt != 3 || e[2].Attempt != 1 || fault.Struck() != 2 {
				t.Errorf("recorded %+v", e)
			}
			if restarts := rec.Subscription().Stats()[0].Restarts; restarts != map[string]uint64{"error": 0, "panic": 2}[name] {
				t.Errorf("%d restarts", restarts)
			}
		})
	}
}

func TestFailingWrapsAnyFunction(t *testing.T) {
	both(t, func(t *testing.T) {
		worlds := open(t, topictest.NewSystem(t))
		got := make(chan string, 10)
		fault := topictest.FailOn(1, errors.New("no")).Times(1)
		if _, err := worlds.Subscribe(topictest.Failing(func(_ topic.Context, w World) error {
			got <- w.Name
			return nil
		}, fault)); err != nil {
			t.Fatal(err)
		}
		publish(t, worlds, "a")
		if name := <-got; name != "a" || fault.Struck() != 1 {
			t.Errorf("got %q, struck %d times", name, fault.Struck())
		}
	})
}

func TestFaultsAreCountedFromOne(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	topictest.FailOn(0, nil)
}
