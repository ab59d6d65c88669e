package kafkax_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

type balancerFunc func(msg kafka.Message, partitions ...int) int

func (f balancerFunc) Balance(msg kafka.Message, partitions ...int) int { return f(msg, partitions...) }

// Trap kafkax/11: what the kafka.Writer had before is called, with what the caller
// gave.
func TestTheUsersOwnHooksSeeTheirOwnMessages(t *testing.T) {
	b := newBroker()
	b.partitions = 2
	type mine struct{ n int }
	var balanced []any
	var completed []kafka.Message
	w, m := newWriter(t, b, func(w *kafka.Writer) {
		w.Balancer = balancerFunc(func(msg kafka.Message, partitions ...int) int {
			balanced = append(balanced, msg.WriterData)
			return partitions[1]
		})
		w.Completion = func(msgs []kafka.Message, err error) {
			if err != nil {
				t.Error(err)
			}
			completed = append(completed, msgs...)
		}
	})
	msgs := []kafka.Message{message("t", 1), message("t", 2), message("t", 3)}
	msgs[0].WriterData, msgs[2].WriterData = &mine{1}, "three"
	before := slices.Clone(msgs)
	require.NoError(t, w.WriteMessages(t.Context(), msgs...))

	require.Equal(t, before, msgs)
	require.Equal(t, []any{msgs[0].WriterData, nil, "three"}, balanced)
	require.Len(t, completed, 3)
	for i, c := range completed {
		require.Equal(t, msgs[i].WriterData, c.WriterData)
		require.Equal(t, 1, c.Partition)
		require.Equal(t, int64(i), c.Offset)
	}
	require.Len(t, b.stored[place{"t", 1}], 3)
	require.Equal(t, outcomes{delivered: 3}, figuresOf(t, m).outcomes())
}

