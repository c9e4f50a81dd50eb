package topic

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// unwritable says what of a type JSON cannot write, or "". Encoding a value would not find it: an empty slice of channels can
// be written, and a struct whose fields are not exported is written as nothing.
func unwritable(typ reflect.Type, seen map[reflect.Type]bool) string {
	if seen[typ] || writesItself(typ) {
		return ""
	}
	seen[typ] = true
	switch typ.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return fmt.Sprintf("JSON has no %v", typ.Kind())
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return unwritable(typ.Elem(), seen)
	case reflect.Map:
		if k := typ.Key(); !isKey(k.Kind()) && !k.Implements(textMarshaler) {
			return fmt.Sprintf("JSON has no map with keys of %v", k)
		}
		return unwritable(typ.Elem(), seen)
	case reflect.Struct:
		return unwritableFields(typ, seen)
	}
	return ""
}

// isKey reports whether JSON writes map keys of the kind.
func isKey(k reflect.Kind) bool {
	return k == reflect.String || k >= reflect.Int && k <= reflect.Uintptr
}

func unwritableFields(typ reflect.Type, seen map[reflect.Type]bool) string {
	written := typ.NumField() == 0
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Tag.Get("json") == "-" {
			written = true // on purpose
			continue
		}
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		written = true
		if why := unwritable(f.Type, seen); why != "" {
			if name == "" {
				name = f.Name
			}
			return fmt.Sprintf("field %s: %s", name, why)
		}
	}
	if !written {
		return fmt.Sprintf("%v has no exported field", typ)
	}
	return ""
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// writesItself reports whether the type, or a pointer to it, says how it is written.
func writesItself(typ reflect.Type) bool {
	for _, t := range []reflect.Type{typ, reflect.PointerTo(typ)} {
		if t.Implements(jsonMarshaler) || t.Implements(textMarshaler) {
			return true
		}
	}
	return false
}
