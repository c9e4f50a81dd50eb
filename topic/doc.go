// Package topic is typed publish/subscribe between supervised actors.
//
// A topic is an actor with a log behind it. Sending a value to its PID, or calling [Topic.Publish], appends the value; each
// subscription is an actor of its own, with a cursor in that log and the user's consumer inside:
//
//	sys := actor.NewSystem()
//	defer sys.Close(ctx)
//
//	worlds, err := topic.Open[World](sys, "worlds")
//	sub, err := worlds.Subscribe(func(ctx topic.Context, w World) error {
//		fmt.Println("hello,", w.Name)
//		return nil
//	})
//	err = worlds.Publish(ctx, World{"Marco"})
//
// A consumer is a function ([Topic.Subscribe], [Topic.SubscribeBatch]), a value with state ([Spawn]), a value on several
// topics of different types ([SpawnOn]), any actor ([Topic.SubscribePID]), or one that answers ([Respond]). A [Pattern] takes
// all topics whose names match, those that come later too. [Via] puts the log into a [transport.Transport], shared by many
// processes; consumers do not change.
//
// # Delivery
//
// A message is delivered to every subscription that is there when it is published, and once to each [Group]. When Publish
// returns nil the log has the message; when Subscribe returns, every later message reaches the consumer. A cursor moves past a
// message only when the consumer has dealt with it, so a message that fails comes again, in its place, as [Supervise] says;
// given up, it becomes a [DeadLetter], and the subscription goes on. In one process a consumer gets a message again only
// after it has failed on it, or after the group member that held it died. Through a transport delivery is at least once.
//
// All subscriptions of a topic see its messages in the order of the log, and a publisher's messages keep their order. In a
// group, and with [Parallel], that holds for the messages of one [Key]; messages without a key may overtake each other.
//
// When a consumer is slower than its publishers its [Flow] policy decides: they wait ([Block], the default), or messages are
// dropped, which is counted and told to the consumer ([Context].Skipped), or the subscription ends ([Disconnect]).
//
// What is not promised: an order between topics, or between a pattern's topics; that a log in memory survives the process;
// that what [System.Send] sends to a topic's PID arrives (it goes to the system's dead letters if not); that a message that is
// retained ([Retain]) stays when newer ones need its place.
//
// # Concurrency
//
// All functions and methods may be called concurrently, by consumers too. A consumer handles one message at a time, so its
// state needs no lock; which goroutine calls it changes from message to message. Consumers of one topic are served in turn by
// few goroutines; one that takes longer than a millisecond gets a goroutine of its own, so that it holds up nobody else. Waiting
// for a retry takes no goroutine.
//
// Subscribers of one process share the published value: nobody may change it. Crossing a transport makes a copy.
//
// # Failure
//
// An error from a consumer brings the same message again after a back-off; a panic, or runtime.Goexit, also replaces the
// consumer by a fresh one. After [supervisor.Policy].Retries further attempts (3 unless it says otherwise) the message goes to the
// topic's dead letters: see [Topic.DeadLetters] and [Topic.Redrive].
//
// A publisher that waits for room ends with its context; after 5 seconds the log (slog) names the subscription that it waits
// for. A consumer that publishes to its own full topic, with its own context, gets [ErrFull] at once, because waiting for
// itself would never end.
//
// [System.Send]: https://pkg.go.dev/github.com/azutoolkit/echo/actor#System.Send
package topic
