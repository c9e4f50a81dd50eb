// Package transporttest is the transport contract as a test suite. Every transport runs it, and nothing else about the
// contract; a defect found in one transport becomes a case for all.
//
//	func TestContract(t *testing.T) {
//		transporttest.Run(t, func(t testing.TB) transporttest.Harness {
//			hub := memory.New()
//			a, b := hub.Link("a"), hub.Link("b")
//			return transporttest.Harness{Links: []transport.Transport{a, b}}
//		}, transporttest.Synctest())
//	}
//
// Each case is a subtest with a store of its own. A case that needs a capability that the transport does not have, or a
// fault that the harness cannot make, is skipped and says which; that missing capabilities are refused is a case too.
//
// # Delivery
//
// What a case sees come, it waits for, up to [Harness].Patience. What must not come, it looks for during
// [Harness].Quiet. Nothing is inferred from the time that a call took, except where the contract speaks of time
// (Idle, Age, Since).
//
// # Concurrency
//
// The cases run one after another. With [Synctest] each runs in a bubble of testing/synctest, where waiting
// costs nothing and a goroutine that is left behind fails the test; it suits transports without real input and output.
// Without it the same cases run in real time, and count goroutines before and after.
//
// # Failure
//
// A case fails with what it did and what it saw. It does not hang: every call that may block has an end, unless the
// transport ignores contexts; then go test's own time limit shows where.
package transporttest
