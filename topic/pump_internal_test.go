package topic

import (
	"context"
	"testing"
	"time"

	"github.com/azutoolkit/echo/actor"
)

// A pump that is lost just when it lets a subscriber go leaves it with what came meanwhile, because the pumps that took over
// have passed already.
func TestLostPumpLeavesNobodyBehind(t *testing.T) {
	sys := actor.NewSystem()
	defer sys.Close(context.Background())
	tp, err := Open[int](sys, "n")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan int, 1)
	sub, err := tp.Subscribe(func(_ Context, n int) error {
		got <- n
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s, st := sub.hosts[0], tp.core.stream
	if !s.acquire() { // as the pump has
		t.Fatal("the subscriber is not idle")
	}
	if err := tp.Publish(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for st.pump.Load() != 0 { // the one that took over passes a subscriber that is not to be had
		<-time.After(time.Millisecond)
	}
	p := &pump{stream: st, host: s}
	p.state.Store(detached)
	p.let(s)
	select {
	case <-got:
	case <-time.After(10 * time.Second):
		t.Fatal("nobody delivers the message")
	}
}
