package transporttest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/azutoolkit/echo/transport"
)

// groupMutants break groups.
var groupMutants = []mutant{
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
}
