// What DESIGN.md says under "What holds", as far as it concerns one process, and the test of it.
//
//	Order
//	  all subscribers see the messages in log order             TestOrderIsTheLogsForAll
//	  a publisher's messages keep their order                   TestOrderIsTheLogsForAll
//	Publish
//	  nil means that the log has the message                    TestPublishReturnsWhenTheLogHasIt, TestClosePublishIsRefusedOrDelivered
//	  waits for room under Block, never longer than ctx         TestBlockMakesPublishersWait
//	  the batch form                                            TestPublishBatchAppendsInOrder, TestPublishBatchLargerThanTheBuffer
//	  an error means "not in the log" or "unknown"              TestPublicationThatFailedMayBeRepeated, TestViaUnknownOutcomeIsRepeatedWithoutACopy
//	  an ID makes repeating harmless                            TestPublicationWithAnIDIsAppendedOnce
//	  Send to the PID; failures go to the dead letters          TestSendToThePIDPublishes
//	  nil is refused                                            TestPublishRefusesNil
//	  to its own full topic: an error, no deadlock              TestConsumerThatPublishesDoesNotWaitForItself
//	  key, ID, headers                                          TestPublicationCarriesKeyIDAndHeaders
//	  Open is idempotent per name and type                      TestOpenIsIdempotentPerNameAndType
//	Subscribe
//	  when it returns every later publication reaches it        TestSubscribeReachesEveryLaterPublication
//	  its start position is known                               TestSubscribeStarts
//	  Latest, Earliest, a position, a time                      TestSubscribeStarts, TestSubscribeRefusesPositionsThatAreNotThere
//	  a replay joins the live flow without gap or repeat        TestReplayJoinsTheLiveFlow
//	  Stop ends it now                                          TestStopEndsNow, TestStopByTheConsumerItself, TestStopHandsOutNoMoreThanTheMessageAtHand
//	  Drain ends it after what is in the log                    TestDrainHandlesWhatIsInTheLog, TestDrainEndsWithItsContext, TestDrainByPoisonPill
//	  a dying subscriber leaves no trace                        TestSubscriberThatDiesLeavesNoTrace, TestSubscribePIDIsForgottenWhenTheActorDies
//	  filters                                                   TestFilterLeavesMessagesOut
//	  pause and resume                                          TestPauseKeepsMessagesForResume
//	  batches                                                   batch_test.go
//	  retention by count, bytes and age                         retention_test.go
//	One consumer, one message at a time
//	  a state needs no lock                                     TestSpawnGivesAConsumerAStateOfItsOwn
//	  also on several topics                                    TestOneConsumerOnSeveralTopicsHandlesOneMessageAtATime, TestPatternIsOneConsumer
//	  Parallel works at once                                    TestParallelWorksAtOnce, TestParallelMakesNValues
//	  and keeps the order of a key                              TestParallelKeepsTheOrderOfAKey, TestGroupKeepsTheOrderOfAKey
//	Failure
//	  an error: the same message in place, after a back-off     TestErrorRetriesInPlaceAfterABackOff, TestBackOffWithoutJitterIsExact
//	  a panic: a fresh value and the same message               TestPanicBringsAFreshValueAndTheSameMessage
//	  exhausted: a dead letter with all that is known           TestExhaustionMakesADeadLetter
//	  the subscription goes on                                  TestExhaustionMakesADeadLetter
//	  dead letters are read like any topic                      TestDeadLettersReadLikeATopic
//	  and redriven to the consumer that failed, once            TestRedriveReachesOnlyTheConsumerThatFailed
//	  a policy maps errors                                      TestPolicyMapsErrors, TestEscalateRestartsTheOthers, TestRejectMakesADeadLetterAtOnce
//	  restart budget                                            TestRestartBudgetEndsTheSubscription
//	  children end before the successor begins                  TestRestartStopsTheChildrenFirst
//	  waiting holds no goroutine and no other subscriber        TestWaitingHoldsNoGoroutineAndNobodyUp
//	  what does not decode is a dead letter                     FuzzRecordsThatDoNotDecode
//	Flow
//	  Block                                                     TestBlockMakesPublishersWait
//	  DropOldest                                                TestDropOldestKeepsTheNewest
//	  DropNewest                                                TestDropNewestKeepsTheOldest
//	  Latest                                                    TestLatestKeepsTheNewestOfEachKey, TestLatestBoundsItsKeys
//	  Disconnect                                                TestDisconnectEndsTheSubscription
//	  every drop is counted, and the consumer sees it           TestSkippedIsTold, TestPanicBehindDroppedMessagesCountsRight
//	Groups
//	  mix with plain subscribers                                TestGroupMixesWithPlainSubscribers
//	  a member that dies gives back                             TestGroupMemberThatDiesGivesBack, TestGroupBatchKeepsAttempts
//	  one key with one member at a time, in order               TestGroupKeepsTheOrderOfAKey, TestGroupKeyOfAPausedMemberGoesToAnother
//	  nothing twice, nothing lost                               TestGroupHandlesNothingTwiceAndLosesNothing, TestAnyGroupIsLikeTheModel
//	Patterns
//	  NATS rules, types                                         TestPatternMatchesTokens, TestPatternMatchesTypes
//	  later topics from their first message                     TestPatternMissesNothingOfLaterTopics
//	Requests
//	  one typed answer, no responder, failures                  request_test.go
//	Sharing
//	  subscribers share the value; crossing makes a copy        TestValuesAreShared, TestViaCarriesMetadataAndCopies
//	Close
//	  stops the intake                                          TestCloseRefusesEverythingAfterwards, TestCloseRefusesPublishersThatWait
//	  subscriptions finish what the log holds                   TestCloseDrains, TestCloseDrainsPipelines, TestCloseWaitsForBackOffs
//	  ends with its context and names who is left               TestCloseNamesWhoDoesNotEnd
//	  all goroutines are gone                                   TestMain
//	  twice is fine                                             TestCloseRefusesEverythingAfterwards
//	Quiet
//	  nothing is printed but warnings and errors                TestQuiet
//	Statistics                                                  stats_test.go
package topic_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/azutoolkit/echo/actor"
	"github.com/azutoolkit/echo/supervisor"
	"github.com/azutoolkit/echo/topic"
)

