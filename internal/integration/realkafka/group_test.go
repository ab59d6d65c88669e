package realkafka_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

// A group reads all, commits what it read, and goes on from there.
func TestGroupReadsAllOnce(t *testing.T) {
	t.Parallel()
	s := realserver.Kafka(t)
	tr := askTruth(t, s.Addr())
	tr.createTopic(topic, 3)
	w := newWriter(t, s.Addr())
	for round := range 2 {
		require.NoError(t, w.WriteMessages(t.Context(), messages(100*round, 90)...))
		r := newReader(t, "billing", s.Addr())
		seen := drain(t, r, 90)
		require.Len(t, seen, 90)
		require.NoError(t, r.Close())
		require.Equal(t, tr.offsets(topic, 3, logEnd), tr.committed("billing", topic, 3))
	}
	require.Equal(t, []int64{60, 60, 60}, tr.lag("nobody", topic, 3))
}

// While readers come and go every message is read, by one or, when a partition moves
// before its commit, by two.
func TestRebalanceLosesNothing(t *testing.T) {
	t.Parallel()
	s := realserver.Kafka(t)
	tr := askTruth(t, s.Addr())
	const partitions, count = 4, 600
	tr.createTopic(topic, partitions)
	w := newWriter(t, s.Addr())

	var mu sync.Mutex
	seen := make(map[string]int)
	member := func(ctx context.Context) (wait func()) {
		r := newReader(t, "billing", s.Addr())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				m, err := r.FetchMessage(ctx)
				if err != nil {
					return // ctx has ended, or the broker has: then messages are missing
				}
				mu.Lock()
				seen[string(m.Value)]++
				mu.Unlock()
				_ = r.CommitMessages(ctx, m) // a lost partition's commit fails: the other reads it again
			}
		}()
		return func() {
			<-done
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	wait := member(ctx)
	go func() {
		for i := 0; i < count; i += 20 {
			if err := w.WriteMessages(ctx, messages(i, 20)...); err != nil {
				t.Errorf("write: %v", err)
				return
			}
			pause(ctx, 20*time.Millisecond)
		}
	}()
	for range 2 {
		visit, leave := context.WithCancel(ctx)
		waitVisit := member(visit)
		pause(ctx, 300*time.Millisecond)
		leave()
		waitVisit()
	}
	await(t, "every message is read", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(seen) == count
	})
	cancel()
	wait()
	twice := 0
	for _, n := range seen {
		if n > 1 {
			twice++
		}
	}
	t.Logf("%d of %d messages were read more than once", twice, count)
	require.EqualValues(t, count, tr.messages(topic, partitions))
}
