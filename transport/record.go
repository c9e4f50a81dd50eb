package transport

import "time"

// Record is one message in a log: bytes and what is known about them. The names are those of CloudEvents 1.0, where
// Key is called subject and ContentType datacontenttype. All fields may be empty, and all strings may hold any bytes,
// unless the transport says otherwise. A transport returns every field as it was appended and sets Position.
type Record struct {
	ID          string            // tells one publication from another; the key of deduplication
	Source      string            // who published it
	Type        string            // the name of the message's type
	Key         string            // the ordering key
	ContentType string            // how Data is encoded, a media type: see Codec
	TraceParent string            // W3C Trace Context
	Time        time.Time         // when it was published, by the publisher's clock; a transport may drop all below 1 ms and the zone
	Headers     map[string]string // the user's own; nil and empty are the same. Must not be changed once appended
	Data        []byte            // nil and empty are the same. Must not be changed once appended
	Position    Position          // its place in the log, set by the transport
}

// Size is the number of bytes that count for [Retention].Bytes and [Capabilities].MaxRecord: Data, and the text of all
// fields and headers.
func (r *Record) Size() int {
	n := len(r.Data) + len(r.ID) + len(r.Source) + len(r.Type) + len(r.Key) + len(r.ContentType) + len(r.TraceParent)
	for k, v := range r.Headers {
		n += len(k) + len(v)
	}
	return n
}
