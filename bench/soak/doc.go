// Soak runs topics the way nobody should and checks what they promise: consumers that fail, panic, leave by runtime.Goexit,
// sleep and block, that are paused, stopped and drained; topics that are removed and opened again; systems that are closed
// while many goroutines publish; two systems that share a transport whose links break.
//
//	go run -race ./soak [-for 60s] [-seed n] [-systems 1|2] [-v]
//
// # The oracle
//
// Every subscription notes what it is handed, and what it made of it. When a world has ended the notes of all are laid side
// by side: they must agree on what stands at every position of a log, the log must hold each publisher's messages in
// their order and exactly as often as Publish said so, and each subscription must have seen what its flow policy, its
// start and its end promise:
//
//   - Block: every message from its start to its end, in log order; a message comes again only after the consumer failed
//     on it, with the next attempt.
//   - DropOldest, DropNewest, Latest: in log order, and handled plus dropped is all there was.
//   - Disconnect: as Block, until it ends with ErrSlowConsumer.
//   - Groups and Parallel: each message is dealt with once; messages of one key one at a time and in order; a message
//     comes again only after a failure, or after the death of the member that held it.
//   - Given up is exactly what is in the dead-letter topic, with the number of attempts.
//   - One message at a time; nothing after Stop, Pause and Done; a panic gets a fresh consumer.
//   - Requests are answered with their answer or an error, and never hang.
//   - In the end no goroutine is left, no actor, and no subscription.
//
// The seed decides what is done, but not how goroutines interleave: a violation is likely to come back with its seed, not
// certain. It ends the run with exit code 1.
package main
