package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Feed reads the features of a GeoJSON feed of the USGS one at a time, so a feed may be larger than the memory.
// It reads gzip too. One goroutine uses it.
type Feed struct {
	name     string
	src      *leash
	dec      *json.Decoder
	at       place
	index    int            // of the next feature, from 0
	last     string         // id of the feature before, "" if there was none
	ids      map[string]int // id of each good feature → its index
	features bool           // the member "features" was there
	declared int            // what the feed's metadata say, -1 if nothing
}

// place says where in the document the reader stands.
type place int

const (
	atStart place = iota
	inObject
	inFeatures
	atEnd
)

// BadFeature is one feature that cannot be used, in a feed that is sound otherwise.
type BadFeature struct {
	Index int    // in the feed, from 0
	ID    string // empty if it has none that can be read
	Err   error  // names the member and what is wrong with it
}

// Error implements error.
func (b *BadFeature) Error() string {
	if b.ID == "" {
		return fmt.Sprintf("feature %d (without an id): %v", b.Index, b.Err)
	}
	return fmt.Sprintf("feature %d (%q): %v", b.Index, b.ID, b.Err)
}

// Unwrap returns what is wrong with the feature.
func (b *BadFeature) Unwrap() error { return b.Err }

// NewFeed returns a reader of the feed in r; name is what errors call it.
func NewFeed(name string, r io.Reader) (*Feed, error) {
	f := &Feed{name: name, ids: make(map[string]int), declared: -1}
	b := bufio.NewReaderSize(r, 64<<10)
	if head, _ := b.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b { // RFC 1952, 2.3.1
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, f.broken(err)
		}
		b = bufio.NewReader(z)
	}
	if head, _ := b.Peek(3); string(head) == "\ufeff" {
		_, _ = b.Discard(3) // some editors write a byte order mark; they were just peeked, so this cannot fail
	}
	f.src = &leash{r: b}
	f.dec = json.NewDecoder(f.src)
	f.src.dec = f.dec
	return f, nil
}

// Declared returns the number of features that the feed's metadata announce, -1 if none. It is known for sure once
// Next has returned io.EOF.
func (f *Feed) Declared() int { return f.declared }

// Next returns the next event. A *BadFeature reports one feature that cannot be used; calling Next again goes on
// behind it. io.EOF is the end of a complete and sound feed. Any other error says that the feed is broken, and where.
func (f *Feed) Next() (Quake, error) {
	for {
		switch f.at {
		case atStart:
			if err := f.open(); err != nil {
				return Quake{}, f.broken(err)
			}
		case inObject:
			if err := f.member(); err != nil {
				return Quake{}, f.broken(err)
			}
		case inFeatures:
			if f.dec.More() {
				return f.feature()
			}
			if _, err := f.dec.Token(); err != nil { // the "]"
				return Quake{}, f.broken(err)
			}
			f.at = inObject
		case atEnd:
			return Quake{}, io.EOF
		}
	}
}

// feature reads one element of "features".
func (f *Feed) feature() (Quake, error) {
	var raw json.RawMessage
	if err := f.dec.Decode(&raw); err != nil {
		return Quake{}, f.broken(err)
	}
	index := f.index
	f.index++
	id, q, err := readQuake(raw)
	f.last = id
	if err != nil {
		return Quake{}, &BadFeature{Index: index, ID: id, Err: err}
	}
	if first, twice := f.ids[id]; twice {
		return Quake{}, &BadFeature{Index: index, ID: id, Err: fmt.Errorf("repeats the id of feature %d", first)}
	}
	f.ids[id] = index
	return q, nil
}

// broken says where in the feed the error is: the feature that was being read, the id of the one before it, the byte.
func (f *Feed) broken(err error) error {
	at := "before the first feature"
	switch {
	case f.at == inFeatures && f.last != "":
		at = fmt.Sprintf("feature %d (after %q)", f.index, f.last)
	case f.at == inFeatures:
		at = fmt.Sprintf("feature %d", f.index)
	case f.features:
		at = "after the features"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("quakes: read %q: %s: the feed ends in the middle; fetch it again: %w", f.name, at, io.ErrUnexpectedEOF)
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("quakes: read %q: %s, byte %d: not JSON: %w", f.name, at, syntax.Offset, err)
	}
	return fmt.Errorf("quakes: read %q: %s: %w", f.name, at, err)
}
