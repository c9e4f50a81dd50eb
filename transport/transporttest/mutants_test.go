package transporttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// mutant is a way to break a transport, and the case that must see it.
type mutant struct {
	name   string
	caught string
	make   func(t testing.TB) *broken
}

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

var mutants = []mutant{
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
	{"repeats at the seam", "ResumeMissesAndRepeatsNothing", follows(func(s transport.Start) transport.Start {
		if p := s.Position(); p.Major > 1 {
			p.Major--
			return transport.After(p)
		}
		return s
	})},
	{"misses at the seam", "ResumeMissesAndRepeatsNothing", follows(func(s transport.Start) transport.Start { return transport.Latest() })},
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
	{"counts members wrong", "StatsDescribeGroups", always(broken{stats: func(st transport.Stats) transport.Stats {
		st.Groups[0].Members++
		return st
	}})},
	{"a group is a broadcast", "AGroupGivesEachRecordToOneMember", func(testing.TB) *broken {
		var mu sync.Mutex
		n := 0
		return joins(func(name *string, _ *transport.GroupConfig) {
			mu.Lock()
			defer mu.Unlock()
			n++
			*name += fmt.Sprint(n)
		})(nil)
	}},
	{"all groups are one", "GroupsAndFollowersDoNotDisturbEachOther", joins(func(name *string, _ *transport.GroupConfig) { *name = "one" })},
	{"groups start anywhere", "AGroupStartsWhereItIsTold", joins(func(_ *string, cfg *transport.GroupConfig) { cfg.Start = transport.Latest() })},
	{"groups forget their place", "AGroupKeepsItsPlaceWithoutMembers", func(testing.TB) *broken {
		n := 0
		return &broken{
			group: func(ctx context.Context, l transport.Log, name string, cfg transport.GroupConfig) (transport.Group, error) {
				return l.Group(ctx, fmt.Sprint(name, n), cfg)
			},
			closeMember: func(g transport.Group) error {
				n++
				return g.Close()
			},
		}
	}},
	{"Take ignores max", "TakeReturnsAtMostMax", always(broken{
		take: func(ctx context.Context, g transport.Group, _ int) ([]transport.Delivery, error) {
			return g.Take(ctx, 4)
		},
	})},
	{"loses what is given back", "GivenBackComesAgainFirst", always(broken{
		giveBack: func(context.Context, transport.Group, ...transport.Position) error { return nil },
	})},
	{"gives backwards", "GivenBackComesAgainFirst", always(broken{
		take: func(ctx context.Context, g transport.Group, n int) ([]transport.Delivery, error) {
			ds, err := g.Take(ctx, n)
			slices.Reverse(ds)
			return ds, err
		},
	})},
	{"does not count attempts", "AttemptsAreCounted", always(broken{
		take: func(ctx context.Context, g transport.Group, n int) ([]transport.Delivery, error) {
			ds, err := g.Take(ctx, n)
			for i := range ds {
				ds[i].Attempt = min(ds[i].Attempt, 2)
			}
			return ds, err
		},
	})},
	{"loses acks", "AcknowledgedIsFinal", always(broken{
		ack: func(context.Context, transport.Group, ...transport.Position) error { return nil },
	})},
	{"acks one of many", "AcknowledgedIsFinal", always(broken{
		ack: func(ctx context.Context, g transport.Group, ps ...transport.Position) error {
			return g.Ack(ctx, ps[:min(1, len(ps))]...)
		},
	})},
	{"anybody acknowledges", "OnlyTheHolderAcknowledges", anybodyAcks},
	{"the late acknowledge", "ASilentMemberComesTooLate", anybodyAcks},
	{"a closed member keeps", "AClosedMemberGivesBack", always(broken{closeMember: func(transport.Group) error { return nil }})},
	{"Idle is too short", "ADeadMembersRecordsComeAfterIdle", joins(func(_ *string, cfg *transport.GroupConfig) { cfg.Idle /= 10 })},
	{"Idle is too long", "ADeadMembersRecordsComeAfterIdle", joins(func(_ *string, cfg *transport.GroupConfig) { cfg.Idle *= 1000 })},
	{"a blocked Take looks once", "ABlockedTakeGetsADeadMembersRecords", always(broken{
		take: func(ctx context.Context, g transport.Group, n int) ([]transport.Delivery, error) {
			ds, err := g.Take(ctx, n)
			if len(ds) > 0 && ds[0].Attempt > 1 {
				<-ctx.Done()
			}
			return ds, err
		},
	})},
	{"a slow member is silent", "ASlowMemberIsNotSilent", always(broken{
		take: func(ctx context.Context, g transport.Group, n int) ([]transport.Delivery, error) {
			ds, err := g.Take(ctx, n)
			if len(ds) > 0 {
				time.AfterFunc(time.Second, func() { g.GiveBack(context.Background(), places(ds)...) })
			}
			return ds, err
		},
	})},
	{"members' names mean nothing", "AMemberOfTheSameNameTakesOver", joins(func(_ *string, cfg *transport.GroupConfig) { cfg.Member = "" })},
	{"the dead wait for Idle", "ADeadMemberComesBackAtOnce", joins(func(_ *string, cfg *transport.GroupConfig) { cfg.Member = "" })},
	{"keys mean nothing", "AKeyIsWithOneMemberAtATime", joins(func(_ *string, cfg *transport.GroupConfig) { cfg.Keyed = false })},
	{"keys have no order", "AKeyKeepsItsOrder", joins(func(_ *string, cfg *transport.GroupConfig) { cfg.Keyed = false })},
	{"keys of the dead have no order", "AMemberGivesBackItsKeysInOrder", joins(func(_ *string, cfg *transport.GroupConfig) { cfg.Keyed = false })},
	{"keys move too early", "AKeyMovesOnWhenItsMemberIsLost", joins(func(_ *string, cfg *transport.GroupConfig) { cfg.Keyed = false })},
	{"members need not agree", "MembersAgreeOnKeyed", joins(func(_ *string, cfg *transport.GroupConfig) { cfg.Keyed = true })},
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

func find(t *testing.T, name string) contractCase {
	for _, c := range cases() {
		if c.name == name {
			return c
		}
	}
	t.Fatalf("there is no case %s", name)
	return contractCase{}
}

func TestEveryMutantIsCaught(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			c := find(t, m.caught)
			synctest.Test(t, func(t *testing.T) {
				b := m.make(t)
				r := record(t, func(t testing.TB) { c.run(t, b.harness) })
				if r.skipped || !r.Failed() {
					t.Fatalf("%s did not see it: %v", c.name, r)
				}
				t.Logf("%s: %.300v", c.name, r)
			})
		})
	}
}

func TestEveryCaseCatchesAMutant(t *testing.T) {
	for _, c := range cases() {
		if !slices.ContainsFunc(mutants, func(m mutant) bool { return m.caught == c.name }) {
			t.Errorf("no mutant shows that %s can fail", c.name)
		}
	}
}

func TestTheSoundTransportPasses(t *testing.T) {
	for _, c := range cases() {
		synctest.Test(t, func(t *testing.T) {
			if r := record(t, func(t testing.TB) { c.run(t, new(broken).harness) }); r.skipped || r.Failed() {
				t.Errorf("%s: %v", c.name, r)
			}
		})
	}
}
