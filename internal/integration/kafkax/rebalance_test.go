package kafkax_test

import (
	"context"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/kafkax"
)

// withLogger sets the loggers of m.
func withLogger(m *kafkax.Metrics, name string) func(*kafka.ReaderConfig) {
	return func(c *kafka.ReaderConfig) {
		c.Logger, c.ErrorLogger = m.Logger(nil), m.ErrorLogger(name, c.GroupID, nil)
	}
}

// loggers runs a test without and with the loggers of a Metrics.
func loggers(t *testing.T, test func(t *testing.T, m *kafkax.Metrics, loggers func(name string) func(*kafka.ReaderConfig))) {
	t.Helper()
	t.Run("loggers=none", func(t *testing.T) {
		test(t, newMetrics(t), func(string) func(*kafka.ReaderConfig) { return func(*kafka.ReaderConfig) {} })
	})
	t.Run("loggers=ours", func(t *testing.T) {
		m := newMetrics(t)
		test(t, m, func(name string) func(*kafka.ReaderConfig) { return withLogger(m, name) })
	})
}

// pump keeps r reading, and committing what it reads, until the test ends.
func pump(t *testing.T, r *kafkax.Reader) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // t.Context ends before the cleanups
	done := make(chan error)
	go func() {
		done <- r.Process(ctx, func(context.Context, kafka.Message) error { return nil })
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

// Trap kafkax/21: the gauges of a partition go with it, what was counted stays.
func TestThePartitionsOfAReaderMoveToAnother(t *testing.T) {
	loggers(t, func(t *testing.T, m *kafkax.Metrics, logs func(string) func(*kafka.ReaderConfig)) {
		b := startBroker(t, 2)
		b.put(t, 0, 0, 10, time.Now())
		b.put(t, 1, 0, 10, time.Now())
		first := addNamed(t, m, b, "first", logs("first"))
		pump(t, first)
		position := func(f figures, reader string, partition string) bool {
			_, ok := f.get("kafka_reader_position_offset", "reader="+reader, "partition="+partition)
			return ok
		}
		require.Eventually(t, func() bool {
			f := figuresOf(t, m)
			return position(f, "first", "0") && position(f, "first", "1") && b.committed(0) == 10 && b.committed(1) == 10
		}, patience, 5*time.Millisecond)

		second := addNamed(t, m, b, "second", logs("second"))
		pump(t, second)
		next := 10
		require.Eventually(t, func() bool { // each keeps one
			b.put(t, 0, next, next+1, time.Now())
			b.put(t, 1, next, next+1, time.Now())
			next++
			f := figuresOf(t, m)
			owns := func(p string) bool { return position(f, "first", p) != position(f, "second", p) }
			return owns("0") && owns("1") && position(f, "first", "0") != position(f, "first", "1")
		}, patience, 20*time.Millisecond)
		f := figuresOf(t, m)
		for _, name := range []string{
			"kafka_reader_high_watermark_offset", "kafka_reader_lag_messages",
			"kafka_reader_uncommitted_messages", "kafka_reader_committed_offset",
		} {
			_, zero := f.get(name, "reader=first", "partition=0")
			require.Equal(t, position(f, "first", "0"), zero, name)
		}
		require.GreaterOrEqual(t, f.sum("kafka_reader_messages_total", "reader=first"), 20.0)
		f.want(t, 0, "kafka_reader_skipped_offsets_total")
	})
}

// Trap kafkax/22: what Kafka deleted before it was read is counted, though kafka-go
// goes on after it without a word.
func TestOffsetsThatAreGoneCountAsSkipped(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*kafka.ReaderConfig)
	}{
		{"group", func(*kafka.ReaderConfig) {}},
		{"one partition", alone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := startBroker(t, 1)
			b.put(t, 0, 0, 10, time.Now())
			m := newMetrics(t)
			r := addReader(t, m, b, tc.change)
			fetch(t, r, 10)
			hold := make(chan struct{}) // no fetch is answered while the log is cut
			b.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
				b.KeepControl()
				select {
				case <-hold:
				default:
					b.SleepControl(func() { <-hold })
				}
				return nil, nil, false
			})
			b.put(t, 0, 10, 100, time.Now())
			require.NoError(t, b.DeleteRecords("t", 0, 60))
			close(hold)
			msgs := fetch(t, r, 40)
			require.EqualValues(t, 60, msgs[0].Offset)
			f := figuresOf(t, m)
			f.want(t, 50, "kafka_reader_skipped_offsets_total", "partition=0")
			f.want(t, 0, "kafka_reader_redelivered_messages_total")
			f.want(t, 100, "kafka_reader_position_offset")
		})
	}
}

// Trap kafkax/22: with the logger, also what was gone before the reader began.
func TestOffsetsThatWereGoneAtTheStartCountAsSkipped(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 100, time.Now())
	m := newMetrics(t)
	before := addNamed(t, m, b, "before")
	require.NoError(t, before.CommitMessages(t.Context(), fetch(t, before, 10)...))
	require.NoError(t, before.Close())
	require.NoError(t, b.DeleteRecords("t", 0, 60))

	r := addReader(t, m, b, withLogger(m, "r"))
	require.EqualValues(t, 60, fetch(t, r, 1)[0].Offset)
	f := figuresOf(t, m)
	f.want(t, 50, "kafka_reader_skipped_offsets_total", "reader=r")
	f.want(t, 10, "kafka_reader_committed_offset", "reader=r")
	f.want(t, 51, "kafka_reader_uncommitted_messages", "reader=r")
}

