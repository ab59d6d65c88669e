package kafkax_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// Whatever goes wrong, each message that is offered is counted once, and as
// delivered only if the broker has it.
func TestTheOutcomesAddUpToWhatWasOffered(t *testing.T) {
	for _, mode := range []struct {
		name  string
		async bool
	}{{"sync", false}, {"async", true}} {
		t.Run(mode.name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			synctest.Test(t, func(t *testing.T) { testOutcomesAddUp(t, seed, mode.async) })
		})
	}
}

func testOutcomesAddUp(t *testing.T, seed uint64, async bool) {
	t.Helper()
	const goroutines, rounds = 6, 40
	b := newBroker()
	b.partitions = 3
	chance := newDice(seed)
	b.unknown = map[string]bool{"unknown": true}
	b.metadata = func(context.Context) error {
		time.Sleep(time.Duration(chance.roll(4)) * time.Millisecond)
		if chance.roll(40) == 0 {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	b.produce = func(context.Context, batch) answer {
		time.Sleep(time.Duration(chance.roll(8)) * time.Millisecond)
		switch chance.roll(8) {
		case 0:
			return answer{err: errRefused}
		case 1:
			return answer{code: kafka.NotEnoughReplicas}
		case 2:
			return answer{code: kafka.InvalidTopic}
		}
		return answer{}
	}
	w, m := newWriter(t, b, func(w *kafka.Writer) { w.Async, w.BatchSize, w.BatchBytes = async, 7, 500 })
	var wg sync.WaitGroup
	var offered, bytes counted
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				msgs := randomMessages(chance)
				offered.add(len(msgs))
				for _, msg := range msgs {
					bytes.add(len(msg.Value))
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+chance.roll(20))*time.Millisecond)
				_ = w.WriteMessages(ctx, msgs...) // what it returns doesn't tell what becomes of them
				cancel()
			}
		})
	}
	wg.Wait()
	require.NoError(t, w.Flush(t.Context()))
	f := figuresOf(t, m)
	require.Equal(t, offered.n, f.outcomes().total())
	require.Equal(t, float64(offered.n), f.sum("kafka_writer_message_size_bytes_count"))
	require.Equal(t, float64(bytes.n), f.sum("kafka_writer_message_bytes_total"))
	require.Equal(t, len(b.values("a"))+len(b.values("b")), f.outcomes().delivered)
	require.Equal(t, float64(f.outcomes().delivered), f.sum("kafka_writer_delivery_duration_seconds_count"))
	require.Equal(t, float64(f.outcomes().failed+f.outcomes().rejected), f.sum("kafka_writer_errors_total"))
	n, inBytes := f.inFlight()
	require.Zero(t, n)
	require.Zero(t, inBytes)
	for _, some := range []int{f.outcomes().delivered, f.outcomes().failed, f.outcomes().rejected} {
		require.NotZero(t, some, "%+v: not much of a test", f.outcomes())
	}
}

// randomMessages returns up to 20, of which a call may have some that aren't taken.
func randomMessages(d *dice) []kafka.Message {
	msgs := make([]kafka.Message, 1+d.roll(20))
	for i := range msgs {
		msgs[i] = message([]string{"a", "b"}[d.roll(2)], d.roll(60))
	}
	switch d.roll(20) {
	case 0:
		msgs[d.roll(len(msgs))].Value = make([]byte, 1000)
	case 1:
		msgs[d.roll(len(msgs))].Topic = ""
	case 2:
		msgs[d.roll(len(msgs))].Topic = "unknown"
	}
	return msgs
}

// dice are random numbers for several goroutines.
type dice struct {
	mu  sync.Mutex
	rnd *rand.Rand
}

func newDice(seed uint64) *dice { return &dice{rnd: rand.New(rand.NewPCG(seed, 0))} }

func (d *dice) roll(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rnd.IntN(n)
}

type counted struct {
	mu sync.Mutex
	n  int
}

func (c *counted) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += n
}

