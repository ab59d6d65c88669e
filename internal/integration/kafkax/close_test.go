package kafkax_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// closeRounds is how often a test closes a reader amid its work: what kafka-go does
// with a commit on a closed one is chance.
const closeRounds = 6

// ended returns Process's error, which must come soon.
func ended(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatal("Process doesn't end")
		return nil
	}
}

func TestCloseEndsProcessAfterTheMessageInHand(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*kafka.ReaderConfig)
	}{
		{"of a group", func(*kafka.ReaderConfig) {}},
		{"of a group with commits at intervals", func(c *kafka.ReaderConfig) { c.CommitInterval = time.Hour }},
		{"alone", alone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := startBroker(t, 1)
			b.put(t, 0, 0, 50, time.Now())
			for range closeRounds {
				closeAmidWork(t, addReader(t, newMetrics(t), b, tc.change))
			}
		})
	}
}

func closeAmidWork(t *testing.T, r *kafkax.Reader) {
	t.Helper()
	began, release, done := make(chan struct{}, 50), make(chan struct{}), make(chan error, 1)
	var n atomic.Int64
	go func() {
		done <- r.Process(context.Background(), func(context.Context, kafka.Message) error {
			n.Add(1)
			began <- struct{}{}
			<-release
			return nil
		}, kafkax.WithCommitTimeout(time.Hour))
	}()
	<-began
	require.NoError(t, r.Close())
	close(release)
	err := ended(t, done)
	require.ErrorIs(t, err, io.EOF)
	require.EqualValues(t, 1, n.Load(), "no handler starts after Close")
	if r.Unwrap().Config().GroupID != "" {
		require.ErrorIs(t, err, kafkax.ErrUncommitted)
	}
	require.NotErrorIs(t, err, context.Canceled)
}

// The context ends first, but nobody waits for Process.
func TestCloseCutsTheLastCommitShort(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 50, time.Now())
	for range closeRounds {
		r := addReader(t, newMetrics(t), b)
		ctx, cancel := context.WithCancel(t.Context())
		began, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			done <- r.Process(ctx, func(context.Context, kafka.Message) error {
				close(began)
				<-release
				return nil
			}, kafkax.WithCommitTimeout(time.Hour))
		}()
		<-began
		cancel()
		require.NoError(t, r.Close())
		close(release)
		err := ended(t, done)
		require.ErrorIs(t, err, kafkax.ErrUncommitted)
		require.NotErrorIs(t, err, io.EOF, "it was the context")
	}
}

// What a reader had that is gone alarms nobody, nor stands beside what the next one
// says of the same partition.
func TestTheGaugesOfAClosedReaderVanish(t *testing.T) {
	gauges := []string{
		"kafka_reader_position_offset", "kafka_reader_committed_offset", "kafka_reader_high_watermark_offset",
		"kafka_reader_lag_messages", "kafka_reader_uncommitted_messages", "kafka_reader_queue_messages", "kafka_reader_queue_capacity_messages",
	}
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m, observer := newMetrics(t), newMetrics(t)
	r := addReader(t, m, b)
	_, err := observer.ObserveReader("r", r.Unwrap())
	require.NoError(t, err)
	h := handled{fail: func(msg kafka.Message) error {
		if msg.Offset == 4 {
			return errors.New("broken")
		}
		return nil
	}}
	require.Error(t, r.Process(t.Context(), h.handle))
	f := figuresOf(t, m)
	for _, name := range gauges {
		_, ok := f.get(name)
		require.True(t, ok, name)
	}
	require.NoError(t, r.Close())
	f = figuresOf(t, m)
	for _, name := range gauges {
		f.absent(t, name)
	}
	f.want(t, 5, "kafka_reader_messages_total")
	f.want(t, 1, "kafka_reader_processed_messages_total", "result=failed")
	figuresOf(t, observer).absent(t, "kafka_reader_queue_messages")
	require.Greater(t, figuresOf(t, observer).sum("kafka_reader_fetches_total"), 0.0)

	next := addReader(t, m, b) // of the same name
	require.Equal(t, []int64{4}, offsets(fetch(t, next, 1)))
	f = figuresOf(t, m)
	f.want(t, 5, "kafka_reader_position_offset")
	f.want(t, 1, "kafka_reader_uncommitted_messages")
	_, ok := f.get("kafka_reader_queue_messages")
	require.True(t, ok)
}

func TestTheLagOfAClosedReaderAloneVanishes(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m, observer := newMetrics(t), newMetrics(t)
	r := addReader(t, m, b, alone)
	_, err := observer.ObserveReader("r", r.Unwrap())
	require.NoError(t, err)
	fetch(t, r, 3)
	for _, at := range []*kafkax.Metrics{m, observer} {
		figuresOf(t, at).want(t, 7, "kafka_reader_lag_messages")
	}
	require.NoError(t, r.Close())
	for _, at := range []*kafkax.Metrics{m, observer} {
		figuresOf(t, at).absent(t, "kafka_reader_lag_messages")
	}
}

// A kafka.Reader that is closed takes a commit or not, as it happens, and answers none.
func TestAClosedReaderCommitsNothing(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 1, time.Now())
	r := addReader(t, newMetrics(t), b)
	msgs := fetch(t, r, 1)
	require.NoError(t, r.Close())
	require.NoError(t, r.Close(), "again")
	for range closeRounds {
		require.ErrorIs(t, r.CommitMessages(t.Context(), msgs...), io.ErrClosedPipe)
	}
}

// The order of a shutdown that the package comment gives: nothing is done twice.
func TestAHandlerMayFinishWhenTheContextEnds(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	ctx, cancel := context.WithCancel(t.Context())
	began, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- r.Process(ctx, func(ctx context.Context, _ kafka.Message) error {
			close(began)
			<-ctx.Done()
			return context.WithoutCancel(ctx).Err()
		})
	}()
	<-began
	cancel()
	require.NoError(t, ended(t, done))
	require.NoError(t, r.Close())
	require.EqualValues(t, 1, b.committed(0))
	figuresOf(t, m).want(t, 1, "kafka_reader_processed_messages_total", "result=ok")
	r.Remove()
	figuresOf(t, m).absent(t, "kafka_reader_processed_messages_total")
}

// Close and the last commit run at once: either may be first, and neither waits for
// what won't come.
func TestCloseAmidTheLastCommitWaitsForNothing(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 50, time.Now())
	for range 3 * closeRounds {
		r := addReader(t, newMetrics(t), b)
		ctx, cancel := context.WithCancel(t.Context())
		began, done := make(chan kafka.Message, 1), make(chan error, 1)
		go func() {
			done <- r.Process(ctx, func(ctx context.Context, msg kafka.Message) error {
				began <- msg
				<-ctx.Done()
				return nil
			}, kafkax.WithCommitTimeout(time.Hour))
		}()
		msg := <-began
		cancel()
		require.NoError(t, r.Close())
		err := ended(t, done)
		require.NotErrorIs(t, err, io.EOF, "it was the context")
		if err != nil {
			require.ErrorIs(t, err, kafkax.ErrUncommitted)
		} else {
			require.Equal(t, msg.Offset+1, b.committed(0))
		}
	}
}
