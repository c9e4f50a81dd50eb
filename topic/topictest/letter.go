package topictest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/topic"
)

// Letter is a dead letter of either kind; one field is set.
type Letter struct {
	Undelivered *actor.DeadLetter // what reached no actor and no topic: the system's dead letters
	GivenUp     *topic.DeadLetter // what a consumer failed on: in a dead-letter topic, or too late for that
}

// Message is the message that was lost.
func (l Letter) Message() any {
	if l.GivenUp != nil {
		return l.GivenUp.Message
	}
	return l.Undelivered.Message
}

func (l Letter) String() string {
	if d := l.GivenUp; d != nil {
		return fmt.Sprintf("%q gave up a message of topic %q after %d attempts: %s: %s", d.Consumer, d.Topic, d.Attempts, d.Err, brief(d.Message))
	}
	d := l.Undelivered
	return fmt.Sprintf("undelivered to %q: %v: %s", d.To.GetId(), d.Reason, brief(d.Message))
}

// AllowDeadLetters says that dead letters are expected: those for which one of the functions is true, or all if there is
// none. It holds for the whole test, whenever it is called.
func AllowDeadLetters(sys *actor.System, which ...func(Letter) bool) {
	g := guardOf(sys)
	if len(which) == 0 {
		which = []func(Letter) bool{func(Letter) bool { return true }}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.allowed = append(g.allowed, which...)
}

// DeadLetters returns the dead letters so far, expected ones too. One of a consumer is seen a moment after it is in its
// dead-letter topic; to wait for it, [Record] that topic, see [topic.Topic.DeadLetters].
func DeadLetters(sys *actor.System) []Letter {
	g := guardOf(sys)
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.letters)
}

// keepUndelivered also gets what consumers gave up when it was too late to open a dead-letter topic.
func (g *guard) keepUndelivered(d actor.DeadLetter) {
	if given, ok := d.Message.(topic.DeadLetter); ok {
		g.keep(Letter{GivenUp: &given})
		return
	}
	g.keep(Letter{Undelivered: &d})
}

func (g *guard) keep(l Letter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.letters = append(g.letters, l)
}

// unexpected are the dead letters that nobody allowed.
func (g *guard) unexpected() []Letter {
	g.mu.Lock()
	letters, allowed := slices.Clone(g.letters), slices.Clone(g.allowed)
	g.mu.Unlock()
	return slices.DeleteFunc(letters, func(l Letter) bool {
		return slices.ContainsFunc(allowed, func(f func(Letter) bool) bool { return f(l) })
	})
}

// maxListed is how many items an error names, and maxShown how many bytes of each.
const (
	maxListed = 20
	maxShown  = 300
)

// list shows the first items, one a line.
func list[T any](items []T) string {
	var b strings.Builder
	for i, item := range items {
		if i == maxListed {
			fmt.Fprintf(&b, "\t… and %d more\n", len(items)-i)
			break
		}
		fmt.Fprintf(&b, "\t%s\n", brief(item))
	}
	return b.String()
}

// brief shows a value, not all of it if it is large.
func brief(v any) string {
	var s string
	switch b := v.(type) {
	case string:
		s = b[:min(len(b), maxShown+1)]
	case []byte:
		s = fmt.Sprintf("%d bytes: %q", len(b), b[:min(len(b), maxShown)])
	default:
		s = fmt.Sprintf("%+v", v)
	}
	if len(s) > maxShown {
		return strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}
