package memory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
)

// model is a group in the simplest words: a list of records in order, each with who holds it.
type model struct {
	keyed   bool
	records []modelRecord
}

type modelRecord struct {
	key    string
	holder int // 0 = nobody, -1 = acknowledged
	given  int
}

// take gives member who the first n records that it may have.
func (m *model) take(who, n int) (out []string) {
	for i := range m.records {
		r := &m.records[i]
		if r.holder != 0 || len(out) == n || !m.may(who, r.key) {
			continue
		}
		r.holder = who
		r.given++
		out = append(out, fmt.Sprintf("%d#%d", i+1, r.given))
	}
	return out
}

// may says whether nobody else holds records of the key.
func (m *model) may(who int, key string) bool {
	return !m.keyed || key == "" || !slices.ContainsFunc(m.records, func(r modelRecord) bool {
		return r.key == key && r.holder > 0 && r.holder != who
	})
}

func (m *model) held(who int) (places []uint64) {
	for i, r := range m.records {
		if r.holder == who {
			places = append(places, uint64(i+1))
		}
	}
	return places
}

func (m *model) set(places []uint64, holder int) {
	for _, p := range places {
		m.records[p-1].holder = holder
	}
}

// TestGroupsBehaveAsTheModel plays random games with a group and with the model.
func TestGroupsBehaveAsTheModel(t *testing.T) {
	for _, keyed := range []bool{false, true} {
		t.Run(fmt.Sprint("keyed=", keyed), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { play(t, keyed) })
		})
	}
}

func play(t *rapid.T, keyed bool) {
	ctx := context.Background()
	hub := memory.New()
	defer hub.Close(ctx)
	log, err := hub.Open(ctx, "orders", transport.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const members = 3
	m := &model{keyed: keyed}
	var epoch string
	links := map[int]*memory.Link{}
	group := map[int]transport.Group{}
	name := map[int]string{}
	join := func(who int) {
		links[who] = hub.Link("")
		log, err := links[who].Open(ctx, "orders", transport.Config{})
		if err == nil {
			group[who], err = log.Group(ctx, "workers", transport.GroupConfig{
				Keyed: keyed, Start: transport.Earliest(), Member: name[who], Idle: 1, // over at once
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for who := 1; who <= members; who++ {
		name[who] = fmt.Sprint(who)
		join(who)
	}
	member := rapid.IntRange(1, members)
	some := func(who int) ([]uint64, []transport.Position) {
		var places []uint64
		for _, p := range m.held(who) {
			if rapid.Bool().Draw(t, "this") {
				places = append(places, p)
			}
		}
		var ps []transport.Position
		for _, p := range places {
			ps = append(ps, transport.Position{Epoch: epoch, Major: p})
		}
		return places, ps
	}
	t.Repeat(map[string]func(*rapid.T){
		"put": func(t *rapid.T) {
			for _, key := range rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b", "c"}), 1, 8).Draw(t, "keys") {
				ps, err := log.Append(ctx, []transport.Record{{Key: key}})
				if err != nil {
					t.Fatal(err)
				}
				epoch = ps[0].Epoch
				m.records = append(m.records, modelRecord{key: key})
			}
		},
		"take": func(t *rapid.T) {
			who, n := member.Draw(t, "who"), rapid.IntRange(1, 5).Draw(t, "n")
			want := m.take(who, n)
			patience := 10 * time.Second
			if len(want) == 0 {
				patience = 50 * time.Microsecond
			}
			short, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			ds, err := group[who].Take(short, n)
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			var got []string
			for _, d := range ds {
				got = append(got, fmt.Sprintf("%d#%d", d.Position.Major, d.Attempt))
			}
			if !slices.Equal(got, want) {
				t.Fatalf("member %d got %v, want %v", who, got, want)
			}
		},
		"ack": func(t *rapid.T) {
			who := member.Draw(t, "who")
			places, ps := some(who)
			if err := group[who].Ack(ctx, ps...); err != nil {
				t.Fatal(err)
			}
			m.set(places, -1)
		},
		"give back": func(t *rapid.T) {
			who := member.Draw(t, "who")
			places, ps := some(who)
			if err := group[who].GiveBack(ctx, ps...); err != nil {
				t.Fatal(err)
			}
			m.set(places, 0)
		},
		"close": func(t *rapid.T) {
			who := member.Draw(t, "who")
			if err := group[who].Close(); err != nil {
				t.Fatal(err)
			}
			m.set(m.held(who), 0)
			join(who)
		},
		"replace": func(t *rapid.T) {
			who := member.Draw(t, "who")
			m.set(m.held(who), 0)
			join(who)
		},
		"die": func(t *rapid.T) {
			who := member.Draw(t, "who")
			links[who].Kill()
			m.set(m.held(who), 0)
			name[who] += "x"
			join(who)
		},
		"": func(t *rapid.T) {
			st, err := log.Stats(ctx)
			if err != nil {
				t.Fatal(err)
			}
			pending := 0
			for who := 1; who <= members; who++ {
				pending += len(m.held(who))
			}
			want := transport.GroupStats{Name: "workers", Pending: pending, Lag: len(m.held(0)), Members: members}
			if st.Groups[0] != want {
				t.Fatalf("got %+v, want %+v", st.Groups[0], want)
			}
		},
	})
}
