// Package topictest helps to test programs that are made of topics: a system that closes itself and complains about what was
// left or lost, a consumer that records, and consumers that fail when told to.
//
//	func TestGreeting(t *testing.T) {
//		sys := topictest.NewSystem(t)
//		worlds, _ := topic.Open[World](sys, "worlds")
//		rec := topictest.Record(t, worlds, topictest.FailOn(2, errors.New("no")).Times(1))
//
//		worlds.Publish(t.Context(), World{"Marco"})
//		worlds.Publish(t.Context(), World{"Polo"})
//
//		got := rec.Wait(2) // fails the test if they do not come
//		…
//	}
//
// Everything works in real time, and in bubbles of testing/synctest, where waiting costs nothing: make the system inside
// of the bubble.
//
// # Delivery
//
// A [Recorder] is a subscription like any other: what it records it has handled, in log order. What it must not get, look for
// after synctest.Wait, or after a message that comes later in the log.
//
// # Concurrency
//
// Tests with systems may run in parallel. Methods that wait fail the test, and so must be called by the test's own goroutine;
// all others may be called concurrently.
//
// # Failure
//
// At the end of the test the system is closed within [Patience]. The test fails if something did not end (and is told what,
// with stacks), if goroutines of the library are left, if a message ended as a dead letter that [AllowDeadLetters] did not
// expect, and if the library logged an error that [AllowErrors] did not expect. Goroutines that the test or its consumers
// start themselves are not looked at. While several systems live, which is the case in parallel tests, the last one to be closed
// looks for goroutines: a leak is found, but may be told of another test.
package topictest
