package topic_test

import (
	"context"
	"testing"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

type World struct{ Name string }

func TestSmoke(t *testing.T) {
	sys := actor.NewSystem()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	worlds, err := topic.Open[World](sys, "worlds")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	sub, err := worlds.Subscribe(func(ctx topic.Context, w World) error {
		got = append(got, w.Name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := worlds.Publish(ctx, World{"Marco"}); err != nil {
		t.Fatal(err)
	}
	sys.Send(worlds.PID(), World{"Polo"})
	t.Log(sub.Name())
	for i := range 10000 {
		_ = i
		if err := worlds.Publish(ctx, World{"x"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := sys.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if len(got) != 10002 || got[0] != "Marco" || got[1] != "Polo" {
		t.Fatal(len(got))
	}
	t.Log(worlds.Stats())
}
