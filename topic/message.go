package topic

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/azutoolkit/echo/actor"
)

// A header is one publication in a stream. It is written once, before it is appended, and shared by all readers.
type header struct {
	pos  uint64 // place in the stream
	time int64  // wall clock, nanoseconds since 1970; never smaller than that of the header before it
	meta *meta  // nil unless the publication carries more than its value
	self any    // the *message[M] that this header is the beginning of
}

// A message is a header and its value in one allocation.
type message[M any] struct {
	header
	value M
}

func newMessage[M any](value M) *header {
	m := &message[M]{value: value}
	m.self = m
	return &m.header
}

// box returns the value as an interface; it allocates where M is not pointer-shaped.
func (m *message[M]) box() any { return m.value }

// valueOf returns the value as an M, which is the topic's type, or an interface that it implements.
func valueOf[M any](h *header) M {
	if m, ok := h.self.(*message[M]); ok {
		return m.value
	}
	return h.value().(M)
}

// exactly returns the value of a message whose type is known to be M: the header is the beginning of a message[M]. It is
// a tenth of a delivery faster than valueOf.
func exactly[M any](h *header) M { return (*message[M])(unsafe.Pointer(h)).value }

func (h *header) value() any { return h.self.(interface{ box() any }).box() }

// meta is what a publication carries beside its value.
type meta struct {
	id       string
	key      string
	headers  map[string]string
	target   string // redriven: only the subscription or group of this name handles it
	reply    *reply // somebody waits for an answer
	position *Position
	attempt  int    // attempts made before this process saw it
	payload  []byte // a record that did not decode
	broken   error  // why it did not decode
	size     int    // as SizeOf says
	then     func() // no message, but what is to be done when the consumer has come so far
}

// special reports whether the message is not for the consumer: skip, or an error that it gets instead.
func (h *header) special(name string) (skip bool, err error) {
	switch m := h.meta; {
	case m.then != nil:
		m.then()
		return true, nil
	case m.broken != nil:
		return false, &rejection{m.broken}
	default:
		return m.target != "" && m.target != name, nil
	}
}

func (h *header) key() string {
	if h.meta == nil {
		return ""
	}
	return h.meta.key
}

// bytes is the size as SizeOf says.
func (h *header) bytes() int {
	if h.meta == nil {
		return 0
	}
	return h.meta.size
}

func (h *header) id(epoch string) string {
	if h.meta != nil && h.meta.id != "" {
		return h.meta.id
	}
	return epoch + "-" + strconv.FormatUint(h.pos, 10)
}

func (h *header) position(epoch string) Position {
	if h.meta != nil && h.meta.position != nil {
		return *h.meta.position
	}
	return Position{Epoch: epoch, Major: h.pos}
}

func (h *header) at() time.Time { return time.Unix(0, h.time) }

// isFor reports whether a subscription of that name (or of a group of that name) handles the message.
func (h *header) isFor(name string) bool {
	return h.meta == nil || h.meta.target == "" || h.meta.target == name
}

// A reply takes the first answer to a request; later ones are dropped.
type reply struct {
	answer chan any        // in-process requests: buffered for one
	ctx    context.Context // the asker's
	to     *actor.PID      // requests that came as a message with a sender
	sent   atomic.Bool     // to has its answer
	sys    *actor.System
}

func (r *reply) send(v any) {
	if r.to != nil {
		if !r.sent.Swap(true) {
			r.sys.Send(r.to, v)
		}
		return
	}
	select {
	case r.answer <- v:
	default:
	}
}
