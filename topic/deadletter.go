package topic

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
)

// DeadLetter is a message that a consumer could not deal with. The topic "dead." followed by the name of the message's topic
// holds them; see [Topic.DeadLetters].
type DeadLetter struct {
	Topic     string // where the message was published
	Consumer  string // the subscription that failed: its name, or its group's
	Message   any    `json:"-"` // the message; nil if it did not decode, and in another process
	Payload   []byte // the message as bytes, where the topic is in a transport
	Err       string // what went wrong, the last time
	Stack     string // where, if it was a panic
	Attempts  int    // how often it was tried
	ID        string // of the message, as are the following
	Key       string
	Headers   map[string]string
	Position  Position
	Published time.Time
	First     time.Time // the first failure
	Last      time.Time // the last failure
}

// deadPrefix begins the names of dead-letter topics.
const deadPrefix = "dead."

// deadRetention is how many dead letters a topic in memory keeps.
const deadRetention = 1 << 16

// DeadLetters is the topic of this topic's dead letters: read it like any other. It keeps 65,536 of them. Dead letters of
// dead letters go to the system's.
func (t *Topic[M]) DeadLetters() (*Topic[DeadLetter], error) {
	c, err := t.core.deadLetters()
	if err != nil {
		return nil, wrap("open dead letters of", t.core.name, err)
	}
	return &Topic[DeadLetter]{core: c}, nil
}

func (c *core) deadLetters() (*core, error) {
	c.mu.Lock()
	letters := c.letters
	c.mu.Unlock()
	if letters != nil && !letters.removed() {
		return letters, nil
	}
	if c.typ == reflect.TypeFor[DeadLetter]() {
		return nil, fmt.Errorf("%q holds dead letters: what fails on them goes to the system's dead letters", c.name)
	}
	set := settingsOf([]Option{Via(c.set.via)})
	if c.set.via == nil {
		set = settingsOf([]Option{Retain(Retention{Count: deadRetention})})
	}
	set.asked = Retention{}
	t := &Topic[DeadLetter]{}
	letters, err := c.reg.open(deadPrefix+c.name, reflect.TypeFor[DeadLetter](), set, func(d *core) error { return setUp(d, t) })
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.letters = letters
	c.mu.Unlock()
	return letters, nil
}

// letters are the dead letters for a message, or for each of a batch.
func (s *subscriber) letters(l *leg, h *header, err error, crash *supervisor.PanicError) (letters []*header) {
	c, r := l.stream.owner, s.extra()
	d := DeadLetter{Topic: c.name, Consumer: s.label(), Err: err.Error(), Attempts: int(s.attempt), First: r.trouble.since, Last: time.Now()}
	if l.group != nil {
		d.Consumer = l.group.name
	}
	if crash != nil {
		d.Stack = string(crash.Stack)
	}
	batch := []*header{h}
	if l.batch != nil {
		batch = slices.Clone(l.batch.items)
	}
	for _, h := range batch {
		d.ID, d.Key, d.Position, d.Published = h.id(c.epoch), h.key(), h.position(c.epoch), h.at()
		d.Message, d.Headers, d.Payload = h.value(), nil, nil
		if h.meta != nil {
			d.Headers = h.meta.headers
		}
		if h.meta != nil && h.meta.broken != nil {
			d.Message, d.Payload = nil, h.meta.payload
		} else if c.bridge != nil {
			d.Payload, _ = c.encode(h)
		}
		letters = append(letters, newMessage(d))
	}
	return letters
}

// bury publishes the dead letters in hand, and reports whether the dead-letter topic has taken them. What it does not take is
// tried again after a back-off: the subscription goes on only when nothing is lost.
func (s *subscriber) bury() bool {
	t := &s.extra().trouble
	c := s.on.stream.owner
	for len(t.letters) > 0 {
		if err := c.bury(s, t.letters[0]); err != nil {
			if s.state.Load()&stopped != 0 {
				return false
			}
			t.lettered++
			s.registry().logger().Error("echo: dead letter cannot be published, trying again", "topic", c.name, "subscription", s.label(), "error", err)
			s.backOff(max(s.cfg.policy.Backoff(t.lettered), time.Millisecond))
			return false
		}
		t.letters = t.letters[1:]
		s.extra().deadLettered.Add(1)
		c.deadLettered.Add(1)
	}
	return true
}

