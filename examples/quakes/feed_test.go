package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// feature returns one sound feature with one member replaced: "" leaves it as it is, "-" takes it out.
func feature(id, path, value string) string {
	f := map[string]any{
		"type": "Feature", "id": id,
		"properties": map[string]any{"mag": 1.5, "place": "here", "time": 1517966773840, "net": "ci", "type": "earthquake"},
		"geometry":   map[string]any{"type": "Point", "coordinates": []float64{-118.6, 34.4, 26.4}},
	}
	if path != "" {
		at := f
		keys := strings.Split(path, ".")
		for _, k := range keys[:len(keys)-1] {
			at = at[k].(map[string]any)
		}
		if value == "-" {
			delete(at, keys[len(keys)-1])
		} else {
			at[keys[len(keys)-1]] = json.RawMessage(value)
		}
	}
	data, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func feed(features ...string) string {
	return `{"type":"FeatureCollection","metadata":{"count":` + fmt.Sprint(len(features)) + `},"features":[` +
		strings.Join(features, ",") + `],"bbox":[1,2,[3]]}`
}

func load(t *testing.T, text string) (*Recording, error) {
	t.Helper()
	return Load("test.geojson", strings.NewReader(text))
}

// The truth is counted without the reader under test, by decoding everything into maps.
func TestRecordedWeekIsReadWhole(t *testing.T) {
	name, r, err := openFeed("")
	if err != nil {
		t.Fatal(err)
	}
	rec, err := Load(name, r)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(week))
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Features []struct {
			ID         string
			Properties map[string]any
			Geometry   struct{ Coordinates []float64 }
		}
	}
	if err := json.NewDecoder(z).Decode(&truth); err != nil {
		t.Fatal(err)
	}
	if len(rec.Bad) != 0 || len(rec.Quakes) != 1707 || len(truth.Features) != 1707 || rec.Declared != 1707 {
		t.Fatalf("%d events (want 1707), %d bad, %d declared", len(rec.Quakes), len(rec.Bad), rec.Declared)
	}
	if nets := rec.Networks(); len(nets) != 12 {
		t.Errorf("networks %v, want 12", nets)
	}
	byID := make(map[string]Quake)
	for i, q := range rec.Quakes {
		byID[q.ID] = q
		if i > 0 && q.Time.Before(rec.Quakes[i-1].Time) {
			t.Errorf("event %d is older than the one before", i)
		}
	}
	for _, f := range truth.Features {
		q := byID[f.ID]
		p := f.Properties
		if q.Net != p["net"] || q.Kind != p["type"] || q.Place != p["place"] || float64(q.Time.UnixMilli()) != p["time"] ||
			q.Mag == nil || *q.Mag != p["mag"] || q.Lon != f.Geometry.Coordinates[0] || q.Lat != f.Geometry.Coordinates[1] ||
			q.Depth == nil || *q.Depth != f.Geometry.Coordinates[2] {
			t.Errorf("%s: got %+v, want %v", f.ID, q, f)
		}
	}
}

func TestOptionalMembersMayBeAbsent(t *testing.T) {
	rec, err := load(t, feed(
		feature("a", "properties.mag", "null"),
		feature("b", "properties.place", "null"),
		feature("c", "properties.place", "-"),
		feature("d", "geometry.coordinates", "[180,-90]"),
		feature("e", "properties.extra", `{"any":["thing"]}`),
	))
	if err != nil || len(rec.Bad) > 0 || len(rec.Quakes) != 5 {
		t.Fatalf("error %v, recording %+v; want 5 events", err, rec)
	}
	if rec.Quakes[0].Mag != nil || rec.Quakes[3].Depth != nil {
		t.Errorf("null magnitude %v, absent depth %v; want nil", rec.Quakes[0].Mag, rec.Quakes[3].Depth)
	}
}

