package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// open reads the "{" of the document.
func (f *Feed) open() error {
	t, err := f.dec.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return errors.New("not a GeoJSON feed: the document is not an object")
	}
	f.at = inObject
	return nil
}

// member reads one member of the document, or its "}" and what comes behind.
func (f *Feed) member() error {
	if !f.dec.More() {
		return f.finish()
	}
	t, err := f.dec.Token()
	if err != nil {
		return err
	}
	switch t {
	case "features":
		return f.openFeatures()
	case "type":
		if t, err = f.dec.Token(); err != nil {
			return err
		}
		if t != "FeatureCollection" {
			return fmt.Errorf("not a GeoJSON feed: its type is %.40q, not \"FeatureCollection\"", fmt.Sprint(t))
		}
		return nil
	case "metadata":
		var raw json.RawMessage
		if err := f.dec.Decode(&raw); err != nil {
			return err
		}
		var m struct{ Count *int }
		if json.Unmarshal(raw, &m) == nil && m.Count != nil && *m.Count >= 0 { // only a hint: nothing depends on it
			f.declared = *m.Count
		}
		return nil
	}
	return f.skip()
}

// openFeatures reads the "[" of the features.
func (f *Feed) openFeatures() error {
	if f.features {
		return errors.New("the member \"features\" comes twice")
	}
	t, err := f.dec.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('[') {
		return errors.New("the member \"features\" is not an array")
	}
	f.features = true
	f.at = inFeatures
	return nil
}

// skip reads over one value, whatever its size, without keeping it.
func (f *Feed) skip() error {
	const deepest = 10_000 // as encoding/json allows
	for depth := 0; ; {
		t, err := f.dec.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > deepest {
				return fmt.Errorf("values are nested more than %d deep", deepest)
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// finish reads the "}" of the document and makes sure that it is complete: a feed without features, or with
// something behind its end, would give wrong counts in silence. Reading to the end also checks gzip's checksum.
func (f *Feed) finish() error {
	if _, err := f.dec.Token(); err != nil {
		return err
	}
	if !f.features {
		return errors.New("not a GeoJSON feed: it has no \"features\"")
	}
	switch t, err := f.dec.Token(); {
	case err == nil:
		return fmt.Errorf("the document goes on behind its end with %.40q", fmt.Sprint(t))
	case err != io.EOF: // not errors.Is: an unexpected end of the gzip stream is none of the document
		return err
	}
	f.at = atEnd
	return nil
}

// longest is how far the decoder may read ahead of what it has parsed: the largest feature, in bytes.
const longest = 4 << 20

// leash is the decoder's input. It ends a feed whose single value would fill the memory.
type leash struct {
	r    io.Reader
	dec  *json.Decoder
	read int64
}

// Read implements io.Reader.
func (l *leash) Read(p []byte) (int, error) {
	room := l.dec.InputOffset() + longest - l.read
	if room <= 0 {
		return 0, fmt.Errorf("one value is larger than %d MiB", longest>>20)
	}
	n, err := l.r.Read(p[:min(int64(len(p)), room)])
	l.read += int64(n)
	return n, err
}
