package transport_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/azutoolkit/echo/transport"
)

func unsupported(t *testing.T, err error, option string) {
	t.Helper()
	var u *transport.UnsupportedError
	if !errors.As(err, &u) || u.Option != option || u.Transport != "bare" {
		t.Errorf("got %v, want an UnsupportedError for %s", err, option)
	}
}

func TestCapabilitiesRefuseWhatTheyLack(t *testing.T) {
	bare := transport.Capabilities{Name: "bare"}
	config := func(r transport.Retention) error { return bare.CheckConfig(transport.Config{Retention: r}) }
	unsupported(t, config(transport.Retention{Count: 1}), "Retention.Count")
	unsupported(t, config(transport.Retention{Bytes: 1}), "Retention.Bytes")
	unsupported(t, config(transport.Retention{Age: 1}), "Retention.Age")
	unsupported(t, bare.CheckStart(transport.Earliest()), "Start earliest")
	unsupported(t, bare.CheckStart(transport.After(transport.Position{Epoch: "e", Major: 3})), "Start after e/3")
	unsupported(t, bare.CheckStart(transport.Since(time.Unix(0, 0).UTC())), "Start since 1970-01-01T00:00:00Z")
	unsupported(t, bare.CheckGroup("g", transport.GroupConfig{}), "Group")
	if err := errors.Join(config(transport.Retention{}), bare.CheckStart(transport.Latest())); err != nil {
		t.Errorf("the zero config and Latest were refused: %v", err)
	}
	bare.Groups = true
	unsupported(t, bare.CheckGroup("g", transport.GroupConfig{Keyed: true}), "GroupConfig.Keyed")
	unsupported(t, bare.CheckGroup("g", transport.GroupConfig{Start: transport.Earliest()}), "Start earliest")
	for _, err := range []error{
		config(transport.Retention{Count: -1}),
		config(transport.Retention{Bytes: -1}),
		config(transport.Retention{Age: -1}),
		bare.CheckGroup("g", transport.GroupConfig{Idle: -1}),
		bare.CheckGroup("a b", transport.GroupConfig{}),
	} {
		if u := (*transport.UnsupportedError)(nil); err == nil || errors.As(err, &u) {
			t.Errorf("got %v, want an error about the value", err)
		}
	}
}

func TestStartOfNoPositionIsEarliest(t *testing.T) {
	if s := transport.After(transport.Position{}); s != transport.Earliest() {
		t.Errorf("got %v", s)
	}
	if (transport.Start{}) != transport.Latest() {
		t.Error("the zero Start is not Latest")
	}
}

func TestRecordSizeCountsAllText(t *testing.T) {
	r := transport.Record{ID: "1", Source: "12", Type: "123", Key: "1234", ContentType: "12345", TraceParent: "123456",
		Headers: map[string]string{"k": "vw", "": ""}, Data: make([]byte, 100)}
	if got := r.Size(); got != 21+3+100 {
		t.Errorf("got %d", got)
	}
}

func ExampleGapError() {
	var err error = fmt.Errorf("memory: read %q: %w", "orders",
		&transport.GapError{Lost: 12, Next: transport.Position{Epoch: "k3", Major: 29}})
	var gap *transport.GapError
	if errors.As(err, &gap) {
		fmt.Println(gap.Lost)
	}
	fmt.Println(err)
	// Output:
	// 12
	// memory: read "orders": transport: 12 records were lost; reading goes on behind k3/29
}

func ExampleUnsupportedError() {
	fmt.Println(transport.Capabilities{Name: "redis"}.CheckConfig(transport.Config{Retention: transport.Retention{Bytes: 1 << 20}}))
	// Output:
	// transport: redis does not support Retention.Bytes: leave the option out or use another transport
}
