package transport

import (
	"encoding/json"
	"fmt"
)

// Codec turns a message into a record's Data and back. Its methods may be called concurrently and must not keep data or
// share memory with it: the bytes belong to the log.
type Codec interface {
	// ContentType is the media type of what Encode writes; it goes into Record.ContentType.
	ContentType() string

	// Encode returns v as bytes.
	Encode(v any) ([]byte, error)

	// Decode reads data, which may come from a stranger, into the value that the pointer into points to. It must return
	// an error, not panic, for data it does not understand.
	Decode(data []byte, into any) error
}

// JSON is the default codec: encoding/json, "application/json". Unknown fields are passed over, so that a message type
// may grow. As encoding/json does, it writes U+FFFD for bytes in strings that are not UTF-8: use []byte for such data.
var JSON Codec = jsonCodec{}

type jsonCodec struct{}

func (jsonCodec) ContentType() string { return "application/json" }

func (jsonCodec) Encode(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("transport: encode %T as JSON: %w", v, err)
	}
	return data, nil
}

func (jsonCodec) Decode(data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("transport: decode JSON into %T: %w", into, err)
	}
	return nil
}
