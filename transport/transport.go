package transport

import (
	"context"
	"fmt"
	"time"
)

// Transport says where logs live. All methods may be called concurrently.
type Transport interface {
	// Open finds the log of a topic, or makes it, and returns a handle of its own for each call. The name must pass
	// [CheckName]. Fields of cfg that are not zero become the log's settings for everybody: the last Open wins. An option
	// that the transport cannot honour is an [*UnsupportedError].
	Open(ctx context.Context, topic string, cfg Config) (Log, error)

	// Capabilities says what this transport can do. The answer does not change while the transport is open.
	Capabilities() Capabilities

	// Close ends every log, reader and group member opened through this transport, and returns when nothing of it runs
	// any more or ctx ends. Blocked calls end with [ErrClosed]. Members give back what they hold. Calling Close again
	// does nothing.
	Close(ctx context.Context) error
}

// Catalog is implemented by transports that know their logs ([Capabilities].Patterns). Its methods may be called
// concurrently.
type Catalog interface {
	// Topics calls seen once for every log there is and then once for each later one, without polling. A topic that was
	// removed and opened again is seen again. seen is called by this goroutine with no lock held. Topics returns the
	// context's error when ctx ends, [ErrLinkDown] when the link breaks, [ErrClosed] when the transport closes; never nil.
	Topics(ctx context.Context, seen func(topic string)) error

	// Remove drops the log, its records and its groups for everybody: calls on it, blocked ones too, end with
	// [ErrRemoved]. Opening the name later makes a new log with another epoch. Removing what is not there does nothing.
	Remove(ctx context.Context, topic string) error
}

// Capabilities states what a transport can do; what is false here is refused with an [*UnsupportedError].
type Capabilities struct {
	Name        string // the transport's name in errors and logs, for instance "memory"
	Replay      bool   // following from Earliest and After
	Time        bool   // following from Since
	Groups      bool   // Log.Group
	KeyedGroups bool   // GroupConfig.Keyed
	Dedup       bool   // a Record.ID appended again within the window is not appended twice
	Patterns    bool   // the transport is a Catalog
	Count       bool   // Retention.Count
	Bytes       bool   // Retention.Bytes
	Age         bool   // Retention.Age
	MaxRecord   int    // largest Record.Size in bytes; 0 = no limit
}

// CheckConfig returns an [*UnsupportedError] for the first option of cfg that the transport cannot honour, and an error
// for a value that makes no sense. Every Open begins with it.
func (c Capabilities) CheckConfig(cfg Config) error {
	r := cfg.Retention
	switch {
	case r.Count < 0:
		return fmt.Errorf("retention count %d is negative: use 0 for the default", r.Count)
	case r.Bytes < 0:
		return fmt.Errorf("retention bytes %d is negative: use 0 for the default", r.Bytes)
	case r.Age < 0:
		return fmt.Errorf("retention age %v is negative: use 0 for the default", r.Age)
	case r.Count > 0 && !c.Count:
		return c.unsupported("Retention.Count")
	case r.Bytes > 0 && !c.Bytes:
		return c.unsupported("Retention.Bytes")
	case r.Age > 0 && !c.Age:
		return c.unsupported("Retention.Age")
	}
	return nil
}

// CheckStart returns an [*UnsupportedError] if the transport cannot follow from s.
func (c Capabilities) CheckStart(s Start) error {
	switch {
	case (s.Kind() == StartEarliest || s.Kind() == StartAfter) && !c.Replay:
		return c.unsupported("Start " + s.String())
	case s.Kind() == StartSince && !c.Time:
		return c.unsupported("Start " + s.String())
	}
	return nil
}

// CheckGroup returns an error if the group's name is not legal or a setting makes no sense, and an [*UnsupportedError]
// if the transport cannot honour a setting.
func (c Capabilities) CheckGroup(name string, cfg GroupConfig) error {
	if !c.Groups {
		return c.unsupported("Group")
	}
	if err := CheckName(name); err != nil {
		return err
	}
	if cfg.Keyed && !c.KeyedGroups {
		return c.unsupported("GroupConfig.Keyed")
	}
	if cfg.Idle < 0 {
		return fmt.Errorf("idle time %v is negative: use 0 for the default of %v", cfg.Idle, DefaultIdle)
	}
	return c.CheckStart(cfg.Start)
}

func (c Capabilities) unsupported(option string) error {
	return &UnsupportedError{Transport: c.Name, Option: option}
}

// Config is a log's settings. The zero value works.
type Config struct {
	Retention Retention
}

// Retention bounds what a log keeps. Whatever bound is reached first drops the oldest records. The newest record always
// stays, unless Age drops it. A zero field means the transport's default for a new log, and no change for one that is
// there.
type Retention struct {
	Count int           // records; a transport may keep a few more
	Bytes int64         // sum of Record.Size; a transport may keep a few more
	Age   time.Duration // time since the record was appended, by the store's clock
}
