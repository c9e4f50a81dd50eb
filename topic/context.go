package topic

import (
	"context"
	"time"

	proto "github.com/asynkron/protoactor-go/actor"

	"github.com/azutoolkit/echo/actor"
)

// Context is what a consumer gets beside the message. It is a context.Context, for calls to databases and services, which
// ends when the subscription is stopped or the system's Close runs out of time; it is the actor's context, to send, spawn
// and watch; and it knows the message's metadata.
//
// The metadata belong to the message being handled: read them before the consumer returns. The context.Context part may be
// kept and used concurrently.
type Context interface {
	context.Context
	actor.Context

	Topic() string              // where the message was published
	ID() string                 // as given to Publish with [ID], else unique by topic and position
	Key() string                // the ordering key, or ""
	Headers() map[string]string // as given to Publish with [Header]; must not be changed
	Time() time.Time            // when it was appended; never goes back along a log
	Position() Position         // its place in the log
	Attempt() int               // 1 for the first time this consumer gets the message, then 2, 3, …
	Skipped() uint64            // messages that the flow policy left out, or retention dropped, just before this one
}

type direct = actor.Context

var _ Context = (*subscriber)(nil)

func (s *subscriber) Topic() string {
	if s.on == nil {
		return ""
	}
	return s.on.stream.owner.name
}

func (s *subscriber) ID() string {
	if s.cur == nil {
		return ""
	}
	return s.cur.id(s.on.stream.owner.epoch)
}

func (s *subscriber) Key() string {
	if s.cur == nil {
		return ""
	}
	return s.cur.key()
}

func (s *subscriber) Headers() map[string]string {
	if s.cur == nil || s.cur.meta == nil {
		return nil
	}
	return s.cur.meta.headers
}

func (s *subscriber) Time() time.Time {
	if s.cur == nil {
		return time.Time{}
	}
	return s.cur.at()
}

func (s *subscriber) Position() Position {
	if s.cur == nil {
		return Position{}
	}
	return s.cur.position(s.on.stream.owner.epoch)
}

func (s *subscriber) Attempt() int { return int(s.attempt) + 1 }

func (s *subscriber) Skipped() uint64 {
	if s.on == nil {
		return 0
	}
	return s.on.skipped
}

func (s *subscriber) Deadline() (time.Time, bool) { return time.Time{}, false }
func (s *subscriber) Done() <-chan struct{}       { return s.quit() }

func (s *subscriber) Err() error {
	if s.state.Load()&stopped != 0 {
		return context.Canceled
	}
	return nil
}

type consumerKey struct{}

// Value finds the subscriber itself, so that Publish knows a consumer that publishes.
func (s *subscriber) Value(key any) any {
	if key == (consumerKey{}) {
		return s
	}
	return nil
}

// publisher is the subscriber whose consumer calls with ctx, or nil.
func publisher(ctx context.Context) *subscriber {
	if s, ok := ctx.(*subscriber); ok {
		return s
	}
	s, _ := ctx.Value(consumerKey{}).(*subscriber)
	return s
}

// Message is the value being handled. The engine's own answer would be its last direct message.
func (s *subscriber) Message() any {
	if s.cur == nil {
		return s.Context.Message()
	}
	return s.cur.value()
}

// Sender is who asked, when the message is a request sent by an actor.
func (s *subscriber) Sender() *proto.PID {
	if s.cur == nil {
		return s.Context.Sender()
	}
	if s.cur.meta != nil && s.cur.meta.reply != nil {
		return s.cur.meta.reply.to
	}
	return nil
}

// Respond answers the message, if it is a request.
func (s *subscriber) Respond(answer any) {
	if s.cur == nil {
		s.Context.Respond(answer)
		return
	}
	if s.cur.meta != nil && s.cur.meta.reply != nil {
		s.cur.meta.reply.send(answer)
		return
	}
	s.registry().sys.DeadLetter(actor.DeadLetter{Message: answer, From: s.Self(), Reason: errNoRequest})
}

// Send publishes when the PID is a topic's, with this consumer as the publisher: it does not wait for itself.
func (s *subscriber) Send(pid *proto.PID, m any) {
	if t := s.registry().byPID(pid); t != nil {
		t.receive(s, m)
		return
	}
	s.registry().sys.Send(pid, m)
}
