package transporttest

import (
	"context"
	"testing"

	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
)

// broken replaces calls of a transport; what is nil passes.
type broken struct {
	capabilities func(transport.Capabilities) transport.Capabilities
	open         func(ctx context.Context, t transport.Transport, topic string, cfg transport.Config) (transport.Log, error)
	append       func(ctx context.Context, l transport.Log, rs []transport.Record) ([]transport.Position, error)
	follow       func(ctx context.Context, l transport.Log, from transport.Start) (transport.Reader, error)
	stats        func(transport.Stats) transport.Stats
	next         func(ctx context.Context, r transport.Reader) ([]transport.Record, error)
	start        func(transport.Position) transport.Position
	closeReader  func(transport.Reader) error
	group        func(ctx context.Context, l transport.Log, name string, cfg transport.GroupConfig) (transport.Group, error)
	take         func(ctx context.Context, g transport.Group, max int) ([]transport.Delivery, error)
	ack          func(ctx context.Context, g transport.Group, ps ...transport.Position) error
	giveBack     func(ctx context.Context, g transport.Group, ps ...transport.Position) error
	closeMember  func(transport.Group) error
	topics       func(ctx context.Context, c transport.Catalog, seen func(string)) error
	remove       func(ctx context.Context, c transport.Catalog, topic string) error
	close        func(transport.Transport) error
}

// harness is one of memory, broken.
func (b *broken) harness(t testing.TB) Harness {
	hub := memory.New(memory.MaxRecord(17 << 20))
	t.Cleanup(func() { hub.Close(context.Background()) })
	links := []*memory.Link{hub.Link("a"), hub.Link("b")}
	return Harness{
		Links: []transport.Transport{brokenTransport{links[0], b}, brokenTransport{links[1], b}},
		Faults: Faults{
			Cut:         func(i int) { links[i].Cut() },
			Heal:        func(i int) { links[i].Heal() },
			Kill:        func(i int) { links[i].Kill() },
			LoseReplies: func(i, n int) { links[i].LoseReplies(n) },
			Restart:     hub.Restart,
		},
	}
}

type brokenTransport struct {
	*memory.Link
	b *broken
}

func (t brokenTransport) Capabilities() transport.Capabilities {
	if t.b.capabilities != nil {
		return t.b.capabilities(t.Link.Capabilities())
	}
	return t.Link.Capabilities()
}

func (t brokenTransport) Open(ctx context.Context, topic string, cfg transport.Config) (log transport.Log, err error) {
	if t.b.open != nil {
		log, err = t.b.open(ctx, t.Link, topic, cfg)
	} else {
		log, err = t.Link.Open(ctx, topic, cfg)
	}
	return brokenLog{log, t.b}, err
}

func (t brokenTransport) Close(ctx context.Context) error {
	if t.b.close != nil {
		return t.b.close(t.Link)
	}
	return t.Link.Close(ctx)
}

func (t brokenTransport) Topics(ctx context.Context, seen func(string)) error {
	if t.b.topics != nil {
		return t.b.topics(ctx, t.Link, seen)
	}
	return t.Link.Topics(ctx, seen)
}

func (t brokenTransport) Remove(ctx context.Context, topic string) error {
	if t.b.remove != nil {
		return t.b.remove(ctx, t.Link, topic)
	}
	return t.Link.Remove(ctx, topic)
}

type brokenLog struct {
	transport.Log
	b *broken
}

func (l brokenLog) Append(ctx context.Context, rs []transport.Record) ([]transport.Position, error) {
	if l.b.append != nil {
		return l.b.append(ctx, l.Log, rs)
	}
	return l.Log.Append(ctx, rs)
}

func (l brokenLog) Follow(ctx context.Context, from transport.Start) (r transport.Reader, err error) {
	if l.b.follow != nil {
		r, err = l.b.follow(ctx, l.Log, from)
	} else {
		r, err = l.Log.Follow(ctx, from)
	}
	return brokenReader{r, l.b}, err
}

func (l brokenLog) Group(ctx context.Context, name string, cfg transport.GroupConfig) (g transport.Group, err error) {
	if l.b.group != nil {
		g, err = l.b.group(ctx, l.Log, name, cfg)
	} else {
		g, err = l.Log.Group(ctx, name, cfg)
	}
	return brokenGroup{g, l.b}, err
}

func (l brokenLog) Stats(ctx context.Context) (transport.Stats, error) {
	st, err := l.Log.Stats(ctx)
	if l.b.stats != nil {
		st = l.b.stats(st)
	}
	return st, err
}

type brokenReader struct {
	transport.Reader
	b *broken
}

func (r brokenReader) Next(ctx context.Context) ([]transport.Record, error) {
	if r.b.next != nil {
		return r.b.next(ctx, r.Reader)
	}
	return r.Reader.Next(ctx)
}

func (r brokenReader) Start() transport.Position {
	if r.b.start != nil {
		return r.b.start(r.Reader.Start())
	}
	return r.Reader.Start()
}

func (r brokenReader) Close() error {
	if r.b.closeReader != nil {
		return r.b.closeReader(r.Reader)
	}
	return r.Reader.Close()
}

type brokenGroup struct {
	transport.Group
	b *broken
}

func (g brokenGroup) Take(ctx context.Context, max int) ([]transport.Delivery, error) {
	if g.b.take != nil {
		return g.b.take(ctx, g.Group, max)
	}
	return g.Group.Take(ctx, max)
}

func (g brokenGroup) Ack(ctx context.Context, ps ...transport.Position) error {
	if g.b.ack != nil {
		return g.b.ack(ctx, g.Group, ps...)
	}
	return g.Group.Ack(ctx, ps...)
}

func (g brokenGroup) GiveBack(ctx context.Context, ps ...transport.Position) error {
	if g.b.giveBack != nil {
		return g.b.giveBack(ctx, g.Group, ps...)
	}
	return g.Group.GiveBack(ctx, ps...)
}

func (g brokenGroup) Close() error {
	if g.b.closeMember != nil {
		return g.b.closeMember(g.Group)
	}
	return g.Group.Close()
}
