package topic_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
)

// A parcel is what the records of the fuzz target should hold.
type parcel struct {
	N    int
	Name string
}

// Whatever bytes a record from elsewhere holds: if they do not decode they are a dead letter for each consumer, of any kind, and
// the neighbours are delivered.
func FuzzRecordsThatDoNotDecode(f *testing.F) {
	for _, s := range []string{`{"N":1}`, `{"N":"x"}`, `{`, ``, `null`, `[]`, `{"N":1}{`, "\xff\xfe", `{"Name":"\ud800"}`, `{"N":1e999}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		var want parcel
		decodes := json.Unmarshal(data, &want) == nil
		synctest.Test(t, func(t *testing.T) {
			hub := memory.New()
			defer hub.Close(t.Context())
			sys := actor.NewSystem(actor.WithLogger(slog.New(slog.DiscardHandler)))
			defer sys.Close(t.Context())
			parcels := open[parcel](t, sys, "parcels", topic.Via(hub.Link("node")))
			letters := deadLetters(t, parcels)
			log, err := hub.Open(t.Context(), "parcels", transport.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			all := map[string]*record[parcel]{}
			add := func(kind string, subscribe func(on func(topic.Context, parcel) error) error) {
				r := newRecord[parcel]()
				all[kind] = r
				if err := subscribe(r.on); err != nil {
					t.Fatal(kind, err)
				}
			}
			one := func(opts ...topic.SubscribeOption) func(func(topic.Context, parcel) error) error {
				return func(on func(topic.Context, parcel) error) error {
					_, err := parcels.Subscribe(on, opts...)
					return err
				}
			}
			batch := func(opts ...topic.SubscribeOption) func(func(topic.Context, parcel) error) error {
				return func(on func(topic.Context, parcel) error) error {
					_, err := parcels.SubscribeBatch(4, time.Millisecond, func(ctx topic.Context, ps []parcel) error {
						for _, p := range ps {
							if err := on(ctx, p); err != nil {
								return err
							}
						}
						return nil
					}, opts...)
					return err
				}
			}
			add("plain", one(topic.Name("plain")))
			add("group", one(topic.Group("group")))
			add("queue", one(topic.Name("queue"), topic.Overflow(topic.DropNewest)))
			add("batch", batch(topic.Name("batch")))
			add("group-of-batches", batch(topic.Group("group-of-batches")))
			add("queue of batches", batch(topic.Name("queue of batches"), topic.Overflow(topic.DropNewest)))
			add("pattern", func(on func(topic.Context, parcel) error) error {
				_, err := match[parcel](t, sys, "*").Subscribe(on, topic.Name("pattern"))
				return err
			})
			for i, d := range [][]byte{[]byte(`{"N":-1}`), data, []byte(`{"N":-2}`)} {
				if _, err := log.Append(t.Context(), []transport.Record{{ID: fmt.Sprint(i), Source: "elsewhere", Data: d, Time: time.Now()}}); err != nil {
					t.Fatal(err)
				}
			}
			add("replay", one(topic.Name("replay"), topic.From(topic.Earliest)))
			add("replay of batches", batch(topic.Name("replay of batches"), topic.From(topic.Earliest)))
			pass(time.Minute)
			good := []parcel{{N: -1}, {N: -2}}
			if decodes {
				good = slices.Insert(good, 1, want)
			}
			for kind, r := range all {
				if got := r.all(); !slices.Equal(got, good) {
					t.Errorf("%s: got %v, want %v", kind, got, good)
				}
			}
			var failed []string
			for _, d := range letters.all() {
				failed = append(failed, d.Consumer)
				if d.Message != nil || !bytes.Equal(d.Payload, data) || d.Err == "" || d.ID != "1" || d.Attempts != 1 {
					t.Errorf("%+v", d)
				}
			}
			slices.Sort(failed)
			var kinds []string
			if !decodes {
				for kind := range all {
					kinds = append(kinds, kind)
				}
				slices.Sort(kinds)
			}
			equal(t, failed, kinds)
		})
	})
}

// A sequence of publications, failures and redrives, told by bytes: each message is dealt with once by the consumer that it is
// for, or a dead letter that has not been redriven, and the other consumer sees it once.
func FuzzDeadLettersAndRedrives(f *testing.F) {
	f.Add([]byte{0, 1, 4, 0, 5, 4})
	f.Add([]byte{1, 1, 1, 4, 4, 5, 4})
	f.Add([]byte{3, 2, 6, 1, 4, 5, 4, 7, 4})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 200 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			sys := actor.NewSystem(actor.WithLogger(slog.New(slog.DiscardHandler)))
			defer sys.Close(t.Context())
			numbers := open[int](t, sys, "numbers")
			done, other := newRecord[int](), newRecord[int]()
			healthy, consumerHealthy := false, atomic.Bool{}
			var failing sync.Map
			on := func(ctx topic.Context, n int) error {
				if _, fails := failing.Load(n); fails && !consumerHealthy.Load() {
					if n%2 == 0 {
						panic(n)
					}
					return errNo
				}
				return done.on(ctx, n)
			}
			policy := topic.Supervise(supervisor.Policy{Retries: 1, MinBackoff: time.Millisecond})
			sub := subscribe(t, numbers, on, topic.Name("it"), policy)
			subscribe(t, numbers, other.on)
			tail, dead := 0, map[int]bool{}
			for _, b := range script {
				switch b % 8 {
				case 0, 1: // a message; every other fails as long as the consumer is not healthy
					tail++
					broken := b%8 == 1
					if broken {
						failing.Store(tail, true)
					}
					if dead[tail] = broken && !healthy; !dead[tail] {
						delete(dead, tail)
					}
					publish(t, numbers, tail)
				case 2, 3:
					pass(time.Duration(b) * time.Millisecond)
				case 4: // redrive all: they fail again, or not
					pass(time.Second)
					n, err := numbers.Redrive(t.Context(), nil)
					if n != len(dead) || err != nil {
						t.Fatalf("redriven %d, want %d: %v", n, len(dead), err)
					}
					if pass(time.Second); healthy {
						clear(dead)
					}
				case 5:
					pass(time.Second)
					healthy = !healthy
					consumerHealthy.Store(healthy)
				case 6: // the consumer goes; a new one of the same name comes
					if err := sub.Drain(t.Context()); err != nil {
						t.Fatal(err)
					}
					sub = subscribe(t, numbers, on, topic.Name("it"), policy)
				case 7: // the consumer goes, and its dead letters stay
					if err := sub.Drain(t.Context()); err != nil {
						t.Fatal(err)
					}
					if n, err := numbers.Redrive(t.Context(), nil); n != 0 || (err != nil) != (len(dead) > 0) {
						t.Fatalf("redriven %d without a consumer: %v", n, err)
					}
					sub = subscribe(t, numbers, on, topic.Name("it"), policy)
				}
			}
			pass(time.Minute)
			var want []int
			for n := 1; n <= tail; n++ {
				if !dead[n] {
					want = append(want, n)
				}
			}
			got := done.all()
			slices.Sort(got)
			equal(t, got, want)
			other.is(t, upTo(tail)...)
		})
	})
}