func TestTopicsBeyondTheLimitShareASeries(t *testing.T) {
	m, err := kafkax.New(kafkax.WithTopicLimit(2))
	require.NoError(t, err)
	b := newBroker()
	w := addWriter(t, m, b)
	for i := range 10 {
		require.NoError(t, w.WriteMessages(t.Context(), message(fmt.Sprint("t", i), 1), message(fmt.Sprint("t", i), 2)))
	}
	b.unknown = map[string]bool{"t9": true}
	require.Error(t, w.WriteMessages(t.Context(), message("t9", 1)))
	f := figuresOf(t, m)
	require.Equal(t, outcomes{delivered: 2}, f.outcomes("topic=t0"))
	require.Equal(t, outcomes{delivered: 2}, f.outcomes("topic=t1"))
	require.Equal(t, outcomes{delivered: 16, rejected: 1}, f.outcomes("topic=_other"))
	require.Equal(t, 21, f.outcomes().total())
	require.Equal(t, 1.0, f.sum("kafka_writer_errors_total", "topic=_other"))
	require.Equal(t, 8.0, f.sum("kafka_writer_produce_requests_total", "topic=_other"))
	require.Equal(t, 8.0, f.sum("kafka_client_folded_topics"))
}

func TestWritersOfOneNameAreCountedTogether(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	first, second := addWriter(t, m, newBroker()), addWriter(t, m, newBroker())
	require.NoError(t, first.WriteMessages(t.Context(), message("t", 1)))
	require.NoError(t, second.WriteMessages(t.Context(), message("t", 1)))
	require.Equal(t, outcomes{delivered: 2}, figuresOf(t, m).outcomes())
	first.Remove()
	first.Remove()
	require.Equal(t, outcomes{delivered: 2}, figuresOf(t, m).outcomes())
	second.Remove()
	for series := range figuresOf(t, m) {
		require.NotContains(t, series, "kafka_writer_")
	}
}

func TestStatsOfAWriterRobNobody(t *testing.T) {
	w, m := newWriter(t, newBroker(), toTopic("t"))
	require.NoError(t, w.WriteMessages(t.Context(), message("", 1)))
	require.Equal(t, 1.0, figuresOf(t, m).sum("kafka_writer_attempt_messages_total"))
	require.EqualValues(t, 1, w.Stats().Messages)
	require.Zero(t, w.Stats().Messages)
	require.NoError(t, w.WriteMessages(t.Context(), message("", 1)))
	require.EqualValues(t, 1, w.Stats().Messages)
	require.Equal(t, 2.0, figuresOf(t, m).sum("kafka_writer_attempt_messages_total"))
}

func TestCallsOfAnySizeAreCounted(t *testing.T) {
	w, m := newWriter(t, newBroker(), func(w *kafka.Writer) { w.BatchSize = 1000 })
	total := 0
	for _, n := range []int{1, 5000, 3, 4096, 4097, 2} {
		msgs := make([]kafka.Message, n)
		for i := range msgs {
			msgs[i] = message("t", 1)
		}
		require.NoError(t, w.WriteMessages(t.Context(), msgs...))
		total += n
		require.Equal(t, outcomes{delivered: total}, figuresOf(t, m).outcomes())
	}
}

func TestNativeHistogramsCountTheSame(t *testing.T) {
	m, err := kafkax.New(kafkax.WithNativeHistograms(1.1))
	require.NoError(t, err)
	w := addWriter(t, m, newBroker())
	require.NoError(t, w.WriteMessages(t.Context(), message("t", 3), message("t", 3), message("t", 4)))
	f := figuresOf(t, m)
	require.Equal(t, 3.0, f.sum("kafka_writer_message_size_bytes_count"))
	require.Equal(t, 10.0, f.sum("kafka_writer_message_size_bytes_sum"))
	require.Equal(t, 3.0, f.sum("kafka_writer_delivery_duration_seconds_count"))
}

// What the Writer adds to a call takes memory neither per message nor, but for what
// a pool has lost, per call.
func TestAWriterAllocatesNothing(t *testing.T) {
	msgs := make([]kafka.Message, 100)
	for i := range msgs {
		msgs[i] = message("", 100)
	}
	run := func(write func(context.Context, ...kafka.Message) error) float64 {
		return testing.AllocsPerRun(200, func() {
			if err := write(t.Context(), msgs...); err != nil {
				t.Error(err)
			}
		})
	}
	fresh := func() *kafka.Writer {
		return &kafka.Writer{
			Addr: kafka.TCP("fake:9092"), Topic: "t", Transport: newQuickBroker(), RequiredAcks: kafka.RequireAll,
			BatchSize: 100, BatchTimeout: time.Minute,
		}
	}
	bare, ours := fresh(), fresh()
	w := instrument(t, ours)
	want := run(bare.WriteMessages)
	got := run(w.WriteMessages)
	require.NoError(t, bare.Close())
	require.NoError(t, w.Close())
	// The race detector makes pools forget a quarter of what they are given, and
	// kafka-go's own figure differs by one from run to run.
	require.LessOrEqual(t, got, want+3)
}