// Trap kafkax/22: a commit that was turned back brings messages again.
func TestMessagesThatComeAgainAreCounted(t *testing.T) {
	loggers(t, func(t *testing.T, m *kafkax.Metrics, logs func(string) func(*kafka.ReaderConfig)) {
		b := startBroker(t, 1)
		b.put(t, 0, 0, 20, time.Now())
		r := addReader(t, m, b, logs("r"))
		msgs := fetch(t, r, 20)
		require.NoError(t, r.CommitMessages(t.Context(), msgs[4]))
		// Another member makes the group hand out partitions again.
		other := addNamed(t, m, b, "other", logs("other"))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		got := make(chan kafka.Message, 1)
		for _, reader := range []*kafkax.Reader{r, other} {
			go func() {
				if msg, err := reader.FetchMessage(ctx); err == nil {
					got <- msg
				}
			}()
		}
		msg := <-got
		cancel()
		require.EqualValues(t, 5, msg.Offset)
		f := figuresOf(t, m)
		again := f.sum("kafka_reader_redelivered_messages_total", "reader=r") == 1
		elsewhere := f.sum("kafka_reader_messages_total", "reader=other") == 1
		require.NotEqual(t, again, elsewhere, "%v", f) // whoever got it: only r has had it before
		f.want(t, 0, "kafka_reader_skipped_offsets_total")
	})
}

func TestWhatAnotherReaderHasReadMeanwhileIsNotSkipped(t *testing.T) {
	loggers(t, func(t *testing.T, m *kafkax.Metrics, logs func(string) func(*kafka.ReaderConfig)) {
		b := startBroker(t, 2)
		b.put(t, 0, 0, 10, time.Now())
		b.put(t, 1, 0, 10, time.Now())
		r := addReader(t, m, b, logs("r"))
		require.NoError(t, r.CommitMessages(t.Context(), fetch(t, r, 20)...))
		other := addNamed(t, m, b, "other", logs("other"))
		_, err := b.WaitGroupStable(t.Context(), "g", 2)
		require.NoError(t, err)
		b.put(t, 0, 10, 20, time.Now())
		b.put(t, 1, 10, 20, time.Now())
		theirs := fetch(t, other, 10)
		require.NoError(t, other.CommitMessages(t.Context(), theirs...))
		require.NoError(t, r.CommitMessages(t.Context(), fetch(t, r, 10)...))
		require.NoError(t, other.Close())
		b.put(t, theirs[0].Partition, 20, 21, time.Now())
		require.EqualValues(t, 20, fetch(t, r, 1)[0].Offset)
		f := figuresOf(t, m)
		f.want(t, 31, "kafka_reader_messages_total", "reader=r")
		f.want(t, 0, "kafka_reader_skipped_offsets_total")
		f.want(t, 0, "kafka_reader_redelivered_messages_total")
	})
}

// Trap kafkax/19: a commit at an interval that fails is told to the logger alone.
func TestACommitAtAnIntervalThatFailsIsSeen(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m := newMetrics(t)
	interval := func(c *kafka.ReaderConfig) { c.CommitInterval = 20 * time.Millisecond }
	r := addReader(t, m, b, interval, withLogger(m, "r"))
	msgs := fetch(t, r, 10)
	require.NoError(t, r.CommitMessages(t.Context(), msgs[3]))
	require.Eventually(t, func() bool {
		f := figuresOf(t, m)
		return f.sum("kafka_reader_committed_offset") == 4 && f.sum("kafka_reader_uncommitted_messages") == 6
	}, patience, 5*time.Millisecond)

	fault := b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.OffsetMetadataTooLarge, Count: -1})
	require.NoError(t, r.CommitMessages(t.Context(), msgs[9]))
	require.Eventually(t, func() bool {
		return figuresOf(t, m).sum("kafka_reader_errors_total", "source=commit", "reason=offset_metadata_too_large") > 0
	}, patience, 5*time.Millisecond)
	f := figuresOf(t, m)
	f.want(t, 4, "kafka_reader_committed_offset")
	f.want(t, 6, "kafka_reader_uncommitted_messages")
	require.EqualValues(t, 4, b.committed(0))

	fault.Remove() // kafka-go keeps them and tries again
	require.Eventually(t, func() bool { return figuresOf(t, m).sum("kafka_reader_committed_offset") == 10 }, patience, 5*time.Millisecond)
	figuresOf(t, m).want(t, 0, "kafka_reader_uncommitted_messages")
}

func TestWithoutTheLoggerNobodyClaimsToKnowWhatAnIntervalCommits(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b, func(c *kafka.ReaderConfig) { c.CommitInterval = 20 * time.Millisecond })
	require.NoError(t, r.CommitMessages(t.Context(), fetch(t, r, 10)...))
	f := figuresOf(t, m)
	f.want(t, 10, "kafka_reader_position_offset")
	f.absent(t, "kafka_reader_committed_offset")
	f.absent(t, "kafka_reader_uncommitted_messages")
}

func TestErrorsOfTheGroupAreSeen(t *testing.T) {
	b := startBroker(t, 1)
	m := newMetrics(t)
	b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Err: kerr.GroupAuthorizationFailed, Count: 2})
	b.put(t, 0, 0, 1, time.Now())
	r := addReader(t, m, b, withLogger(m, "r"))
	fetch(t, r, 1)
	f := figuresOf(t, m)
	f.want(t, 2, "kafka_reader_errors_total", "source=group", "reason=group_authorization_failed")
	f.want(t, 2, "kafka_reader_errors_total")
}
