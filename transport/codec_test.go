package transport_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/azutoolkit/echo/transport"
)

func TestRawCarriesEveryByteInItsOwnMemory(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	want := bytes.Clone(every)
	data, err := transport.Raw.Encode(every)
	if err != nil {
		t.Fatal(err)
	}
	clear(every)
	var out []byte
	if err := transport.Raw.Decode(data, &out); err != nil || !bytes.Equal(out, want) {
		t.Fatalf("got %v, %v", out, err)
	}
	clear(data)
	if !bytes.Equal(out, want) {
		t.Fatal("the decoded value shares memory with the record")
	}
}

func TestRawTakesTypesMadeOfBytesAndStrings(t *testing.T) {
	type line string
	type blob []byte
	for _, v := range []any{"hi", line("hi"), []byte("hi"), blob("hi")} {
		data, err := transport.Raw.Encode(v)
		if err != nil || string(data) != "hi" {
			t.Errorf("Encode(%T) = %q, %v", v, data, err)
		}
	}
	var s string
	var l line
	var b []byte
	var o blob
	var a any
	for _, p := range []any{&s, &l, &b, &o, &a} {
		if err := transport.Raw.Decode([]byte("hi"), p); err != nil {
			t.Error(err)
		}
	}
	if got := fmt.Sprintf("%s %s %s %s %s", s, l, b, o, a); got != "hi hi hi hi hi" {
		t.Errorf("decoded %q", got)
	}
}

func TestRawKeepsAnEmptyMessage(t *testing.T) {
	data, err := transport.Raw.Encode([]byte(nil))
	if err != nil || data == nil || len(data) != 0 {
		t.Errorf("Encode of no bytes = %#v, %v", data, err)
	}
	out := []byte("old")
	if err := transport.Raw.Decode(nil, &out); err != nil || out == nil || len(out) != 0 {
		t.Errorf("Decode of no bytes = %#v, %v", out, err)
	}
}

func TestCodecsReturnErrorsInsteadOfPanics(t *testing.T) {
	var noBytes *[]byte
	var noString *string
	var noAny *any
	type named []byte
	var noNamed *named
	for _, into := range []any{nil, 7, "x", new(int), new([]int), noBytes, noString, noAny, noNamed} {
		for _, c := range []transport.Codec{transport.Raw, transport.JSON} {
			if err := c.Decode([]byte("{x"), into); err == nil {
				t.Errorf("%s decoded into %T", c.ContentType(), into)
			}
		}
	}
	for _, v := range []any{nil, 7, []int{1}, struct{}{}, []named{}} {
		if _, err := transport.Raw.Encode(v); err == nil {
			t.Errorf("Raw encoded %T", v)
		}
	}
	if _, err := transport.JSON.Encode(make(chan int)); err == nil {
		t.Error("JSON encoded a channel")
	}
	if err := transport.JSON.Decode([]byte(`{} {}`), &struct{}{}); err == nil {
		t.Error("JSON read two values as one")
	}
	if err := transport.JSON.Decode(nil, &struct{}{}); err == nil {
		t.Error("JSON read a value from no bytes")
	}
}

func ExampleCodec() {
	type world struct{ Name string }
	data, err := transport.JSON.Encode(world{"Marco"})
	fmt.Println(transport.JSON.ContentType(), string(data), err)
	var w world
	err = transport.JSON.Decode(data, &w)
	fmt.Println(w.Name, err)
	// Output:
	// application/json {"Name":"Marco"} <nil>
	// Marco <nil>
}