// World is who is greeted.
type World struct{ Name string }

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newSystem is a silent system that is closed with the test, without anything left over.
func newSystem(t testing.TB) *actor.System {
	t.Helper()
	sys := actor.NewSystem(actor.WithLogger(slog.New(slog.DiscardHandler)))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := sys.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return sys
}

// bubble runs a test in time of its own.
func bubble(t *testing.T, f func(t *testing.T, sys *actor.System)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newSystem(t)) })
}

// pass lets time pass, in bubbles, until all is quiet.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func open[M any](t testing.TB, sys *actor.System, name string, opts ...topic.Option) *topic.Topic[M] {
	t.Helper()
	tp, err := topic.Open[M](sys, name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return tp
}

func match[M any](t testing.TB, sys *actor.System, pattern string) *topic.Pattern[M] {
	t.Helper()
	p, err := topic.Match[M](sys, pattern)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func publish[M any](t testing.TB, tp *topic.Topic[M], ms ...M) {
	t.Helper()
	for _, m := range ms {
		if err := tp.Publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
}

// upTo are the numbers from 1 to n.
func upTo(n int) []int { return span(1, n) }

func span(from, to int) (all []int) {
	for i := from; i <= to; i++ {
		all = append(all, i)
	}
	return all
}

type source[M any] interface {
	Subscribe(fn func(topic.Context, M) error, opts ...topic.SubscribeOption) (*topic.Subscription, error)
}

func subscribe[M any](t testing.TB, src source[M], fn func(topic.Context, M) error, opts ...topic.SubscribeOption) *topic.Subscription {
	t.Helper()
	sub, err := src.Subscribe(fn, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// A record is what a consumer has seen. It may be shared by several.
type record[M any] struct {
	mu   sync.Mutex
	seen []M
	more chan struct{}
}

func newRecord[M any]() *record[M] { return &record[M]{more: make(chan struct{}, 1)} }

func (r *record[M]) add(m M) {
	r.mu.Lock()
	r.seen = append(r.seen, m)
	r.mu.Unlock()
	select {
	case r.more <- struct{}{}:
	default:
	}
}

func (r *record[M]) on(_ topic.Context, m M) error {
	r.add(m)
	return nil
}

func (r *record[M]) all() []M {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// wait waits, outside of bubbles, until n have been seen.
func (r *record[M]) wait(t testing.TB, n int) []M {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		if all := r.all(); len(all) >= n {
			return all
		}
		select {
		case <-r.more:
		case <-late:
			t.Fatalf("saw %d of %d", len(r.all()), n)
		}
	}
}

func (r *record[M]) is(t testing.TB, want ...M) {
	t.Helper()
	equal(t, r.all(), want)
}

func equal[M any](t testing.TB, got, want []M) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b M) bool { return any(a) == any(b) }) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// wait waits, outside of bubbles, for the end of something.
func wait(t testing.TB, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s does not come", what)
	}
}

// ended reports whether done is closed now.
func ended(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// noRetries gives a message up at its first failure.
var noRetries = topic.Supervise(supervisor.Policy{Retries: -1})
