package memory_test

import (
	"context"
	"testing"
	"time"

	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
	"github.com/azutoolkit/echo/transport/transporttest"
)

func harness(t testing.TB) transporttest.Harness {
	hub := memory.New()
	t.Cleanup(func() { hub.Close(context.Background()) })
	links := []*memory.Link{hub.Link("a"), hub.Link("b")}
	return transporttest.Harness{
		Links: []transport.Transport{links[0], links[1]},
		Faults: transporttest.Faults{
			Cut:         func(i int) { links[i].Cut() },
			Heal:        func(i int) { links[i].Heal() },
			Kill:        func(i int) { links[i].Kill() },
			LoseReplies: func(i, n int) { links[i].LoseReplies(n) },
			Restart:     hub.Restart,
		},
	}
}

func TestContract(t *testing.T) {
	transporttest.Run(t, harness, transporttest.Synctest())
}

func TestContractInRealTime(t *testing.T) {
	transporttest.Run(t, func(t testing.TB) transporttest.Harness {
		h := harness(t)
		h.Idle, h.Quiet = 120*time.Millisecond, 10*time.Millisecond
		return h
	})
}
