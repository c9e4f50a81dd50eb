package main

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
)

// FuzzFeed holds that the reader never panics, that it accepts valid JSON only, and that every feature ends either as
// an event or as a bad one, with the counts of encoding/json itself.
func FuzzFeed(f *testing.F) {
	f.Add([]byte(feed(feature("a", "", ""), feature("b", "properties.mag", "null"))))
	f.Add([]byte(feed(feature("a", "geometry", "-"), feature("a", "", ""), "null")))
	f.Add([]byte(feed()[:20]))
	f.Add([]byte(`{"features":[{"id":"a","properties":{"time":-1}}]} `))
	f.Add([]byte("\ufeff{}"))
	f.Add(week[:200])
	f.Fuzz(func(t *testing.T, data []byte) {
		rec, err := Load("fuzz", bytes.NewReader(data))
		if err != nil {
			if rec != nil {
				t.Error("a recording beside an error")
			}
			return
		}
		for i, q := range rec.Quakes {
			if q.ID == "" || !plain(q.Net) || q.Kind == "" || q.Lat != q.Lat || q.Lon != q.Lon {
				t.Errorf("event %d is not complete: %+v", i, q)
			}
		}
		if len(data) > 1 && data[0] == 0x1f && data[1] == 0x8b {
			return // compressed: the comparison below reads plain JSON
		}
		data = bytes.TrimPrefix(data, []byte("\ufeff"))
		if !json.Valid(data) {
			t.Fatal("accepted what is not JSON")
		}
		if got, want := len(rec.Quakes)+len(rec.Bad), countFeatures(t, data); got != want {
			t.Errorf("%d events and %d bad features of %d", len(rec.Quakes), len(rec.Bad), want)
		}
	})
}

// countFeatures counts the elements of the document's member that is called exactly "features".
func countFeatures(t *testing.T, data []byte) int {
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	for {
		key, err := dec.Token()
		if err == io.EOF || err != nil {
			t.Fatal("no features in a feed that was accepted")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatal(err)
		}
		if key == "features" {
			var all []json.RawMessage
			if err := json.Unmarshal(value, &all); err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
	}
}
