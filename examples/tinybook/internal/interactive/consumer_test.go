package interactive_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

func readOf(id int64) string { return fmt.Sprintf(`{"id":%d,"at":1}`, id) }

// counting runs a consumer of log for as long as it takes.
func counting(t *testing.T, store *interactive.Store, log *fakeLog, out *lines, d time.Duration) interactive.ConsumerStats {
	t.Helper()
	c := interactive.NewConsumer(store, log.open, log, out.logger())
	stop := running(t, c.Run)
	time.Sleep(d)
	stop()
	return c.Stats()
}

func TestConsumerCounts(t *testing.T) {
	bubble(t, func(t *testing.T, db *platform.DB) {
		store, log, out := newStore(t, db, 2), newFakeLog(3), &lines{}
		log.add(0, readOf(1), readOf(2), readOf(1))
		log.add(2, readOf(1), "", "secret-poison", `{"id":-5}`, readOf(2), readOf(77))
		c := interactive.NewConsumer(store, log.open, log, out.logger())
		stop := running(t, c.Run)
		time.Sleep(time.Second)
		require.Equal(t, int64(3), counts(t, store, 1).Reads)
		require.Equal(t, int64(2), counts(t, store, 2).Reads)
		log.add(1, readOf(2))
		time.Sleep(time.Second)
		require.Equal(t, int64(3), counts(t, store, 2).Reads)
		require.Equal(t, interactive.ConsumerStats{Counted: 6, Skipped: 3}, c.Stats())
		require.Equal(t, []int64{3, 1, 6}, log.commits())
		require.Equal(t, 1, out.count("messages that are no reads are skipped"))
		require.Zero(t, out.count("secret-poison"))
		stop()
	})
}

// What is counted and not committed, since the process was killed between the two,
// comes again and isn't counted again.
func TestConsumerCountsOnceWhateverIsCommitted(t *testing.T) {
	bubble(t, func(t *testing.T, db *platform.DB) {
		store, log, out := newStore(t, db, 1), newFakeLog(2), &lines{}
		for n := range 50 {
			log.add(n%2, readOf(1))
		}
		log.commit = func() error { return errAway }
		require.Equal(t, int64(50), counting(t, store, log, out, time.Second).Counted)
		require.Zero(t, counting(t, store, log, out, time.Second).Counted)
		require.Equal(t, []int64{0, 0}, log.commits())
		require.Positive(t, out.count("a commit of counted reads failed"))
		log.commit = nil
		log.add(0, readOf(1))
		require.Equal(t, interactive.ConsumerStats{Counted: 1}, counting(t, store, log, out, time.Second))
		require.Equal(t, int64(51), counts(t, store, 1).Reads)
		require.Equal(t, []int64{26, 25}, log.commits())
	})
}

// Consumers that are stopped at any moment, while what they commit is lost or
// arrives, count a log that grows exactly.
func TestConsumersAsAModel(t *testing.T) {
	const things, rounds = 3, 12
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	bubble(t, func(t *testing.T, db *platform.DB) {
		random := rand.New(rand.NewPCG(seed, 0))
		store, log, out := newStore(t, db, things), newFakeLog(2), &lines{}
		want := map[int64]int64{}
		for range rounds {
			for range random.IntN(20) {
				id := 1 + random.Int64N(things)
				log.add(random.IntN(2), readOf(id))
				want[id]++
			}
			lost := random.IntN(2) == 0
			log.commit = func() error {
				if lost {
					return errAway
				}
				return nil
			}
			counting(t, store, log, out, time.Duration(random.IntN(150))*time.Millisecond)
		}
		counting(t, store, log, out, time.Second)
		for id := int64(1); id <= things; id++ {
			require.Equal(t, want[id], counts(t, store, id).Reads, "thing %d", id)
		}
	})
}

// A Kafka that can't say who it is isn't counted until it does.
func TestConsumerWaitsForAnswers(t *testing.T) {
	bubble(t, func(t *testing.T, db *platform.DB) {
		store, log, out := newStore(t, db, 1), newFakeLog(1), &lines{}
		log.add(0, readOf(1))
		log.ask = func() error { return errAway }
		c := interactive.NewConsumer(store, log.open, log, out.logger())
		stop := running(t, c.Run)
		time.Sleep(time.Minute)
		require.Zero(t, counts(t, store, 1).Reads)
		log.mu.Lock()
		log.ask = nil
		log.mu.Unlock()
		time.Sleep(2 * time.Second)
		require.Equal(t, int64(1), counts(t, store, 1).Reads)
		require.Equal(t, 1, out.count("counting reads fails; trying again"))
		require.Equal(t, 1, out.count("counting reads works again"))
		stop()
	})
}

