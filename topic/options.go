package topic

import (
	"fmt"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/transport"
)

// Retention bounds what a topic's log keeps for those who subscribe later. Whatever bound is reached first drops the oldest
// messages. A message that a subscription still needs is kept for it in any case.
type Retention struct {
	Count int           // messages. Default: 1,024; negative: none
	Bytes int64         // sum of the sizes, see [SizeOf]. Default: 64 MiB where the size of messages is known, else no bound
	Age   time.Duration // since publication. Default: no bound
}

// Option configures a topic when it is opened.
type Option func(*settings)

type settings struct {
	via    transport.Transport
	retain Retention
	codec  transport.Codec
	keyBy  any // func(M) string
	sizeOf any // func(M) int
	dedup  int
	asked  Retention // retain, before defaults
	err    error
}

// Via says where the log lives. Default: in the memory of this system.
func Via(t transport.Transport) Option { return func(s *settings) { s.via = t } }

// Retain bounds what the log keeps. Default: see [Retention]. With [Via] the transport's defaults hold instead.
func Retain(r Retention) Option {
	return func(s *settings) {
		switch s.retain = r; {
		case r.Bytes < 0:
			s.err = fmt.Errorf("retention of %d bytes: use 0 for no bound", r.Bytes)
		case r.Age < 0:
			s.err = fmt.Errorf("retention of %v: use 0 for no bound", r.Age)
		}
	}
}

// Codec says how messages are written where they leave the process. Default: protobuf for proto.Message, the bytes
// themselves for []byte and string, else JSON.
func Codec(c transport.Codec) Option { return func(s *settings) { s.codec = c } }

// KeyBy gives every message its ordering key; a publication's own [Key] goes before it. Default: no key.
func KeyBy[M any](f func(M) string) Option {
	return func(s *settings) {
		if s.keyBy = f; f == nil {
			s.err = fmt.Errorf("KeyBy is nil: leave the option out")
		}
	}
}

// SizeOf tells the size of a message in bytes, for [Retention].Bytes. Default: the length of []byte and string.
func SizeOf[M any](f func(M) int) Option {
	return func(s *settings) {
		if s.sizeOf = f; f == nil {
			s.err = fmt.Errorf("SizeOf is nil: leave the option out")
		}
	}
}

// Dedup is the number of the most recent publication IDs (see [ID]) that the topic remembers. Default: 16,384. With [Via]
// the transport's window holds instead.
func Dedup(n int) Option {
	return func(s *settings) {
		if s.dedup = n; n < 1 {
			s.err = fmt.Errorf("dedup of %d: use 1 or more", n)
		}
	}
}

// SubscribeOption configures a subscription.
type SubscribeOption func(*config)

// config is what a subscription was asked for. Subscriptions without options share their wishes.
type config struct {
	*wishes
	hooks hooks
}

// wishes are what options say.
type wishes struct {
	name      string
	from      Start
	flow      flowKind
	buffer    int
	group     string
	parallel  int
	filter    func(*header) bool
	filterM   any // func(M) bool
	policy    supervisor.Policy
	batch     int
	batchWait time.Duration
	responder bool
	follows   *actor.PID // the actor that gets the messages; the subscription ends with it
	err       error
}

// hooks are what a consumer value brings.
type hooks struct {
	build   func() any
	start   func(c any, ctx Context) error
	stop    func(c any, ctx Context) error
	receive func(c any, ctx direct)
}

const (
	defaultBuffer = 1024
	maxBuffer     = 1 << 30
)

func configure(opts []SubscribeOption) *config {
	if len(opts) == 0 {
		return asIs
	}
	return configured(opts)
}

// asIs is the configuration of all subscriptions without options. Nobody changes it.
var asIs = configured(nil)

func configured(opts []SubscribeOption) *config {
	c := &config{wishes: &wishes{from: Latest, buffer: defaultBuffer, parallel: 1}}
	for _, o := range opts {
		if o != nil {
			o(c)
		}
	}
	return c
}

// run is how many messages a consumer gets in a row. A small buffer is committed more often, so that publishers who wait
// for room see it.
func (c *config) run() uint64 { return uint64(min(max(c.buffer/4, 1), maxBatch)) }

