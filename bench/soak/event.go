package main

import (
	"errors"
	"sync/atomic"

	"github.com/azutoolkit/echo/supervisor"
)

// Event is what is published: the Seq-th message of a publisher on one arena.
type Event struct {
	Arena    uint32
	Pub, Seq uint32
	Key      string
}

func keyOf(e Event) string { return e.Key }

// clock stamps what happens, in the order in which it does.
var clock atomic.Uint64

func now() uint64 { return clock.Add(1) }

// outcome is what a consumer made of what it was handed.
type outcome uint8

const (
	open     outcome = iota // it has not returned
	fine                    // nil
	failed                  // an error
	panicked                // a panic
	exited                  // runtime.Goexit
	rejected                // topic.Reject
	skipped                 // an error that the policy skips
	halted                  // an error that the policy stops the subscription for
)

func (o outcome) String() string {
	return [...]string{"open", "fine", "failed", "panicked", "exited", "rejected", "skipped", "halted"}[o]
}

// Errors that consumers return.
var (
	errTemper = errors.New("soak: the consumer had enough")
	errSkip   = errors.New("soak: the consumer does not want this")
	errHalt   = errors.New("soak: the consumer wants to end")
)

// decide is the policy of all subscriptions, for what differs from the default.
func decide(err error) supervisor.Directive {
	switch {
	case errors.Is(err, errSkip):
		return supervisor.Skip
	case errors.Is(err, errHalt):
		return supervisor.Stop
	}
	return 0
}

// handout is one call of a consumer: with one message, or with a batch.
type handout struct {
	in, out uint64 // when it was called, and when it returned; out is 0 while it has not
	log     *ledger
	major   uint64  // position of the first message; 0 where the consumer is not told
	event   Event   // the first message
	more    []Event // the rest of a batch
	attempt int
	skipped uint64
	value   uint32 // which of the consumers that the constructor has made
	made    outcome
	majors  []uint64 // of all messages, found out by the oracle
}

// settles reports whether the message is dealt with after this, and whether as a dead letter, by a policy with so many
// retries.
func (h *handout) settles(retries int) (dealt, letter bool) {
	switch h.made {
	case fine, skipped:
		return true, false
	case rejected:
		return true, true
	case failed, panicked, exited:
		return h.attempt > retries, h.attempt > retries
	}
	return false, false
}
