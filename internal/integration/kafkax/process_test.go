package kafkax_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/kafkax"
)

// handled collects what a Handler was given.
type handled struct {
	mu   sync.Mutex
	list []kafka.Message
	fail func(msg kafka.Message) error
}

func (h *handled) handle(_ context.Context, msg kafka.Message) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, msg)
	if h.fail != nil {
		return h.fail(msg)
	}
	return nil
}

func (h *handled) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.list)
}

func (h *handled) offsets() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return offsets(h.list)
}

// run starts Process, and returns what stops it and gives its error.
func run(t *testing.T, r *kafkax.Reader, h kafkax.Handler, opts ...kafkax.ProcessOption) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Process(ctx, h, opts...) }()
	return sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patience):
			return errors.New("Process doesn't end")
		}
	})
}

func TestProcessCommitsWhatIsDone(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now().Add(-5*time.Second))
	m := newMetrics(t)
	r := addReader(t, m, b)
	var h handled
	stop := run(t, r, h.handle)
	require.Eventually(t, func() bool { return b.committed(0) == 10 }, patience, time.Millisecond)
	require.NoError(t, stop())
	require.Equal(t, upTo(0, 10), h.offsets())
	f := figuresOf(t, m)
	f.want(t, 10, "kafka_reader_processed_messages_total", "result=ok", "topic=t")
	f.want(t, 0, "kafka_reader_processed_messages_total", "result=failed")
	f.want(t, 10, "kafka_reader_processing_duration_seconds_count", "result=ok")
	f.want(t, 10, "kafka_reader_end_to_end_latency_seconds_count")
	require.GreaterOrEqual(t, f.sum("kafka_reader_end_to_end_latency_seconds_sum"), 49.0)
	f.want(t, 10, "kafka_reader_commits_total", "result=ok")
	f.want(t, 0, "kafka_reader_uncommitted_messages")
}

func TestProcessEndsWithTheErrorOfTheHandler(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	broken := errors.New("broken")
	failAt := func(n int64) func(kafka.Message) error {
		return func(msg kafka.Message) error {
			if msg.Offset == n {
				return broken
			}
			return nil
		}
	}
	m := newMetrics(t)
	first := addNamed(t, m, b, "first")
	h := handled{fail: failAt(4)}
	err := first.Process(t.Context(), h.handle, kafkax.WithCommitEvery(100, time.Minute))
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "message 4 of t/0")
	require.EqualValues(t, 4, b.committed(0)) // what came before is kept
	require.NoError(t, first.Close())
	f := figuresOf(t, m)
	f.want(t, 4, "kafka_reader_processed_messages_total", "result=ok")
	f.want(t, 1, "kafka_reader_processed_messages_total", "result=failed")

	second := addNamed(t, m, b, "second")
	var again handled
	stop := run(t, second, again.handle)
	require.Eventually(t, func() bool { return again.count() == 6 }, patience, time.Millisecond)
	require.NoError(t, stop())
	require.Equal(t, upTo(4, 10), again.offsets())
}

func TestProcessGoesOnWhereWithFailedSaysSo(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	broken, worse := errors.New("broken"), errors.New("worse")
	var put []int64
	m := newMetrics(t)
	r := addReader(t, m, b)
	h := handled{fail: func(msg kafka.Message) error {
		if msg.Offset%3 == 0 {
			return broken
		}
		return nil
	}}
	err := r.Process(t.Context(), h.handle, kafkax.WithFailed(func(_ context.Context, msg kafka.Message, err error) error {
		if !errors.Is(err, broken) {
			t.Error(err)
		}
		if msg.Offset == 6 {
			return worse
		}
		put = append(put, msg.Offset)
		return nil
	}))
	require.ErrorIs(t, err, worse)
	require.Equal(t, []int64{0, 3}, put)
	require.EqualValues(t, 6, b.committed(0))
	figuresOf(t, m).want(t, 3, "kafka_reader_processed_messages_total", "result=failed")
}

func TestProcessEndsAfterTheMessageInHand(t *testing.T) {
	for _, tc := range []struct {
		name      string
		result    func(ctx context.Context) error
		committed int64
		ok        float64
	}{
		{"that is done", func(context.Context) error { return nil }, 1, 1},
		{"that gives up", func(ctx context.Context) error { return fmt.Errorf("waiting: %w", ctx.Err()) }, -1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := startBroker(t, 1)
			b.put(t, 0, 0, 10, time.Now())
			m := newMetrics(t)
			r := addReader(t, m, b)
			began := make(chan struct{})
			stop := run(t, r, func(ctx context.Context, _ kafka.Message) error {
				close(began)
				<-ctx.Done()
				return tc.result(ctx)
			})
			<-began
			require.NoError(t, stop())
			require.Equal(t, tc.committed, b.committed(0))
			f := figuresOf(t, m)
			require.Equal(t, tc.ok, f.sum("kafka_reader_processed_messages_total", "result=ok"))
			require.Zero(t, f.sum("kafka_reader_processed_messages_total", "result=failed"))
		})
	}
}

