package topictest_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
)

// TestGreeting is the example of the package comment.
func TestGreeting(t *testing.T) {
	sys := topictest.NewSystem(t)
	worlds, err := topic.Open[World](sys, "worlds")
	if err != nil {
		t.Fatal(err)
	}
	rec := topictest.Record(t, worlds, topictest.FailOn(2, errors.New("no")).Times(1))

	worlds.Publish(t.Context(), World{"Marco"})
	worlds.Publish(t.Context(), World{"Polo"})

	if got := rec.Wait(2); !slices.Equal(got, []World{{"Marco"}, {"Polo"}}) {
		t.Errorf("got %v", got)
	}
}