func TestOneBadFeatureIsNamedAndTheOthersCounted(t *testing.T) {
	for _, c := range []struct{ path, value, want string }{
		{"id", "-", "id is missing"},
		{"id", "7", "id is the number 7, not a string"},
		{"id", `""`, "id has 0 bytes"},
		{"id", `"` + strings.Repeat("x", 129) + `"`, "id has 129 bytes"},
		{"id", `"good0"`, "repeats the id of feature 0"},
		{"type", "-", "type is missing"},
		{"type", `"feature"`, `type is "feature"`},
		{"properties", "-", "properties is missing"},
		{"properties", "null", "properties is null, not an object"},
		{"properties", "[]", "properties is an array"},
		{"properties.mag", "-", "properties.mag is missing"},
		{"properties.mag", `"2.0"`, "properties.mag is a string, not a number or null"},
		{"properties.mag", "1e400", "properties.mag is the number 1e400"},
		{"properties.mag", "1e300", "properties.mag is 1e+300: outside of"},
		{"properties.time", "-", "properties.time is missing"},
		{"properties.time", "null", "properties.time is null"},
		{"properties.time", "1.5", "properties.time is the number 1.5, not a whole number"},
		{"properties.time", "9223372036854775807", "outside of the years"},
		{"properties.time", "92233720368547758079", "properties.time is the number 9223372036854775807"},
		{"properties.net", "-", "properties.net is missing"},
		{"properties.net", `""`, "properties.net has 0 bytes"},
		{"properties.net", `"a.b"`, "can name a topic"},
		{"properties.net", `"\u001b[2J"`, `properties.net is "\x1b[2J"`},
		{"properties.type", "-", "properties.type is missing"},
		{"properties.type", "true", "properties.type is a boolean"},
		{"properties.place", "{}", "properties.place is an object"},
		{"geometry", "-", "geometry is missing"},
		{"geometry", "null", "geometry is null"},
		{"geometry.type", `"Polygon"`, `geometry.type is "Polygon"`},
		{"geometry.coordinates", "-", "geometry.coordinates is missing"},
		{"geometry.coordinates", "[1]", "has 1 numbers"},
		{"geometry.coordinates", "[1,2,3,4]", "has 4 numbers"},
		{"geometry.coordinates", "[1,null,3]", "geometry.coordinates[1] is null"},
		{"geometry.coordinates", "[181,0,3]", "longitude 181"},
		{"geometry.coordinates", "[0,-91]", "latitude -91"},
		{"geometry.coordinates", `[0,0,"deep"]`, "geometry.coordinates[2] is a string"},
	} {
		rec, err := load(t, feed(feature("good0", "", ""), feature("bad", c.path, c.value), feature("good2", "", "")))
		if err != nil || len(rec.Quakes) != 2 || len(rec.Bad) != 1 || rec.Bad[0].Index != 1 {
			t.Errorf("%s = %s: error %v, recording %+v; want 2 events and 1 bad", c.path, c.value, err, rec)
			continue
		}
		bad := rec.Bad[0]
		if !strings.Contains(bad.Error(), c.want) || !strings.Contains(bad.Error(), "feature 1 (") {
			t.Errorf("%s = %s: %q, want %q in it", c.path, c.value, bad, c.want)
		}
		if c.path != "id" && bad.ID != "bad" {
			t.Errorf("%s = %s: id %q, want it named", c.path, c.value, bad.ID)
		}
	}
}