func TestProcessCommitsManyAtOnce(t *testing.T) {
	b := startBroker(t, 2)
	b.put(t, 0, 0, 50, time.Now())
	b.put(t, 1, 0, 50, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	var h handled
	stop := run(t, r, h.handle, kafkax.WithCommitEvery(30, 100*time.Millisecond))
	require.Eventually(t, func() bool { return b.committed(0) == 50 && b.committed(1) == 50 }, patience, time.Millisecond)
	require.NoError(t, stop())
	require.Equal(t, 100, h.count())
	commits := figuresOf(t, m).sum("kafka_reader_commits_total", "result=ok")
	require.GreaterOrEqual(t, commits, 4.0) // three full ones, and the ten that waited
	require.Less(t, commits, 20.0)
}

func TestProcessOutlivesFaultsThatPass(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorNotAvailable, Count: 6})
	var h handled
	stop := run(t, r, h.handle)
	require.Eventually(t, func() bool { return b.committed(0) == 10 }, patience, time.Millisecond)
	require.NoError(t, stop())
	require.Equal(t, upTo(0, 10), h.offsets())
	f := figuresOf(t, m)
	f.want(t, 2, "kafka_reader_errors_total", "source=commit", "reason=group_coordinator_not_available")
	f.want(t, 2, "kafka_reader_commits_total", "result=failed")
}

// The last commit has no next message to be made up for by.
func TestProcessCommitsAgainThoughNoMessageComes(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 1, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorNotAvailable, Count: 3})
	stop := run(t, r, func(context.Context, kafka.Message) error { return nil })
	require.Eventually(t, func() bool { return b.committed(0) == 1 }, patience, time.Millisecond)
	require.NoError(t, stop())
}

func TestProcessTellsWhatItLeavesUncommitted(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 1, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorNotAvailable, Count: -1})
	var h handled
	stop := run(t, r, h.handle)
	require.Eventually(t, func() bool {
		return figuresOf(t, m).sum("kafka_reader_commits_total", "result=failed") > 0
	}, patience, time.Millisecond)
	require.ErrorIs(t, stop(), kafkax.ErrUncommitted)
	require.Equal(t, 1, h.count())
}

func TestProcessEndsWithFaultsThatStay(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 1, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.GroupAuthorizationFailed, Count: -1})
	err := r.Process(t.Context(), func(context.Context, kafka.Message) error { return nil })
	require.ErrorIs(t, err, kafka.GroupAuthorizationFailed)
	require.ErrorIs(t, err, kafkax.ErrUncommitted)
	require.Equal(t, 1, strings.Count(err.Error(), "commit: "), "said once: %v", err)
	figuresOf(t, m).want(t, 1, "kafka_reader_commits_total", "result=failed") // and not tried again
}

func TestProcessEndsWithItsReader(t *testing.T) {
	b := startBroker(t, 1)
	m := newMetrics(t)
	r := addReader(t, m, b)
	done := make(chan error, 1)
	go func() {
		done <- r.Process(context.Background(), func(context.Context, kafka.Message) error { return nil })
	}()
	require.NoError(t, r.Close())
	select {
	case err := <-done:
		require.ErrorIs(t, err, io.EOF)
	case <-time.After(patience):
		t.Fatal("Process doesn't end")
	}
}

