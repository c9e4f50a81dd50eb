package main

import (
	"encoding/json"
	"fmt"
)

// member decodes one member of a feature. The error says what is there and what is wanted.
func member[T any](data json.RawMessage, name, want string, into *T) error {
	switch {
	case len(data) == 0:
		return fmt.Errorf("%s is missing: want %s", name, want)
	case null(data) || json.Unmarshal(data, into) != nil:
		return fmt.Errorf("%s is %s, not %s", name, kindOf(data), want)
	}
	return nil
}

// text decodes a member that must be a string of 1 to limit bytes.
func text(data json.RawMessage, name string, limit int, into *string) error {
	if err := member(data, name, "a string", into); err != nil {
		return err
	}
	if n := len(*into); n == 0 || n > limit {
		return fmt.Errorf("%s has %d bytes, not 1 to %d", name, n, limit)
	}
	return nil
}

// null reports whether a member is there and null.
func null(data json.RawMessage) bool { return string(data) == "null" }

// kindOf says what stands at the beginning of data, in the words of JSON. A number is shown: it may be the right kind
// and only too large, or not whole.
func kindOf(data json.RawMessage) string {
	switch data[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	const shown = 32
	if len(data) > shown {
		return "the number " + string(data[:shown]) + "…"
	}
	return "the number " + string(data)
}

// plain reports whether a name is made of letters, digits, '-' and '_' of ASCII only: legal as a token of a topic's
// name, and harmless on a terminal.
func plain(name string) bool {
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
		default:
			return false
		}
	}
	return name != ""
}