// Name names the subscription in statistics, logs and dead letters; redriven messages find it by name. It must be unique
// in its topic. Default: a name nobody else has.
func Name(name string) SubscribeOption { return func(c *config) { c.name = name } }

// From says where in the log the subscription begins. Default: [Latest].
func From(s Start) SubscribeOption {
	return func(c *config) {
		if c.from = s; s == nil {
			c.err = fmt.Errorf("start is nil: use Latest, Earliest, At or Since")
		}
	}
}

// Overflow says what happens when the buffer is full. Default: [Block].
func Overflow(f Flow) SubscribeOption {
	return func(c *config) {
		if f == nil {
			c.err = fmt.Errorf("flow is nil: use Block, DropOldest, DropNewest, Latest or Disconnect")
			return
		}
		c.flow = f.flow()
	}
}

// Buffer is how many messages the consumer may be behind before the flow policy acts. For [Latest] it bounds the number of
// keys. Default: 1,024.
func Buffer(n int) SubscribeOption {
	return func(c *config) {
		if c.buffer = n; n < 1 || n > maxBuffer {
			c.err = fmt.Errorf("buffer of %d: use 1 to %d", n, maxBuffer)
		}
	}
}

// Group makes the subscription a member of the group: each message goes to one member, messages of one key to one member at
// a time, in order. The first member decides start, buffer and flow policy. Names are like those of topics, see [Open], and do
// not begin with "~". Default: no group.
func Group(name string) SubscribeOption {
	return func(c *config) {
		c.group = name
		if err := transport.CheckName(name); err != nil {
			c.err = fmt.Errorf("group %w", err)
		} else if name[0] == '~' {
			c.err = fmt.Errorf("group name %q: names that begin with \"~\" are taken: choose another", name)
		}
	}
}

// Parallel runs n consumers for the subscription. Messages of one key are with one of them at a time, in order; messages
// without a key go to any. A function is called concurrently; [Spawn] makes n values. Default: 1.
func Parallel(n int) SubscribeOption {
	return func(c *config) {
		if c.parallel = n; n < 1 || n > 1<<16 {
			c.err = fmt.Errorf("parallel %d: use 1 to %d", n, 1<<16)
		}
	}
}

// Filter lets the consumer see only messages for which f is true. It must be quick and must not call into the topic; a panic
// counts as true, and comes again in the consumer's place. Default: all messages.
func Filter[M any](f func(M) bool) SubscribeOption {
	return func(c *config) {
		if c.filterM = f; f == nil {
			c.err = fmt.Errorf("filter is nil: leave the option out")
		}
	}
}

// Supervise says what happens when the consumer fails. Default: the zero [supervisor.Policy].
func Supervise(p supervisor.Policy) SubscribeOption { return func(c *config) { c.policy = p } }

// PublishOption is what a publication carries beside its value.
type PublishOption struct {
	kind       publishKind
	key, value string
}

type publishKind uint8

const (
	withKey publishKind = iota + 1
	withID
	withHeader
	withTarget
)

// Key gives the publication an ordering key.
func Key(key string) PublishOption { return PublishOption{kind: withKey, value: key} }

// ID identifies the publication: a second one with the same ID is not appended, and its Publish returns nil, so that one
// whose outcome was unknown can be repeated. See [Dedup] for how long IDs are remembered. Default: an ID made of the
// topic's epoch and the message's position, which is not remembered.
func ID(id string) PublishOption { return PublishOption{kind: withID, value: id} }

// Header adds a header of the user's own.
func Header(key, value string) PublishOption {
	return PublishOption{kind: withHeader, key: key, value: value}
}

// metaOf is nil when there is nothing to say.
func metaOf(key string, opts []PublishOption) *meta {
	if key == "" && len(opts) == 0 {
		return nil
	}
	m := &meta{key: key}
	for _, o := range opts {
		switch o.kind {
		case withKey:
			m.key = o.value
		case withID:
			m.id = o.value
		case withHeader:
			if m.headers == nil {
				m.headers = make(map[string]string, len(opts))
			}
			m.headers[o.key] = o.value
		case withTarget:
			m.target = o.value
		}
	}
	return m
}