func TestProcessOutlivesTheBroker(t *testing.T) {
	dir := t.TempDir()
	b := startBroker(t, 1, kfake.DataDir(dir), kfake.SyncWrites())
	b.put(t, 0, 0, 10, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	var h handled
	stop := run(t, r, h.handle)
	require.Eventually(t, func() bool { return b.committed(0) == 10 }, patience, time.Millisecond)
	_, port, err := net.SplitHostPort(b.addrs[0])
	require.NoError(t, err)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	b.Close()
	b = startBroker(t, 1, kfake.DataDir(dir), kfake.SyncWrites(), kfake.Ports(n))
	b.put(t, 0, 10, 20, time.Now())
	require.Eventually(t, func() bool { return b.committed(0) == 20 }, patience, time.Millisecond)
	require.NoError(t, stop())
	require.Subset(t, h.offsets(), upTo(0, 20))
}

// A handler that outlasts a rebalance must not turn back the commits of the reader
// that has the partition now.
func TestProcessCommitsNothingOfAPartitionThatWentElsewhere(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m := newMetrics(t)
	slow := addNamed(t, m, b, "slow", ranked("1"))
	began, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	stopSlow := run(t, slow, func(context.Context, kafka.Message) error {
		once.Do(func() { close(began) })
		<-release
		return nil
	})
	<-began // it has the only partition, and hangs on its first message

	other := addNamed(t, m, b, "other", ranked("2"))
	stopOther := run(t, other, func(context.Context, kafka.Message) error { return nil })
	require.Eventually(t, func() bool { return b.committed(0) == 10 }, patience, time.Millisecond)
	require.Eventually(t, func() bool { // kafka-go knows it too
		return figuresOf(t, m).sum("kafka_reader_rebalances_total", "reader=slow") > 1
	}, patience, time.Millisecond)
	close(release)
	require.Eventually(t, func() bool {
		return figuresOf(t, m).sum("kafka_reader_processed_messages_total", "reader=slow") > 0
	}, patience, time.Millisecond)
	require.NoError(t, stopSlow())
	require.EqualValues(t, 10, b.committed(0))
	figuresOf(t, m).want(t, 0, "kafka_reader_commits_total", "reader=slow")
	require.NoError(t, stopOther())
}

func TestProcessRunsOnceAtATime(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 1, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	began := make(chan struct{})
	h := func(context.Context, kafka.Message) error {
		close(began)
		return nil
	}
	stop := run(t, r, h)
	<-began
	require.ErrorIs(t, r.Process(t.Context(), h), kafkax.ErrRunning)
	require.NoError(t, stop())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, r.Process(ctx, h)) // and again
}

func TestProcessNamesEveryBadOption(t *testing.T) {
	b := startBroker(t, 1)
	r := addReader(t, newMetrics(t), b)
	err := r.Process(t.Context(), nil, kafkax.WithCommitEvery(0, time.Second), kafkax.WithCommitEvery(1, -1), kafkax.WithCommitTimeout(0), kafkax.WithFailed(nil), nil)
	require.ErrorIs(t, err, kafkax.ErrInput)
	for _, part := range []string{"WithCommitEvery(0, 1s)", "WithCommitEvery(1, -1ns)", "WithCommitTimeout(0s)", "WithFailed", "option 4", "Handler"} {
		require.ErrorContains(t, err, part)
	}
}

func TestProcessWithoutAGroupCommitsNothing(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b, alone)
	var h handled
	stop := run(t, r, h.handle)
	require.Eventually(t, func() bool { return h.count() == 10 }, patience, time.Millisecond)
	require.NoError(t, stop())
	figuresOf(t, m).want(t, 10, "kafka_reader_processed_messages_total", "result=ok")
}

// Whatever is stopped and whenever, each message is handled at least once, and
// those of a partition in order.
func TestProcessHandlesEachMessageAtLeastOnce(t *testing.T) {
	const n = 300
	b := startBroker(t, 3)
	for p := range 3 {
		b.put(t, p, 0, n/3, time.Now())
	}
	m := newMetrics(t)
	var mu sync.Mutex
	seen := make(map[int]map[int64]int)
	total := 0
	handle := func(_ context.Context, msg kafka.Message) error {
		mu.Lock()
		defer mu.Unlock()
		of := seen[msg.Partition]
		if of == nil {
			of = make(map[int64]int)
			seen[msg.Partition] = of
		}
		if msg.Offset > 0 && of[msg.Offset-1] == 0 {
			t.Errorf("offset %d of partition %d comes before %d", msg.Offset, msg.Partition, msg.Offset-1)
		}
		if of[msg.Offset]++; of[msg.Offset] == 1 {
			total++
		}
		return nil
	}
	count := func() int { mu.Lock(); defer mu.Unlock(); return total }
	for i := 1; count() < n; i++ {
		require.Less(t, i, 50)
		name := fmt.Sprint("r", i)
		r := addNamed(t, m, b, name)
		stop := run(t, r, handle, kafkax.WithCommitEvery(1+i%7, 50*time.Millisecond))
		want := min(n, i*60)
		require.Eventually(t, func() bool { return count() >= want }, patience, 200*time.Microsecond)
		require.NoError(t, stop())
		require.NoError(t, r.Close())
	}
	for p := range 3 {
		require.EqualValues(t, n/3, b.committed(int32(p)))
	}
}