func TestFeatureThatIsNoObjectIsBad(t *testing.T) {
	rec, err := load(t, feed("null", "7", feature("a", "", ""), `"x"`, "[]"))
	if err != nil || len(rec.Quakes) != 1 || len(rec.Bad) != 4 {
		t.Fatalf("error %v, recording %+v; want 1 event and 4 bad", err, rec)
	}
	if got, want := rec.Bad[0].Error(), "feature 0 (without an id): the feature is null, not an object"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBrokenFeedIsAnError(t *testing.T) {
	good := feature("good", "", "")
	whole := feed(good, feature("next", "", ""))
	deep := strings.Repeat("[", 10_001)
	for _, c := range []struct{ text, want string }{
		{"", "before the first feature: the feed ends in the middle"},
		{"<html>", "before the first feature, byte 1: not JSON: invalid character '<'"},
		{"[]", "the document is not an object"},
		{"{}", `it has no "features"`},
		{`{"type":"Topology","features":[]}`, `its type is "Topology"`},
		{`{"type":null,"features":[]}`, `its type is "<nil>"`},
		{`{"features":null}`, `"features" is not an array`},
		{`{"features":[],"features":[]}`, `comes twice`},
		{feed(good) + "{}", `after the features: the document goes on behind its end`},
		{feed(good) + "]", `after the features, byte`},
		{`{"features":[` + good + ` x`, `feature 1 (after "good"), byte`},
		{`{"features":[` + good + `,]}`, `feature 1 (after "good"), byte`},
		{`{"a":` + deep, "nested more than 10000 deep"},
		{`{"features":[` + deep, "exceeded max depth"},
		{whole[:len(whole)-40], `feature 1 (after "good"): the feed ends in the middle`},
		{whole[:len(whole)-1], `after the features: the feed ends in the middle`},
	} {
		rec, err := load(t, c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), `quakes: read "test.geojson": `) {
			t.Errorf("%.60q: error %v, want %q in it", c.text, err, c.want)
		}
		if rec != nil {
			t.Errorf("%.60q: a recording beside the error", c.text)
		}
	}
}

func TestFeedCutAnywhereIsAnError(t *testing.T) {
	whole := feed(feature("a", "", ""), feature("b", "", ""))
	if _, err := load(t, whole); err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) {
		if _, err := load(t, whole[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %v, want io.ErrUnexpectedEOF", n, err)
		}
	}
}

func TestGzipCutOrBentIsAnError(t *testing.T) {
	for _, n := range []int{3, 10, 1000, len(week) / 2, len(week) - 8, len(week) - 1} {
		if _, err := Load("cut", bytes.NewReader(week[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: %v, want io.ErrUnexpectedEOF", n, err)
		}
	}
	bent := bytes.Clone(week)
	bent[len(bent)-6] ^= 1
	if _, err := Load("bent", bytes.NewReader(bent)); !errors.Is(err, gzip.ErrChecksum) {
		t.Errorf("bent: %v, want gzip.ErrChecksum", err)
	}
}

func TestReaderOfBytesOneByOneSeesTheSame(t *testing.T) {
	text := feed(feature("a", "", ""), feature("b", "geometry", "null"), feature("c", "", ""))
	rec, err := Load("slow", iotest.OneByteReader(strings.NewReader("\ufeff"+text)))
	if err != nil || len(rec.Quakes) != 2 || len(rec.Bad) != 1 {
		t.Errorf("error %v, recording %+v; want 2 events and 1 bad", err, rec)
	}
	fail := errors.New("disk on fire")
	if _, err := Load("failing", iotest.ErrReader(fail)); !errors.Is(err, fail) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

// endless repeats a text without an end.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

func TestValueWithoutEndDoesNotFillTheMemory(t *testing.T) {
	for _, head := range []string{`{"features":["`, `{"features":[`, `{"a":"`, `{"`, `{"metadata":"`, ``} {
		_, err := Load("endless", io.MultiReader(strings.NewReader(head), endless("        ")))
		if err == nil || !strings.Contains(err.Error(), "larger than 4 MiB") {
			t.Errorf("%q: %v, want an error about the size", head, err)
		}
	}
}

func TestMembersThatNobodyNeedsMayBeHuge(t *testing.T) {
	text := `{"a":[` + strings.Repeat(`"0123456789abcdef",`, 400_000) + `0],` + feed(feature("a", "", ""))[1:]
	if rec, err := load(t, text); err != nil || len(rec.Quakes) != 1 {
		t.Errorf("error %v, want one event", err)
	}
}