// bury publishes one dead letter.
func (c *core) bury(s *subscriber, letter *header) error {
	d := valueOf[DeadLetter](letter)
	dead, err := c.deadLetters()
	if err == nil {
		c.warnDead(d)
		_, err = dead.publish(s, letter)
	}
	if errors.Is(err, ErrFull) || err == nil {
		return err
	}
	if c.bridge != nil && !errors.Is(err, ErrClosed) && !errors.Is(err, ErrRemoved) {
		return err
	}
	c.reg.sys.DeadLetter(actor.DeadLetter{To: s.Self(), Message: d, Reason: fmt.Errorf("%s (%w)", d.Err, err)})
	return nil
}

// warnDead says once a second at most that messages end as dead letters.
func (c *core) warnDead(d DeadLetter) {
	now := c.now()
	if last := c.warned.Load(); now-last >= int64(time.Second) && c.warned.CompareAndSwap(last, now) {
		c.reg.logger().Warn("echo: message is a dead letter", "topic", c.name, "subscription", d.Consumer, "id", d.ID,
			"attempts", d.Attempts, "error", d.Err, "total", c.deadLettered.Load()+1, "read", deadPrefix+c.name)
	}
}

// Redrive publishes dead letters again, those for which which is true, or all if it is nil; it returns how many. Only the
// subscription or group that failed gets them, and it has to be there under the same name: a dead letter of one that is not
// stays, and is an error in the end. Each dead letter is redriven once; if it fails again there will be another.
func (t *Topic[M]) Redrive(ctx context.Context, which func(DeadLetter) bool) (int, error) {
	n, err := t.redrive(ctx, which)
	return n, wrap("redrive", t.core.name, err)
}

func (t *Topic[M]) redrive(ctx context.Context, which func(DeadLetter) bool) (n int, err error) {
	c := t.core
	if ctx == nil {
		return 0, errNoContext
	}
	if c.bridge != nil {
		return 0, fmt.Errorf("dead letters in a transport cannot be redriven yet: read the topic %q and publish again", deadPrefix+c.name)
	}
	dead, err := c.deadLetters()
	if err != nil {
		return 0, err
	}
	var missing []string
	st := dead.stream
	st.mu.Lock()
	pos, tail, r := st.first, st.tail.Load(), st.ring.Load()
	st.mu.Unlock()
	for ; pos < tail; pos++ {
		h := r.at(pos)
		if h == nil {
			continue
		}
		d := valueOf[DeadLetter](h)
		m, ok := d.Message.(M)
		if !ok || (which != nil && !which(d)) {
			continue
		}
		if !dead.claimRedrive(pos) {
			continue
		}
		if !c.listens(d.Consumer) {
			dead.releaseRedrive(pos)
			if !slices.Contains(missing, d.Consumer) {
				missing = append(missing, d.Consumer)
			}
			continue
		}
		again, err := t.message(m, nil)
		if err == nil {
			again.meta = &meta{id: d.ID, key: d.Key, headers: d.Headers, target: d.Consumer, size: again.bytes()}
			_, err = c.stream.append(ctx, c.now(), again)
		}
		if err != nil {
			dead.releaseRedrive(pos)
			return n, err
		}
		n++
	}
	if missing != nil {
		return n, fmt.Errorf("no subscription or group named %q: subscribe again with topic.Name or topic.Group", missing)
	}
	return n, nil
}

// claimRedrive marks a dead letter as redriven, unless it is already.
func (c *core) claimRedrive(pos uint64) bool {
	c.stream.mu.Lock()
	first := c.stream.first
	c.stream.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.redriven == nil {
		c.redriven = map[uint64]bool{}
	}
	if c.redriven[pos] {
		return false
	}
	if len(c.redriven) > 2*deadRetention {
		for p := range c.redriven {
			if p < first {
				delete(c.redriven, p)
			}
		}
	}
	c.redriven[pos] = true
	return true
}

func (c *core) releaseRedrive(pos uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.redriven, pos)
}

// listens reports whether there is a subscription or group of that name.
func (c *core) listens(name string) bool {
	c.mu.Lock()
	g := c.groups[name]
	c.mu.Unlock()
	return g != nil || slices.ContainsFunc(c.legs(), func(l *leg) bool { return l.group == nil && l.host.label() == name })
}
