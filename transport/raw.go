package transport

import (
	"fmt"
	"reflect"
)

// Raw is the codec for []byte and string, and for types made of them: the bytes as they are,
// "application/octet-stream". Both ways make a copy. Decode also takes a *any, which gets a []byte. Any other type is an
// error.
var Raw Codec = rawCodec{}

type rawCodec struct{}

func (rawCodec) ContentType() string { return "application/octet-stream" }

func (rawCodec) Encode(v any) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		return clone(v), nil
	case string:
		return []byte(v), nil
	}
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.String:
		return []byte(r.String()), nil
	case isBytes(r):
		return clone(r.Bytes()), nil
	}
	return nil, fmt.Errorf("transport: encode %T as raw bytes: only []byte and string can be", v)
}

func (rawCodec) Decode(data []byte, into any) error {
	switch p := into.(type) {
	case *[]byte:
		if p != nil {
			*p = clone(data)
			return nil
		}
	case *string:
		if p != nil {
			*p = string(data)
			return nil
		}
	case *any:
		if p != nil {
			*p = clone(data)
			return nil
		}
	default:
		if r := reflect.ValueOf(into); r.Kind() == reflect.Pointer && !r.IsNil() {
			switch e := r.Elem(); {
			case e.Kind() == reflect.String:
				e.SetString(string(data))
				return nil
			case isBytes(e):
				e.SetBytes(clone(data))
				return nil
			}
		}
	}
	return fmt.Errorf("transport: decode raw bytes into %T: only a pointer to []byte, string or any can take them", into)
}

func isBytes(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8
}

// clone never returns nil, so that an empty message stays one.
func clone(b []byte) []byte { return append([]byte{}, b...) }
