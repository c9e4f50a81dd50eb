package transporttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/azutoolkit/echo/transport"
)

// reads breaks what Next returns.
func reads(f func([]transport.Record) []transport.Record) func(testing.TB) *broken {
	return func(testing.TB) *broken {
		return &broken{next: func(ctx context.Context, r transport.Reader) ([]transport.Record, error) {
			rs, err := r.Next(ctx)
			return f(rs), err
		}}
	}
}

// eachRecord breaks every record that Next returns.
func eachRecord(f func(*transport.Record)) func(testing.TB) *broken {
	return reads(func(rs []transport.Record) []transport.Record {
		for i := range rs {
			f(&rs[i])
		}
		return rs
	})
}

// always makes a broken transport that has no state.
func always(b broken) func(testing.TB) *broken {
	return func(testing.TB) *broken { return &b }
}

func joins(change func(name *string, cfg *transport.GroupConfig)) func(testing.TB) *broken {
	return always(broken{group: func(ctx context.Context, l transport.Log, name string, cfg transport.GroupConfig) (transport.Group, error) {
		change(&name, &cfg)
		return l.Group(ctx, name, cfg)
	}})
}

func follows(change func(transport.Start) transport.Start) func(testing.TB) *broken {
	return always(broken{follow: func(ctx context.Context, l transport.Log, from transport.Start) (transport.Reader, error) {
		return l.Follow(ctx, change(from))
	}})
}

// lazy resolves its start when Next is called first.
type lazy struct {
	transport.Reader
	log  transport.Log
	from transport.Start
	once sync.Once
}

func (l *lazy) Next(ctx context.Context) ([]transport.Record, error) {
	l.once.Do(func() { l.Reader, _ = l.log.Follow(ctx, l.from) })
	return l.Reader.Next(ctx)
}

func hideGaps(testing.TB) *broken {
	return &broken{next: func(ctx context.Context, r transport.Reader) ([]transport.Record, error) {
		for {
			rs, err := r.Next(ctx)
			if gap := (*transport.GapError)(nil); !errors.As(err, &gap) {
				return rs, err
			}
		}
	}}
}

func hideGroupGaps(testing.TB) *broken {
	return &broken{take: func(ctx context.Context, g transport.Group, n int) ([]transport.Delivery, error) {
		for {
			ds, err := g.Take(ctx, n)
			if gap := (*transport.GapError)(nil); !errors.As(err, &gap) {
				return ds, err
			}
		}
	}}
}

func ignoreRetention(testing.TB) *broken {
	return &broken{open: func(ctx context.Context, t transport.Transport, topic string, _ transport.Config) (transport.Log, error) {
		return t.Open(ctx, topic, transport.Config{})
	}}
}

// forgetIDs makes every ID another one for the log, and the same again for readers.
func forgetIDs(testing.TB) *broken {
	n := 0
	return &broken{
		append: func(ctx context.Context, l transport.Log, rs []transport.Record) ([]transport.Position, error) {
			rs = slices.Clone(rs)
			for i := range rs {
				n++
				rs[i].ID += fmt.Sprintf("\x00%d", n)
			}
			return l.Append(ctx, rs)
		},
		next: eachRecord(func(r *transport.Record) { r.ID, _, _ = strings.Cut(r.ID, "\x00") })(nil).next,
	}
}

// laterAppends reports ErrLinkDown, and appends all the same when the link is up again.
func laterAppends(testing.TB) *broken {
	var waiting []transport.Record
	return &broken{append: func(ctx context.Context, l transport.Log, rs []transport.Record) ([]transport.Position, error) {
		ps, err := l.Append(ctx, append(slices.Clone(waiting), rs...))
		if errors.Is(err, transport.ErrLinkDown) {
			waiting = append(waiting, rs...)
		}
		return ps[max(0, len(ps)-len(rs)):], err
	}}
}

func oneEpoch(testing.TB) *broken {
	b := eachRecord(func(r *transport.Record) { r.Position.Epoch = "one" })(nil)
	b.start = func(p transport.Position) transport.Position {
		p.Epoch = "one"
		return p
	}
	b.append = func(ctx context.Context, l transport.Log, rs []transport.Record) ([]transport.Position, error) {
		ps, err := l.Append(ctx, rs)
		for i := range ps {
			ps[i].Epoch = "one"
		}
		return ps, err
	}
	return b
}

// anybodyAcks hands an Ack to whoever holds the record.
func anybodyAcks(testing.TB) *broken {
	holder := map[transport.Position]transport.Group{}
	return &broken{
		take: func(ctx context.Context, g transport.Group, n int) ([]transport.Delivery, error) {
			ds, err := g.Take(ctx, n)
			for _, d := range ds {
				holder[d.Position] = g
			}
			return ds, err
		},
		ack: func(ctx context.Context, g transport.Group, ps ...transport.Position) error {
			for _, p := range ps {
				if h := holder[p]; h != nil {
					if err := h.Ack(ctx, p); err != nil {
						return err
					}
				}
			}
			return g.Ack(ctx, ps...)
		},
	}
}
