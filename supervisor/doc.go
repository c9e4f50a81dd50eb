// Package supervisor says what happens to an actor that fails, and to the message it failed on.
//
// A [Policy] is data; its zero value works. Give one to an actor and a failing message is tried again after a
// back-off; a panic replaces the actor's value first; and a message that keeps failing becomes a dead letter:
//
//	actor.Supervise(supervisor.Policy{
//		Retries: 5,
//		Decide: func(err error) supervisor.Directive {
//			if errors.Is(err, errBadInput) {
//				return supervisor.DeadLetter // trying again cannot help
//			}
//			return 0 // the default
//		},
//	})
//
// [OneForOne] and [AllForOne] are strategies for the children of an actor. They decide about actors, not about
// messages: actors spawned by package actor retry messages themselves, so only what they escalate comes here, and
// every failure of an actor spawned with bare engine props.
//
// # Delivery
//
// A policy never loses a message silently: what is given up is a dead letter or, under [Skip], an [Event].
// A strategy cannot give a bare engine actor its failing message again: the engine has thrown it away by then.
//
// # Concurrency
//
// A Policy is a value and is never written to. Decide and Observe may be called by many goroutines at once. A
// strategy may be shared by many supervisors. Waiting for a back-off holds a timer, not a goroutine, and the restart
// itself is made by the supervisor, not by the timer.
//
// # Failure
//
// A panic in Decide counts as no answer (the default holds); a panic in Observe is logged and forgotten. A child that
// was stopped during its back-off stays stopped.
package supervisor
