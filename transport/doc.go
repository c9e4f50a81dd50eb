// Package transport is the contract between a topic and the place where its log lives: this process, Redis, or another
// process. It holds the interfaces and the data that cross them, the codecs, and the rules for topic names. It needs the
// standard library only; the transports are packages of their own (transport/memory, transport/redis,
// transport/websocket), and transport/transporttest is this text as a test suite.
//
// A [Transport] opens a [Log] by topic name. A log appends [Record] batches, is followed from a [Start] in batches by
// a [Reader], and is shared by the members of a [Group]:
//
//	log, err := hub.Open(ctx, "orders", transport.Config{})
//	reader, err := log.Follow(ctx, transport.Latest())
//	positions, err := log.Append(ctx, []transport.Record{{ID: "42", Data: []byte("hello")}})
//	records, err := reader.Next(ctx) // the same record, with its Position
//
// # Delivery
//
// Append puts a batch into the log whole, contiguous and in order, or not at all. Every record gets a [Position]; every
// reader, on every node, sees the records by rising position, and the records of one caller in the order of its calls.
// A record whose ID was appended before, within the dedup window of the transport, is not appended again: its first
// position is the answer. So an Append whose outcome is unknown ([ErrUnknown]) can be tried again with the same IDs.
//
// A reader returns every record behind its start, once, as long as the log retains it and the link holds. When the link
// breaks it ends with [ErrLinkDown]: follow again with [After] the last position seen, and nothing is missed or
// repeated. What retention dropped before it was read is reported as a [*GapError], never skipped in silence; so is a log
// that was lost and began anew (its positions carry another epoch).
//
// A group gives each record to one member at a time, and again after the member gave it back, closed, or was silent for
// longer than its Idle, until somebody acknowledges it: at least once, with an attempt number. Not promised: exactly
// once, and records that retention dropped before they were acknowledged (Take reports them as a [*GapError]).
//
// # Concurrency
//
// The methods of Transport, Catalog, Log and Group may be called concurrently. A Reader belongs to one goroutine at a
// time, save Close, which any goroutine may call. Nobody changes a record's Data or Headers once they were appended or
// returned: they may be shared with others.
//
// # Failure
//
// A transport does not retry; whoever calls it does. Test an error with errors.Is and errors.As:
//
//   - [ErrLinkDown]: the store cannot be reached now; nothing was appended. Try again later.
//   - [ErrUnknown]: the records of this Append may or may not be in the log. Try again with the same IDs.
//   - [ErrTooLarge]: a record is over the transport's limit; nothing was appended.
//   - [ErrRemoved]: the log was removed for everybody.
//   - [ErrClosed]: this handle, or the transport, was closed here.
//   - [*GapError]: records were lost; the next call goes on behind them.
//   - [*UnsupportedError]: the transport cannot honour an option. It is returned when the option is asked for.
//   - the context's own error, wrapped, when the context ended first. For an Append it means "not in the log" unless the
//     error is ErrUnknown too.
package transport
