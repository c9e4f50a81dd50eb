package transporttest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// orderMutants break order, records, starts and IDs.
var orderMutants = []mutant{
	{"drops a record", "OnePublisherKeepsItsOrder", reads(func(rs []transport.Record) []transport.Record {
		return slices.DeleteFunc(rs, func(r transport.Record) bool { return r.ID == "x-77" })
	})},
	{"swaps two records", "AllFollowersSeeOneOrder", reads(func(rs []transport.Record) []transport.Record {
		if len(rs) > 1 {
			rs[0], rs[1] = rs[1], rs[0]
		}
		return rs
	})},
	{"repeats a record", "OnePublisherKeepsItsOrder", reads(func(rs []transport.Record) []transport.Record {
		return append(rs, rs[max(0, len(rs)-1):]...)
	})},
	{"replay misses the oldest", "ReplayJoinsTheLiveFlow", reads(func(rs []transport.Record) []transport.Record {
		return slices.DeleteFunc(rs, func(r transport.Record) bool { return r.ID == "x-1" })
	})},
	{"Earliest is Latest", "EarliestSeesAllThatIsRetained", follows(func(s transport.Start) transport.Start {
		if s.Kind() == transport.StartEarliest {
			return transport.Latest()
		}
		return s
	})},
	{"Latest is Earliest", "LatestSeesOnlyWhatIsLater", follows(func(s transport.Start) transport.Start { return transport.Earliest() })},
	{"Since takes all", "SinceStartsAtATime", follows(func(s transport.Start) transport.Start {
		if s.Kind() == transport.StartSince {
			return transport.Earliest()
		}
		return s
	})},
	{"After is inclusive", "AfterGoesOnBehindAPosition", follows(func(s transport.Start) transport.Start {
		if p := s.Position(); p.Major > 0 {
			p.Major--
			return transport.After(p)
		}
		return s
	})},
	{"an unknown place is the beginning", "AfterAnUnknownPlaceIsAGap", hideGaps},
	{"starts when it is read first", "FollowIsInEffectWhenItReturns", always(broken{
		follow: func(ctx context.Context, l transport.Log, from transport.Start) (transport.Reader, error) {
			r, err := l.Follow(ctx, from)
			return &lazy{Reader: r, log: l, from: from}, err
		},
	})},
	{"Start has no epoch", "StartSaysWhatWillBeRead", always(broken{start: func(p transport.Position) transport.Position {
		p.Epoch = ""
		return p
	}})},
	{"Start is late", "StartSaysWhatWillBeRead", always(broken{start: func(p transport.Position) transport.Position {
		p.Major++
		return p
	}})},
	{"batches are split", "BatchesAreWhole", always(broken{
		append: func(ctx context.Context, l transport.Log, rs []transport.Record) (ps []transport.Position, err error) {
			for i := range rs {
				p, err := l.Append(ctx, rs[i:i+1])
				if err != nil {
					return nil, err
				}
				ps = append(ps, p...)
				select {
				case <-ctx.Done():
				case <-time.After(time.Microsecond):
				}
			}
			return ps, nil
		},
	})},
	{"positions are made up", "AppendAndFollowAgreeOnPositions", always(broken{
		append: func(ctx context.Context, l transport.Log, rs []transport.Record) ([]transport.Position, error) {
			ps, err := l.Append(ctx, rs)
			for i := range ps {
				ps[i].Major += 5
			}
			return ps, err
		},
	})},
	{"changes the caller's slice", "TheSliceStaysTheCallers", always(broken{
		append: func(ctx context.Context, l transport.Log, rs []transport.Record) ([]transport.Position, error) {
			ps, err := l.Append(ctx, rs)
			for i := range ps {
				rs[i].Position = ps[i]
			}
			return ps, err
		},
	})},
	{"cuts data at NUL", "EveryFieldSurvives", eachRecord(func(r *transport.Record) { r.Data, _, _ = bytes.Cut(r.Data, []byte{0}) })},
	{"repairs UTF-8", "EveryFieldSurvives", eachRecord(func(r *transport.Record) { r.Key = strings.ToValidUTF8(r.Key, "\ufffd") })},
	{"loses headers", "EveryFieldSurvives", eachRecord(func(r *transport.Record) { r.Headers = nil })},
	{"has times in seconds", "EveryFieldSurvives", eachRecord(func(r *transport.Record) { r.Time = r.Time.Truncate(time.Second) })},
	{"has Unix times only", "EveryFieldSurvives", eachRecord(func(r *transport.Record) { r.Time = time.UnixMilli(max(0, r.Time.UnixMilli())) })},
	{"cuts huge records", "HugeRecordsSurvive", eachRecord(func(r *transport.Record) { r.Data = r.Data[:min(len(r.Data), 1<<20)] })},
	{"appends what is not too large", "TooLargeAppendsNothing", always(broken{
		append: func(ctx context.Context, l transport.Log, rs []transport.Record) (ps []transport.Position, err error) {
			for i := range rs {
				p, err := l.Append(ctx, rs[i:i+1])
				if err != nil {
					return nil, err
				}
				ps = append(ps, p...)
			}
			return ps, nil
		},
	})},
	{"does not compare IDs", "AnIDIsAppendedOnce", forgetIDs},
	{"does not compare IDs of a batch", "AnIDIsAppendedOnceInABatch", forgetIDs},
	{"does not compare IDs of unknown outcomes", "UnknownOutcomeRetriedIsOneCopy", forgetIDs},
	{"compares empty IDs", "RecordsWithoutIDAreNotCompared", always(broken{
		append: func(ctx context.Context, l transport.Log, rs []transport.Record) ([]transport.Position, error) {
			rs = slices.Clone(rs)
			for i := range rs {
				rs[i].ID += "!"
			}
			return l.Append(ctx, rs)
		},
	})},
	{"knows better", "UnknownOutcomeRetriedIsOneCopy", always(broken{
		append: func(ctx context.Context, l transport.Log, rs []transport.Record) ([]transport.Position, error) {
			ps, err := l.Append(ctx, rs)
			if errors.Is(err, transport.ErrUnknown) {
				err = transport.ErrLinkDown
			}
			return ps, err
		},
	})},
	{"appends nothing as something", "NothingAppendedIsNothing", always(broken{
		append: func(ctx context.Context, l transport.Log, rs []transport.Record) ([]transport.Position, error) {
			if len(rs) == 0 {
				l.Append(ctx, make([]transport.Record, 1))
				return nil, nil
			}
			return l.Append(ctx, rs)
		},
	})},
}
