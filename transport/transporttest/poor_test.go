package transporttest

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
)

// poor is a transport that can do nothing but append and follow from now on, and says so.
type poor struct{ inner *memory.Link }

func (p poor) Capabilities() transport.Capabilities { return transport.Capabilities{Name: "poor"} }

func (p poor) Open(ctx context.Context, topic string, cfg transport.Config) (transport.Log, error) {
	if err := p.Capabilities().CheckConfig(cfg); err != nil {
		return nil, err
	}
	log, err := p.inner.Open(ctx, topic, cfg)
	return poorLog{log, p.Capabilities()}, err
}

func (p poor) Close(ctx context.Context) error { return p.inner.Close(ctx) }

type poorLog struct {
	transport.Log
	can transport.Capabilities
}

func (l poorLog) Follow(ctx context.Context, from transport.Start) (transport.Reader, error) {
	if err := l.can.CheckStart(from); err != nil {
		return nil, err
	}
	return l.Log.Follow(ctx, from)
}

func (l poorLog) Group(ctx context.Context, name string, cfg transport.GroupConfig) (transport.Group, error) {
	if err := l.can.CheckGroup(name, cfg); err != nil {
		return nil, err
	}
	return l.Log.Group(ctx, name, cfg)
}

// TestAPoorTransportPassesWhatItPromises runs the suite against a transport without capabilities and faults.
func TestAPoorTransportPassesWhatItPromises(t *testing.T) {
	newHarness := func(t testing.TB) Harness {
		hub := memory.New()
		t.Cleanup(func() { hub.Close(context.Background()) })
		return Harness{Links: []transport.Transport{poor{hub.Link("a")}, poor{hub.Link("b")}}}
	}
	for _, c := range cases() {
		synctest.Test(t, func(t *testing.T) {
			r := record(t, func(t testing.TB) { c.run(t, newHarness) })
			if r.Failed() {
				t.Errorf("%s: %v", c.name, r)
			}
			if r.skipped != (len(c.needs) > 0) {
				t.Errorf("%s: skipped is %v: %v", c.name, r.skipped, r)
			}
		})
	}
}

func TestRunWantsTwoLinks(t *testing.T) {
	r := record(t, func(t testing.TB) {
		cases()[0].run(t, func(testing.TB) Harness { return Harness{} })
	})
	if !r.Failed() {
		t.Error("a harness without links was accepted")
	}
}
