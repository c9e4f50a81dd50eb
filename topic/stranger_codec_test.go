package topic_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/netip"
	"testing"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
	"github.com/azutoolkit/echo/topic/topictest"
	"github.com/azutoolkit/echo/transport"
	"github.com/azutoolkit/echo/transport/memory"
)

type withChan struct{ C chan int }

type withFunc struct {
	Name string
	F    func()
}

type withInterface struct{ R io.Reader }

type secret struct{ _, _ int }

type tree struct {
	Left, Right *tree
	Leaf        []map[string]withFunc
}

// crosses holds that a value of the type arrives through a transport.
func crosses[M any](t *testing.T, m M) {
	t.Run(fmt.Sprintf("%T", m), func(t *testing.T) {
		tp := mustOpen[M](t, topictest.NewSystem(t), "fine", topic.Via(memory.New()))
		rec := topictest.Record(t, tp)
		mustPublish(t, tp, m)
		if got, want := fmt.Sprintf("%+v", rec.Wait(1)[0]), fmt.Sprintf("%+v", m); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

type list struct {
	Next *list
	N    int
	_    func()
	Chan chan int `json:"-"`
}

type selfWritten struct{ _ func() }

func (selfWritten) MarshalJSON() ([]byte, error)  { return []byte(`7`), nil }
func (*selfWritten) UnmarshalJSON(b []byte) error { return nil }

type embeds struct {
	withName
	N int
}

type withName struct{ Name string }

func TestTypesThatCanBeEncodedCross(t *testing.T) {
	crosses(t, list{N: 2})
	crosses(t, selfWritten{})
	crosses(t, []selfWritten{{}, {}})
	crosses(t, embeds{withName{"a"}, 1})
	crosses(t, map[int]time.Duration{1: 2})
	crosses(t, map[netip.Addr]netip.Addr{netip.IPv6Loopback(): netip.IPv4Unspecified()})
	crosses(t, time.Unix(0, 0).UTC())
	crosses(t, big.NewInt(7))
	crosses(t, []any{"a", nil, 1.5})
	crosses(t, struct{}{})
	crosses(t, json.RawMessage(`{}`))
	crosses(t, [2]*int{})
	crosses(t, errorList{"a"})
}

type errorList []string

// cannotCross holds that a topic of the type cannot be opened through a transport, but can in memory.
func cannotCross[M any](t *testing.T, says string) {
	t.Run(fmt.Sprintf("%T", *new(func(M)))[len("func("):], func(t *testing.T) {
		sys := topictest.NewSystem(t)
		_, err := topic.Open[M](sys, "odd", topic.Via(memory.New()))
		reads(t, err, `topic: open "odd": `, says)
		mustOpen[M](t, sys, "odd")
	})
}

func TestTypesThatCannotBeEncodedAreRefusedWhenOpened(t *testing.T) {
	const written = "cannot be written to a transport"
	cannotCross[chan int](t, written)
	cannotCross[func()](t, written)
	cannotCross[complex128](t, written)
	cannotCross[withChan](t, written)
	cannotCross[*withChan](t, written)
	cannotCross[withFunc](t, written)
	cannotCross[[]chan int](t, written)
	cannotCross[map[string]func()](t, written)
	cannotCross[map[bool]int](t, "JSON has no map with keys of bool")
	cannotCross[secret](t, "topic_test.secret has no exported field")
	cannotCross[[]withFunc](t, "field F: JSON has no func")
	cannotCross[tree](t, "field F: JSON has no func")
	cannotCross[any](t, "is an interface: what is read from a transport has no type to become; use a concrete type, or give a Codec")
	cannotCross[error](t, "is an interface")
	cannotCross[io.Reader](t, "is an interface")
}

// A value that cannot be written, of a type of which others can, is an error of Publish.
func TestValuesThatCannotBeEncodedAreRefusedWhenPublished(t *testing.T) {
	sys := topictest.NewSystem(t)
	topictest.AllowDeadLetters(sys)
	tp := mustOpen[map[string]any](t, sys, "odd", topic.Via(memory.New()))
	rec := topictest.Record(t, tp)
	bad := map[string]any{"c": make(chan int)}
	ctx := within(t, 10*time.Second)
	reads(t, tp.Publish(ctx, bad), `topic: publish "odd": `, "chan int")
	reads(t, tp.PublishBatch(ctx, []map[string]any{{}, bad}), "chan int")
	sys.Send(tp.PID(), bad)
	if got := topictest.DeadLetters(sys); len(got) != 1 {
		t.Errorf("%d dead letters, want 1", len(got))
	}
	mustPublish(t, tp, map[string]any{"a": 1.5})
	if got := rec.Wait(1); len(got) != 1 || got[0]["a"] != 1.5 {
		t.Errorf("got %v", got)
	}
}

// A value that can be written but not be read is a dead letter: with its bytes, once, and the next one arrives.
func TestValuesThatCannotBeDecodedAreDeadLetters(t *testing.T) {
	sys := topictest.NewSystem(t)
	topictest.AllowDeadLetters(sys, func(l topictest.Letter) bool { return l.GivenUp != nil && len(l.GivenUp.Payload) > 0 })
	hub := memory.New()
	tp := mustOpen[withInterface](t, sys, "odd", topic.Via(hub))
	rec := topictest.Record(t, tp)
	mustPublish(t, tp, withInterface{R: &io.LimitedReader{}}, withInterface{})
	rec.Wait(1)
	if got := topictest.DeadLetters(sys); len(got) > 1 {
		t.Errorf("%d dead letters, want 1: %v", len(got), got)
	}
}

// A codec that misbehaves harms nobody but its topic.
type badCodec struct {
	transport.Codec
	encode, decode func()
}

func (c badCodec) Encode(v any) ([]byte, error) { c.encode(); return c.Codec.Encode(v) }
func (c badCodec) Decode(data []byte, into any) error {
	c.decode()
	return c.Codec.Decode(data, into)
}

func TestCodecThatPanicsOnDecodeIsADeadLetter(t *testing.T) {
	for way, leave := range ways {
		t.Run(way, func(t *testing.T) {
			sys := topictest.NewSystem(t)
			topictest.AllowDeadLetters(sys)
			bad := true
			codec := badCodec{transport.JSON, func() {}, func() {
				if bad {
					bad = false
					leave()
				}
			}}
			tp := mustOpen[World](t, sys, "worlds", topic.Via(memory.New()), topic.Codec(codec))
			rec := topictest.Record(t, tp)
			mustPublish(t, tp, World{"a"}, World{"b"})
			if got := rec.Wait(1); got[0].Name != "b" {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestCodecThatPanicsOnEncodeIsAnErrorWhenOpened(t *testing.T) {
	for way, leave := range ways {
		t.Run(way, func(t *testing.T) {
			sys := topictest.NewSystem(t)
			var err error
			attempt(func() {
				_, err = topic.Open[World](sys, "worlds", topic.Via(memory.New()), topic.Codec(badCodec{transport.JSON, leave, leave}))
			})
			reads(t, err, "cannot be written to a transport")
			mustOpen[World](t, sys, "worlds") // the name is not taken
		})
	}
}

func TestNilTransportAndCodecMeanTheDefault(t *testing.T) {
	sys := topictest.NewSystem(t)
	tp := mustOpen[World](t, sys, "worlds", topic.Via(nil), topic.Codec(nil))
	rec := topictest.Record(t, tp)
	mustPublish(t, tp, World{"a"})
	rec.Wait(1)
	mustOpen[World](t, sys, "there", topic.Via(memory.New()), topic.Codec(nil))
}

// What fails after a name was taken, such as a transport that is closed, leaves the name free.
func TestClosedTransportIsAnErrorWhenOpened(t *testing.T) {
	sys := topictest.NewSystem(t)
	hub := memory.New()
	if err := hub.Close(within(t, time.Second)); err != nil {
		t.Fatal(err)
	}
	_, err := topic.Open[World](sys, "worlds", topic.Via(hub))
	reads(t, err, `topic: open "worlds": `, "closed")
	if errors.Is(err, actor.ErrClosed) {
		t.Errorf("%v: the system is not closed", err)
	}
	mustOpen[World](t, sys, "worlds")
}