// A database that is away is waited for, without a busy loop, and a stop isn't.
func TestConsumerWaitsForTheDatabase(t *testing.T) {
	bubble(t, func(t *testing.T, db *platform.DB) {
		store, log, out := newStore(t, db, 1), newFakeLog(1), &lines{}
		require.NoError(t, db.Close())
		log.add(0, readOf(1))
		asked := 0
		log.commit = func() error { asked++; return nil }
		require.Zero(t, counting(t, store, log, out, time.Minute).Counted)
		require.Zero(t, asked, "nothing is committed that isn't counted")
		require.Equal(t, 1, out.count("counting reads fails"))
	})
}

// A log that has lost its end, as after a crash of its machine, grows again over
// offsets that were counted: what it still has isn't counted again, and what comes
// is.
func TestConsumerNoticesALogThatLostItsEnd(t *testing.T) {
	bubble(t, func(t *testing.T, db *platform.DB) {
		store, log, out := newStore(t, db, 1), newFakeLog(1), &lines{}
		log.add(0, readOf(1), readOf(1), readOf(1), readOf(1))
		require.Equal(t, int64(4), counting(t, store, log, out, time.Second).Counted)
		log.parts[0], log.committed[0] = log.parts[0][:2], 0

		c := interactive.NewConsumer(store, log.open, log, out.logger())
		stop := running(t, c.Run)
		time.Sleep(time.Second)
		require.Equal(t, interactive.ConsumerStats{Cut: 1}, c.Stats())
		log.add(0, readOf(1), readOf(1), readOf(1))
		time.Sleep(time.Second)
		stop()
		require.Equal(t, interactive.ConsumerStats{Counted: 3, Cut: 1}, c.Stats())
		require.Equal(t, int64(7), counts(t, store, 1).Reads)
		require.Equal(t, 1, out.count("the log of reads has lost its end"))

		// And again it goes on from there, once.
		log.committed[0] = 0
		require.Zero(t, counting(t, store, log, out, time.Second))
	})
}

// Another Kafka has other messages at the same offsets, however many.
func TestConsumerKnowsAnotherKafka(t *testing.T) {
	bubble(t, func(t *testing.T, db *platform.DB) {
		store, log, out := newStore(t, db, 1), newFakeLog(1), &lines{}
		log.add(0, readOf(1), readOf(1))
		require.Equal(t, int64(2), counting(t, store, log, out, time.Second).Counted)
		other := newFakeLog(1)
		other.id = "another-kafka"
		other.add(0, readOf(1), readOf(1), readOf(1))
		require.Equal(t, int64(3), counting(t, store, other, out, time.Second).Counted)
		log.add(0, readOf(1))
		require.Equal(t, int64(1), counting(t, store, log, out, time.Second).Counted, "the first is known too")
	})
}

// A consumer that was held up for long has old messages, of a log that is whole.
func TestConsumerOfThePastCountsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, db *platform.DB) {
		store, log, out := newStore(t, db, 1), newFakeLog(1), &lines{}
		log.add(0, readOf(1), readOf(1))
		old := log.open()
		first, err := old.FetchMessage(t.Context())
		require.NoError(t, err)
		log.add(0, readOf(1), readOf(1))
		require.Equal(t, int64(4), counting(t, store, log, out, time.Second).Counted)

		late := interactive.NewConsumer(store, func() interactive.Reader { return &heldUp{fakeReader: old.(*fakeReader), first: first.Offset} }, log, out.logger())
		stop := running(t, late.Run)
		time.Sleep(time.Second)
		stop()
		require.Zero(t, late.Stats())
		require.Equal(t, int64(4), counts(t, store, 1).Reads)
	})
}

// heldUp goes on where it was before the others.
type heldUp struct {
	*fakeReader
	first int64
}

func (h *heldUp) CommitMessages(context.Context, ...kafka.Message) error { return errAway }
