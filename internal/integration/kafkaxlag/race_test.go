package kafkaxlag_test

import (
	"context"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ycvk/tinybook/kafkax"
)

// Trap kafkax/14: while messages are written, read and committed as fast as can be, no
// poll sees a commit past the end of a log, which is what a negative lag is. Had the
// ends been read first, most polls would.
func TestALagIsNeverNegative(t *testing.T) {
	polls := pollCount(t)
	w := newWorld(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	l := w.collector(t, []kafkax.Group{{ID: "g", Topics: []string{"t"}}})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { chase(ctx, t, w) })
	defer wg.Wait()
	defer cancel()
	moved := make(map[int64]bool)
	for range polls {
		p := find(t, poll(t, l), "g", "t", 0)
		if p.Messages < 0 || p.Committed > p.End || p.Start > p.End || p.Status == kafkax.StatusRewound {
			t.Fatalf("%+v", p)
		}
		moved[p.End] = true
	}
	if len(moved) < polls/10 {
		t.Errorf("in %d polls the log had %d ends: it hardly moved", polls, len(moved))
	}
	t.Logf("%d polls, which saw %d ends", polls, len(moved))
}

// pollCount returns how often to poll: TINYBOOK_POLLS, or 400 times.
func pollCount(t *testing.T) int {
	t.Helper()
	text := os.Getenv("TINYBOOK_POLLS")
	if text == "" {
		return 400
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	require.Positive(t, n)
	return n
}

// chase writes a message and commits it at once, over and over.
func chase(ctx context.Context, t *testing.T, w *world) {
	t.Helper()
	for ctx.Err() == nil {
		res, err := w.client.Produce(ctx, &kafka.ProduceRequest{
			Topic: "t", RequiredAcks: kafka.RequireAll,
			Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes([]byte("m"))}),
		})
		if ctx.Err() != nil {
			return
		}
		if err != nil || res.Error != nil {
			t.Errorf("produce: %v, %v", err, res)
			return
		}
		_, err = w.client.OffsetCommit(ctx, &kafka.OffsetCommitRequest{
			GroupID: "g", GenerationID: -1,
			Topics: map[string][]kafka.OffsetCommit{"t": {{Offset: res.BaseOffset + 1}}},
		})
		if err != nil && ctx.Err() == nil {
			t.Errorf("commit: %v", err)
			return
		}
	}
}

// Many callers at once see polls that come one after the other, and scrapes go on.
func TestPollsRunOneAtATime(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(1), kfake.SeedTopics(2, "t"))
	w.commit(t, "g", "t", 0, 0)
	l, dials := w.dialCounted(t, []kafkax.Group{{ID: "g"}}, true)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if s, err := l.Poll(t.Context()); err != nil || len(s.Partitions) != 2 {
					t.Errorf("%+v, %v", s, err)
				}
				for range scrape(l) {
				}
			}
		})
	}
	wg.Wait()
	if n := dials.Load(); n > 4 { // two, and kafka-go's one too many
		t.Errorf("%d connections to one broker", n)
	}
}

// scrape returns what a scrape sends.
func scrape(l *kafkax.LagCollector) <-chan prometheus.Metric {
	ch := make(chan prometheus.Metric)
	go func() {
		defer close(ch)
		l.Collect(ch)
	}()
	return ch
}

// A poll that waits for its turn, or for an answer, ends with its context, and leaves
// no trace.
func TestAPollEndsWithItsContext(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(1), kfake.SeedTopics(1, "t"))
	w.commit(t, "g", "t", 0, 0)
	l := w.collector(t, []kafkax.Group{{ID: "g"}})
	before := poll(t, l)

	blocked, release := w.block(t, "OffsetFetch")
	first := make(chan error, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		_, err := l.Poll(ctx)
		first <- err
	}()
	<-blocked
	waiting, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	s, err := l.Poll(waiting)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, before.At, s.At)

	cancel(context.Canceled)
	require.ErrorIs(t, <-first, context.Canceled)
	release()
	require.Equal(t, before.At, l.Snapshot().At)
	poll(t, l)
}