// Trap kafkax/11: two writers may be given one slice at once.
func TestWritersShareASlice(t *testing.T) {
	brokers := []*fakeBroker{newBroker(), newBroker()}
	msgs := make([]kafka.Message, 50)
	for i := range msgs {
		msgs[i] = message("t", i)
		msgs[i].WriterData = i
	}
	m, err := kafkax.New()
	require.NoError(t, err)
	var wg sync.WaitGroup
	for _, b := range brokers {
		w := addWriter(t, m, b, func(w *kafka.Writer) {
			w.Completion = func(msgs []kafka.Message, _ error) {
				for _, msg := range msgs {
					if msg.WriterData != len(msg.Value) {
						t.Errorf("a message of %d bytes has the data of %v", len(msg.Value), msg.WriterData)
					}
				}
			}
		})
		for range 4 {
			wg.Go(func() {
				for range 20 {
					if err := w.WriteMessages(context.Background(), msgs...); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	require.Equal(t, outcomes{delivered: 2 * 4 * 20 * 50}, figuresOf(t, m).outcomes())
	require.Len(t, brokers[0].values("t"), 4*20*50)
}

func TestAnErrorGivesBackTheCallersMessages(t *testing.T) {
	w, _ := newWriter(t, newBroker(), func(w *kafka.Writer) { w.BatchBytes = 100 })
	msgs := []kafka.Message{message("t", 1), message("t", 200), message("t", 2)}
	for i := range msgs {
		msgs[i].WriterData = i
	}
	large, ok := errors.AsType[kafka.MessageTooLargeError](w.WriteMessages(t.Context(), msgs...))
	require.True(t, ok)
	require.Equal(t, msgs[1], large.Message)
	require.Equal(t, []kafka.Message{msgs[0], msgs[2]}, large.Remaining)
}

func TestWriteErrorsKeepTheirPlaces(t *testing.T) {
	b := newBroker()
	b.partitions = 2
	b.produce = func(_ context.Context, p batch) answer {
		if p.partition == 1 {
			return answer{code: kafka.InvalidTopic}
		}
		return answer{}
	}
	w, m := newWriter(t, b) // round robin
	err := w.WriteMessages(t.Context(), message("t", 1), message("t", 2), message("t", 3))
	werrs, ok := errors.AsType[kafka.WriteErrors](err)
	require.True(t, ok)
	require.NoError(t, werrs[0])
	require.ErrorIs(t, werrs[1], kafka.InvalidTopic)
	require.NoError(t, werrs[2])
	require.Equal(t, outcomes{delivered: 2, failed: 1}, figuresOf(t, m).outcomes())
}

func TestAClassifierThatPanicsLeavesNothingInFlight(t *testing.T) {
	m, err := kafkax.New(kafkax.WithErrorClassifier(func(error) string { panic("classifier") }))
	require.NoError(t, err)
	w := addWriter(t, m, newBroker(), func(w *kafka.Writer) { w.BatchBytes = 10 })
	require.PanicsWithValue(t, "classifier", func() {
		_ = w.WriteMessages(context.Background(), message("t", 1), message("t", 100))
	})
	f := figuresOf(t, m)
	require.Equal(t, outcomes{rejected: 2}, f.outcomes())
	messages, bytes := f.inFlight()
	require.Zero(t, messages)
	require.Zero(t, bytes)
	require.NoError(t, w.Flush(t.Context()))
}

func TestABalancerThatPanicsLeavesNothingInFlight(t *testing.T) {
	w, m := newWriter(t, newBroker(), func(w *kafka.Writer) {
		w.Balancer = balancerFunc(func(msg kafka.Message, _ ...int) int {
			if len(msg.Value) == 2 {
				panic("two")
			}
			return 0
		})
	})
	require.PanicsWithValue(t, "two", func() {
		_ = w.WriteMessages(context.Background(), message("t", 1), message("t", 2))
	})
	f := figuresOf(t, m)
	require.Equal(t, outcomes{rejected: 2}, f.outcomes())
	checkBytes(t, f, []kafka.Message{message("t", 1), message("t", 2)})
	require.NoError(t, w.Flush(t.Context()))
}

func TestWhatIsWrittenPastTheWriterIsNotCounted(t *testing.T) {
	var seen int
	b := newBroker()
	w, m := newWriter(t, b, func(w *kafka.Writer) {
		w.Completion = func(msgs []kafka.Message, _ error) { seen += len(msgs) }
	})
	require.NoError(t, w.Unwrap().WriteMessages(t.Context(), message("t", 1)))
	require.Equal(t, 1, seen)
	require.Zero(t, figuresOf(t, m).outcomes())
	require.Equal(t, 1.0, figuresOf(t, m).sum("kafka_writer_produce_requests_total"))
}

// Trap kafkax/12: the messages of a call are settled at different times, and what
// they share isn't used again before the last of them.
func TestACallIsKeptUntilItsLastMessage(t *testing.T) {
	const partitions, goroutines, rounds = 8, 4, 25
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	b := newBroker()
	b.partitions = partitions
	var mu sync.Mutex
	delays := rand.New(rand.NewPCG(seed, 1))
	b.produce = func(ctx context.Context, p batch) answer {
		mu.Lock()
		d, refuse := delays.IntN(20), delays.IntN(10) == 0
		mu.Unlock()
		time.Sleep(time.Duration(d) * time.Millisecond)
		if refuse {
			return answer{code: kafka.InvalidTopic}
		}
		return answer{}
	}
	synctest.Test(t, func(t *testing.T) {
		var dataMu sync.Mutex
		data := make(map[any]int)
		w, m := newWriter(t, b, func(w *kafka.Writer) {
			w.Async, w.BatchSize = true, 7
			w.Completion = func(msgs []kafka.Message, _ error) {
				dataMu.Lock()
				defer dataMu.Unlock()
				for _, msg := range msgs {
					data[msg.WriterData]++
				}
			}
		})
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				for r := range rounds {
					msgs := make([]kafka.Message, 3*partitions)
					for i := range msgs {
						msgs[i] = message("t", i)
						msgs[i].WriterData = fmt.Sprint(g, r, i)
					}
					if err := w.WriteMessages(t.Context(), msgs...); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		require.NoError(t, w.Flush(t.Context()))
		const total = goroutines * rounds * 3 * partitions
		require.Len(t, data, total) // each message's own, and each once
		f := figuresOf(t, m)
		require.Equal(t, total, f.outcomes().total())
		require.Equal(t, len(b.values("t")), f.outcomes().delivered)
		require.NotZero(t, f.outcomes().failed)
		n, bytes := f.inFlight()
		require.Zero(t, n)
		require.Zero(t, bytes)
	})
}
