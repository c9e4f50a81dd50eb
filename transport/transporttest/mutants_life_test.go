package transporttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/azutoolkit/echo/transport"
)

// lifeMutants break opening, links, retention, epochs, the catalog, contexts and closing.
var lifeMutants = []mutant{
	{"repeats at the seam", "ResumeMissesAndRepeatsNothing", follows(func(s transport.Start) transport.Start {
		if p := s.Position(); p.Major > 1 {
			p.Major--
			return transport.After(p)
		}
		return s
	})},
	{"misses at the seam", "ResumeMissesAndRepeatsNothing", follows(func(s transport.Start) transport.Start { return transport.Latest() })},
	{"cannot close without its link", "ClosingABrokenTransportEndsAll", func(testing.TB) *broken {
		down := false
		return &broken{
			next: func(ctx context.Context, r transport.Reader) ([]transport.Record, error) {
				rs, err := r.Next(ctx)
				down = down || errors.Is(err, transport.ErrLinkDown)
				return rs, err
			},
			close: func(t transport.Transport) error {
				if down {
					return transport.ErrLinkDown
				}
				return t.Close(context.Background())
			},
		}
	}},
	{"hides a broken link", "ABrokenLinkEndsReaders", always(broken{
		next: func(ctx context.Context, r transport.Reader) ([]transport.Record, error) {
			rs, err := r.Next(ctx)
			if errors.Is(err, transport.ErrLinkDown) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return rs, err
		},
	})},
	{"keeps what it said it has not", "AppendOnABrokenLinkIsTriedAgain", laterAppends},
	{"gives up its members on a broken link", "TakeOnABrokenLinkIsTriedAgain", always(broken{
		take: func(ctx context.Context, g transport.Group, n int) ([]transport.Delivery, error) {
			ds, err := g.Take(ctx, n)
			if errors.Is(err, transport.ErrLinkDown) {
				g.Close()
			}
			return ds, err
		},
	})},
	{"hides gaps", "ASlowReaderIsToldOfItsGap", hideGaps},
	{"hides lost logs", "ALostLogBeginsAnotherEpoch", hideGaps},
	{"counts gaps wrong", "CountDropsTheOldest", always(broken{
		next: func(ctx context.Context, r transport.Reader) ([]transport.Record, error) {
			rs, err := r.Next(ctx)
			if gap := (*transport.GapError)(nil); errors.As(err, &gap) {
				gap.Lost++
			}
			return rs, err
		},
	})},
	{"places gaps wrong", "BytesDropTheOldest", always(broken{
		next: func(ctx context.Context, r transport.Reader) ([]transport.Record, error) {
			rs, err := r.Next(ctx)
			if gap := (*transport.GapError)(nil); errors.As(err, &gap) {
				gap.Next.Major++
			}
			return rs, err
		},
	})},
	{"ignores Count", "CountDropsTheOldest", ignoreRetention},
	{"ignores Bytes", "BytesDropTheOldest", ignoreRetention},
	{"ignores Age", "AgeDropsTheOldest", ignoreRetention},
	{"ignores a later Open", "TheLastOpenSetsRetention", ignoreRetention},
	{"hides the gaps of groups", "ASlowGroupIsToldOfItsGap", hideGroupGaps},
	{"hides lost logs from groups", "AGroupIsToldOfALostLog", hideGroupGaps},
	{"has one epoch", "ALostLogBeginsAnotherEpoch", oneEpoch},
	{"has one epoch after Remove", "ARemovedTopicCanBeOpenedAgain", oneEpoch},
	{"restarts without a word", "ARestartThatKeepsTheLogLosesNothing", always(broken{
		next: func(ctx context.Context, r transport.Reader) ([]transport.Record, error) {
			rs, err := r.Next(ctx)
			if errors.Is(err, transport.ErrLinkDown) {
				return nil, io.EOF
			}
			return rs, err
		},
	})},
	{"mixes topics", "TopicsDoNotMix", always(broken{
		open: func(ctx context.Context, t transport.Transport, topic string, cfg transport.Config) (transport.Log, error) {
			return t.Open(ctx, strings.ToLower(topic), cfg)
		},
	})},
	{"takes any name", "OpenRefusesNames", always(broken{
		open: func(ctx context.Context, t transport.Transport, topic string, cfg transport.Config) (transport.Log, error) {
			return t.Open(ctx, fmt.Sprintf("x%x", topic[:min(50, len(topic))]), cfg)
		},
	})},
	{"takes any retention", "OpenRefusesNonsense", ignoreRetention},
	{"makes a log for each handle", "OpenFindsTheSameLog", func(testing.TB) *broken {
		n := 0
		return &broken{open: func(ctx context.Context, t transport.Transport, topic string, cfg transport.Config) (transport.Log, error) {
			n++
			return t.Open(ctx, fmt.Sprint(topic, n), cfg)
		}}
	}},
	{"cannot what it says it can", "UnsupportedOptionsAreRefused", always(broken{
		open: func(ctx context.Context, t transport.Transport, topic string, cfg transport.Config) (transport.Log, error) {
			if cfg.Retention.Age > 0 {
				return nil, &transport.UnsupportedError{Transport: "memory", Option: "Retention.Age"}
			}
			return t.Open(ctx, topic, cfg)
		},
	})},
	{"is silent about what it cannot", "UnsupportedOptionsAreRefused", always(broken{
		capabilities: func(c transport.Capabilities) transport.Capabilities {
			c.KeyedGroups = false
			return c
		},
	})},
	{"counts records wrong", "StatsDescribeTheLog", always(broken{stats: func(st transport.Stats) transport.Stats {
		st.Records *= 2
		return st
	}})},
	{"misses later topics", "TopicsTellsOfEveryLogOnce", always(broken{
		topics: func(ctx context.Context, c transport.Catalog, seen func(string)) error {
			n := 0
			return c.Topics(ctx, func(topic string) {
				if n++; n <= 2 {
					seen(topic)
				}
			})
		},
	})},
	{"repeats topics", "TopicsTellsOfEveryLogOnce", always(broken{
		topics: func(ctx context.Context, c transport.Catalog, seen func(string)) error {
			return c.Topics(ctx, func(topic string) { seen(topic); seen(topic) })
		},
	})},
	{"Topics returns nil", "TopicsEndsWithItsLink", always(broken{
		topics: func(ctx context.Context, c transport.Catalog, seen func(string)) error {
			c.Topics(ctx, seen)
			return nil
		},
	})},
	{"removes nothing", "RemoveEndsEverybody", always(broken{
		remove: func(context.Context, transport.Catalog, string) error { return nil },
	})},
	{"cannot remove twice", "RemovingNothingIsFine", always(broken{
		remove: func(context.Context, transport.Catalog, string) error { return transport.ErrRemoved },
	})},
	{"ignores cancelled contexts", "ACancelledContextDoesNothing", always(broken{
		append: func(ctx context.Context, l transport.Log, rs []transport.Record) ([]transport.Position, error) {
			return l.Append(context.WithoutCancel(ctx), rs)
		},
	})},
	{"appends what it refuses", "ACancelledContextDoesNothing", always(broken{
		append: func(ctx context.Context, l transport.Log, rs []transport.Record) ([]transport.Position, error) {
			ps, err := l.Append(context.WithoutCancel(ctx), rs)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return ps, err
		},
	})},
	{"is deaf while it blocks", "CancellingEndsABlockedCall", always(broken{
		next: func(ctx context.Context, r transport.Reader) ([]transport.Record, error) {
			return r.Next(context.WithoutCancel(ctx))
		},
	})},
	{"swallows records when cancelled", "ACallThatWasCancelledConsumesNothing", func(testing.TB) *broken {
		n := 0
		return &broken{next: func(ctx context.Context, r transport.Reader) ([]transport.Record, error) {
			rs, err := r.Next(ctx)
			if n++; err == nil && n%5 == 0 {
				return nil, context.DeadlineExceeded
			}
			return rs, err
		}}
	}},
	{"handles die with their context", "HandlesOutliveTheContextTheyWereMadeWith", always(broken{
		follow: func(ctx context.Context, l transport.Log, from transport.Start) (transport.Reader, error) {
			r, err := l.Follow(ctx, from)
			if err == nil {
				context.AfterFunc(ctx, func() { r.Close() })
			}
			return r, err
		},
	})},
	{"a closed reader reads on", "ClosingAReaderEndsNext", always(broken{closeReader: func(transport.Reader) error { return nil }})},
	{"a closed member takes on", "ClosingAMemberEndsTake", always(broken{closeMember: func(transport.Group) error { return nil }})},
	{"names the wrong end", "ClosingATransportEndsAll", always(broken{
		next: func(ctx context.Context, r transport.Reader) ([]transport.Record, error) {
			rs, err := r.Next(ctx)
			if errors.Is(err, transport.ErrClosed) {
				err = io.EOF
			}
			return rs, err
		},
	})},
	{"leaves a goroutine", "ClosingALogEndsItsOwn", func(t testing.TB) *broken {
		stop := make(chan struct{})
		t.Cleanup(func() { close(stop) })
		return &broken{follow: func(ctx context.Context, l transport.Log, from transport.Start) (transport.Reader, error) {
			go func() { <-stop }()
			return l.Follow(ctx, from)
		}}
	}},
	{"loses a record in the crowd", "HundredGoroutinesAtOnce", func(testing.TB) *broken {
		var n int
		var mu sync.Mutex
		return &broken{append: func(ctx context.Context, l transport.Log, rs []transport.Record) ([]transport.Position, error) {
			mu.Lock()
			if len(rs) == 2 { // not to the log that the storm removes
				n++
			}
			lose := n == 200 && len(rs) == 2
			mu.Unlock()
			if lose {
				return make([]transport.Position, len(rs)), nil
			}
			return l.Append(ctx, rs)
		}}
	}},
}
