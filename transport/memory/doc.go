// Package memory is a transport whose logs live in this process: for several systems in one program, for examples and
// tests, and as the reference of the transport contract. A [Hub] holds the logs. It is a transport itself; a [Link] is
// one node's way to it, which tests can cut, delay, and kill:
//
//	hub := memory.New()
//	defer hub.Close(ctx)
//	a, b := hub.Link("a"), hub.Link("b") // two nodes, one store
//	log, err := a.Open(ctx, "orders", transport.Config{})
//	a.Cut()                               // a sees ErrLinkDown, b goes on
//	a.Heal()
//
// # Delivery
//
// Everything that package transport promises, with every capability. A log retains 65,536 records unless it is opened
// with another Retention.Count; Bytes and Age have no bound by default. Retention is applied when the log is touched, so a
// log that nobody touches frees nothing. A Record.ID is remembered until 100,000 later ones were appended or 2 minutes
// have passed, whichever is first; that takes about 150 bytes for an ID. Groups stay until their log is removed. A member that
// holds 65,536 unacknowledged records waits in Take until it acknowledges some.
//
// Not promised: anything beyond the life of the process. Records are not copied: readers share Data and Headers with
// whoever appended them, and nobody may change either.
//
// # Concurrency
//
// Everything may be called concurrently, save that a Reader's Next belongs to one goroutine. No goroutine is started;
// a timer runs only inside a call that waits for a delay or for a silent member's Idle.
//
// # Failure
//
// Append on a link that is cut returns ErrLinkDown and has appended nothing. It returns ErrUnknown only as
// [Link.LoseReplies] asks for it. A member is silent while its link is cut, and from [Link.Kill] on; its records are given to
// others by the first Take after its Idle. Whatever is asked of a closed or killed link or hub is ErrClosed.
package memory
