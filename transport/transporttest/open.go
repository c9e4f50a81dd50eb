package transporttest

import (
	"errors"
	"strings"
	"time"

	"github.com/azutoolkit/echo/transport"
)

var openCases = []contractCase{
	{name: "OpenFindsTheSameLog", test: openFinds},
	{name: "OpenRefusesNames", test: openRefusesNames},
	{name: "OpenRefusesNonsense", test: openRefusesNonsense},
	{name: "UnsupportedOptionsAreRefused", test: unsupportedRefused},
	{name: "TopicsDoNotMix", test: topicsDoNotMix},
	{name: "StatsDescribeTheLog", test: statsDescribe},
}

func openFinds(t *trial) {
	first := t.open(0, "orders")
	a, b := t.follow(first, transport.Latest()), t.follow(t.open(1, "orders"), transport.Latest())
	if a.Start() != b.Start() {
		t.Fatalf("two handles of an empty log start at %v and %v", a.Start(), b.Start())
	}
	t.put(t.open(1, "orders"), records("x", 2)...)
	t.put(t.open(0, "orders"), records("y", 1)...)
	t.sees(a, "x-1", "x-2", "y-1")
	t.sees(b, "x-1", "x-2", "y-1")
}

func openRefusesNames(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	for _, name := range []string{"", "a..b", ".", "a b", "a.*", ">", "\xff", "a\x00", strings.Repeat("x", 256)} {
		if _, err := t.Links[0].Open(ctx, name, transport.Config{}); err == nil {
			t.Errorf("Open took the name %q", name)
		}
	}
	for _, name := range []string{"a/b:c", "{x}", "世界.🙂", "a%2e", "-", strings.Repeat("x", 255)} {
		log := t.open(0, name)
		r := t.follow(t.open(1, name), transport.Latest())
		t.put(log, records("x", 1)...)
		t.sees(r, "x-1")
	}
}

func openRefusesNonsense(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	for _, r := range []transport.Retention{{Count: -1}, {Bytes: -1}, {Age: -1}} {
		if _, err := t.Links[0].Open(ctx, "orders", transport.Config{Retention: r}); err == nil {
			t.Errorf("Open took the retention %+v", r)
		}
	}
	if !t.can.Groups {
		return
	}
	log := t.open(0, "orders")
	if _, err := log.Group(ctx, "a b", transport.GroupConfig{}); err == nil {
		t.Error("Group took a name with a space")
	}
	if _, err := log.Group(ctx, "workers", transport.GroupConfig{Idle: -1}); err == nil {
		t.Error("Group took a negative Idle")
	}
}

// unsupportedRefused checks that what the transport does not have is an UnsupportedError, and that what it has is not.
func unsupportedRefused(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	log := t.open(0, "orders")
	p := t.put(log, records("x", 1)...)[0]
	open := func(r transport.Retention) error {
		_, err := t.Links[0].Open(ctx, "orders", transport.Config{Retention: r})
		return err
	}
	follow := func(s transport.Start) error {
		r, err := log.Follow(ctx, s)
		if err == nil {
			err = r.Close()
		}
		return err
	}
	join := func(name string, cfg transport.GroupConfig) error {
		g, err := log.Group(ctx, name, cfg)
		if err == nil {
			err = g.Close()
		}
		return err
	}
	_, catalog := t.Links[0].(transport.Catalog)
	if t.can.Patterns && !catalog {
		t.Error("the transport has the capability Patterns and is no Catalog")
	}
	for _, c := range []struct {
		what string
		has  bool
		err  error
	}{
		{"Retention.Count", t.can.Count, open(transport.Retention{Count: 1000})},
		{"Retention.Bytes", t.can.Bytes, open(transport.Retention{Bytes: 1 << 20})},
		{"Retention.Age", t.can.Age, open(transport.Retention{Age: time.Hour})},
		{"Earliest", t.can.Replay, follow(transport.Earliest())},
		{"After", t.can.Replay, follow(transport.After(p))},
		{"Since", t.can.Time, follow(transport.Since(time.Now()))},
		{"Group", t.can.Groups, join("workers", transport.GroupConfig{})},
		{"GroupConfig.Keyed", t.can.KeyedGroups, join("keyed", transport.GroupConfig{Keyed: true})},
	} {
		var unsupported *transport.UnsupportedError
		switch {
		case c.has && c.err != nil:
			t.Errorf("%s: %v, but the transport says it can", c.what, c.err)
		case !c.has && !errors.As(c.err, &unsupported):
			t.Errorf("%s: got error %v, want an UnsupportedError: the transport says it cannot", c.what, c.err)
		case !c.has && (unsupported.Option == "" || unsupported.Transport != t.can.Name):
			t.Errorf("%s: %+v does not name the option and the transport %q", c.what, unsupported, t.can.Name)
		}
	}
}

func topicsDoNotMix(t *trial) {
	names := []string{"a", "a.b", "a.b.c", "A", "b"}
	var readers []transport.Reader
	for _, name := range names {
		readers = append(readers, t.follow(t.open(1, name), transport.Latest()))
	}
	for _, name := range names {
		t.put(t.open(0, name), records(name, 1)...)
	}
	for i, name := range names {
		t.sees(readers[i], name+"-1")
	}
}

func statsDescribe(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	log := t.open(0, "orders")
	before, err := log.Stats(ctx)
	if err != nil || before.Records != 0 || !before.First.IsZero() || before.Last.Epoch == "" {
		t.Fatalf("Stats of an empty log: %+v, %v", before, err)
	}
	rs := records("x", 5)
	ps := t.put(log, rs...)
	var size int64
	for i := range rs {
		size += int64(rs[i].Size())
	}
	after, err := t.open(1, "orders").Stats(ctx)
	if err != nil || after.Records != 5 || after.First != ps[0] || after.Last != ps[4] {
		t.Fatalf("Stats of 5 records: %+v, %v; want the positions %v to %v", after, err, ps[0], ps[4])
	}
	if after.Bytes != -1 && after.Bytes != size {
		t.Errorf("Stats has %d bytes, want %d or -1", after.Bytes, size)
	}
}
