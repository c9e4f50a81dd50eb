package transporttest

import (
	"bytes"
	"maps"
	"strings"
	"time"

	"github.com/azutoolkit/echo/transport"
)

var recordCases = []contractCase{
	{name: "EveryFieldSurvives", test: everyField},
	{name: "HugeRecordsSurvive", test: hugeRecords},
	{name: "TooLargeAppendsNothing", test: tooLarge, needs: []need{limit}},
	{name: "TheSliceStaysTheCallers", test: sliceStays},
}

// odd are records that careless encodings break.
func odd() []transport.Record {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	text := "\x00\xff\xed\xa0\x80 grüße\r\n\"\\世界\u2028\ufeff🙂" + string(every)
	return []transport.Record{
		{},
		{Data: []byte{}, Headers: map[string]string{}},
		{Data: []byte{0}},
		{Data: every},
		{Data: []byte("\r\n*1\r\n$4\r\nPING\r\n")},
		{ID: "plain", Source: "s", Type: "t", Key: "k", ContentType: "application/json", TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
			Time: time.Date(2026, 2, 28, 23, 59, 59, 123_000_000, time.UTC), Headers: map[string]string{"a": "b"}, Data: []byte(`{"x":1}`)},
		{ID: text, Source: text, Type: text, Key: text, ContentType: text, TraceParent: text, Headers: map[string]string{text: text, "": "", " ": "\n", "UP": "1", "up": "2"}, Data: []byte(text)},
		{Time: time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC)},
		{Time: time.Date(2999, 1, 1, 0, 0, 0, 1_000_000, time.FixedZone("x", 3600))},
		{Headers: map[string]string{"long": strings.Repeat("h", 70_000)}, Key: strings.Repeat("k", 70_000)},
		{Position: transport.Position{Epoch: "not", Major: 1, Minor: 2, Index: 3}, Data: []byte("ignored position")},
	}
}

func everyField(t *trial) {
	log := t.open(0, "orders")
	near, far := t.follow(log, transport.Latest()), t.follow(t.open(1, "orders"), transport.Latest())
	want := odd()
	ps := t.put(log, want...)
	for i, r := range odd() {
		ps = append(ps, t.put(t.open(1, "orders"), withID(r, i))...)
		want = append(want, withID(r, i))
	}
	for _, r := range []transport.Reader{near, far} {
		for i, got := range t.read(r, len(want)) {
			t.same(got, want[i], ps[i])
		}
	}
}

// withID makes records that were appended before others, which dedup lets pass.
func withID(r transport.Record, i int) transport.Record {
	r.ID = strings.Repeat("i", i+1)
	return r
}

// same compares all fields, as the contract says they survive.
func (t *trial) same(got, want transport.Record, at transport.Position) {
	t.Helper()
	strings := func(r transport.Record) [6]string {
		return [6]string{r.ID, r.Source, r.Type, r.Key, r.ContentType, r.TraceParent}
	}
	if strings(got) != strings(want) {
		t.Errorf("the record's text is %.300q, want %.300q", strings(got), strings(want))
	}
	if !bytes.Equal(got.Data, want.Data) {
		t.Errorf("%.20q: the data is %d bytes %.40q, want %d bytes %.40q", want.ID, len(got.Data), got.Data, len(want.Data), want.Data)
	}
	if !maps.Equal(got.Headers, want.Headers) {
		t.Errorf("%.20q: the headers are %.300q, want %.300q", want.ID, got.Headers, want.Headers)
	}
	if got.Time.IsZero() != want.Time.IsZero() || got.Time.UnixMilli() != want.Time.UnixMilli() {
		t.Errorf("%.20q: the time is %v, want %v", want.ID, got.Time, want.Time)
	}
	if got.Position != at {
		t.Errorf("%.20q: the position is %v, want %v", want.ID, got.Position, at)
	}
}

func hugeRecords(t *trial) {
	size := 16 << 20
	if t.can.MaxRecord > 0 {
		size = min(size, t.can.MaxRecord-1024)
	}
	log := t.open(0, "orders")
	r := t.follow(t.open(1, "orders"), transport.Latest())
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i ^ i>>8 ^ i>>16)
	}
	want := []transport.Record{{ID: "before"}, {ID: "huge", Data: data}, {ID: "after"}}
	ps := t.put(log, want...)
	for i, got := range t.read(r, 3) {
		t.same(got, want[i], ps[i])
	}
}

func tooLarge(t *trial) {
	ctx, cancel := t.within()
	defer cancel()
	log := t.open(0, "orders")
	r := t.follow(t.open(1, "orders"), transport.Latest())
	over := transport.Record{ID: "over", Data: make([]byte, t.can.MaxRecord-len("over")+1)}
	_, err := log.Append(ctx, []transport.Record{{ID: "small"}, over, {ID: "last"}})
	t.is("Append of a record over the limit", err, transport.ErrTooLarge)
	over.Data = over.Data[:1]
	over.Headers = map[string]string{"h": strings.Repeat("x", t.can.MaxRecord)}
	_, err = log.Append(ctx, []transport.Record{over})
	t.is("Append of headers over the limit", err, transport.ErrTooLarge)
	t.seesNoMore(r)
	over.Headers = nil
	over.Data = make([]byte, t.can.MaxRecord-len("over"))
	t.put(log, over)
	t.sees(r, "over")
}

func sliceStays(t *trial) {
	log := t.open(0, "orders")
	a, b := t.follow(log, transport.Latest()), t.follow(log, transport.Latest())
	mine := append(records("x", 2), transport.Record{ID: "spare"})
	t.put(log, mine[:2]...)
	for i, want := range []string{"x-1", "x-2", "spare"} {
		if mine[i].ID != want || mine[i].Position != (transport.Position{}) {
			t.Fatalf("Append changed the caller's slice: record %d is %q at %v", i, mine[i].ID, mine[i].Position)
		}
	}
	clear(mine)
	got := t.read(a, 2)
	clear(got)
	_ = append(got, transport.Record{ID: "written behind the slice"})
	t.sees(b, "x-1", "x-2")
}
