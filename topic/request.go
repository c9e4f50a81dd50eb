package topic

import (
	"context"
	"fmt"
	"reflect"
)

// Request publishes m and waits for one answer of type R. If nobody responds on the topic it fails at once with
// [ErrNoResponder], and m is not published. An error of the responder, a panic as well, is Request's error. Plain subscribers
// of the topic see the request like any message. There is no time limit but ctx; when it ends, or has ended before a
// responder takes the request, the answer is dropped.
func Request[R, M any](ctx context.Context, t *Topic[M], m M, opts ...PublishOption) (R, error) {
	answer, err := request(ctx, t, m, opts)
	if err == nil {
		switch a := answer.(type) {
		case R:
			return a, nil
		case error:
			err = a
		default:
			err = fmt.Errorf("the answer is a %T, want %v", answer, reflect.TypeFor[R]())
		}
	}
	return *new(R), wrap("request", t.core.name, err)
}

func request[M any](ctx context.Context, t *Topic[M], m M, opts []PublishOption) (any, error) {
	c := t.core
	if ctx == nil {
		return nil, errNoContext
	}
	if c.bridge != nil {
		return nil, fmt.Errorf("requests do not cross a transport: open the topic without Via")
	}
	if c.responders.Load() == 0 {
		if err := c.stream.ended(); err != nil {
			return nil, err
		}
		return nil, ErrNoResponder
	}
	h, err := t.message(m, opts)
	if err != nil {
		return nil, err
	}
	if h.meta == nil {
		h.meta = &meta{}
	}
	r := &reply{answer: make(chan any, 1), ctx: ctx}
	h.meta.reply = r
	if _, err := c.publish(ctx, h); err != nil {
		return nil, err
	}
	switch {
	case h.pos == 0:
		return nil, fmt.Errorf("a request with this ID was published before, and is answered once: use another ID")
	case !c.responds(h.pos): // the last one left before it could have seen the request
		r.send(ErrNoResponder)
	}
	select {
	case answer := <-r.answer:
		return answer, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-c.gone:
		select {
		case answer := <-r.answer:
			return answer, nil
		default:
			return nil, ErrRemoved
		}
	}
}

// responders is the group of those who respond without another, a name that no Group has.
const responders = "the responders"

// Respond answers requests with what fn returns. Several responders share the requests, like a [Group]. An error from fn is
// the asker's: it is not retried. Messages of the topic that are no requests are passed over.
func Respond[M, R any](t *Topic[M], fn func(Context, M) (R, error), opts ...SubscribeOption) (*Subscription, error) {
	if fn == nil {
		return nil, wrap("respond on", t.core.name, fmt.Errorf("function is nil: give one that answers"))
	}
	cfg := configured(opts)
	if t.core.bridge != nil {
		return nil, wrap("respond on", t.core.name, fmt.Errorf("requests do not cross a transport: open the topic without Via"))
	}
	switch {
	case cfg.err != nil:
	case cfg.filterM != nil:
		cfg.err = fmt.Errorf("a Filter would leave requests without an answer: answer them with an error instead")
	case cfg.flow != Block:
		cfg.err = fmt.Errorf("Overflow(%v) would leave requests without an answer: use Block", cfg.flow)
	}
	if cfg.group == "" {
		cfg.group = responders
	}
	cfg.responder = true
	sub, err := t.subscribe(plan[M]{handle: func(s *subscriber, h *header) error {
		r := h.meta.reply
		if r.ctx != nil && r.ctx.Err() != nil {
			return nil
		}
		answer, err := fn(s, valueOf[M](h))
		if err != nil {
			return err
		}
		r.send(answer)
		return nil
	}}, cfg)
	return sub, wrap("respond on", t.core.name, err)
}
