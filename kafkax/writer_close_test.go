package kafkax_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

// Trap kafkax/25: kafka-go's Close hangs when it overlaps the first write.
func TestCloseEndsWhateverItOverlaps(t *testing.T) {
	for i := range 100 {
		synctest.Test(t, func(t *testing.T) {
			b := newBroker()
			b.partitions = 4
			slow := make(chan struct{})
			b.metadata = func(context.Context) error { // the calls are past the check for closed
				<-slow
				return nil
			}
			w, m := newWriter(t, b, func(w *kafka.Writer) { w.BatchTimeout = time.Minute })
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					err := w.WriteMessages(t.Context(), message("t", 1), message("t", 2))
					if err != nil && !errors.Is(err, io.ErrClosedPipe) {
						t.Error(err)
					}
				})
			}
			if i%2 == 0 { // else Close may come before some of them
				synctest.Wait()
			}
			closed := make(chan error)
			start := time.Now()
			go func() { closed <- w.Close() }()
			synctest.Wait()
			close(slow)
			require.NoError(t, <-closed)
			require.Less(t, time.Since(start), 2*time.Second) // not the minute of a batch
			wg.Wait()
			o := figuresOf(t, m).outcomes()
			require.Equal(t, 8, o.total())
			require.Equal(t, len(b.values("t")), o.delivered)
		})
	}
}

func TestCloseSendsWhatWaitsForItsBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		w, m := newWriter(t, b, async, func(w *kafka.Writer) { w.BatchTimeout = time.Hour })
		require.NoError(t, w.WriteMessages(t.Context(), message("t", 1)))
		start := time.Now()
		require.NoError(t, w.Close())
		require.Zero(t, time.Since(start))
		require.Equal(t, outcomes{delivered: 1}, figuresOf(t, m).outcomes())
		require.NoError(t, w.Close())
	})
}

func TestCloseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		b.produce = func(context.Context, batch) answer {
			time.Sleep(time.Minute)
			return answer{}
		}
		w, m := newWriter(t, b, async)
		require.NoError(t, w.WriteMessages(t.Context(), message("t", 1)))
		cause := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, cause)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, w.CloseContext(ctx), cause)
		require.Equal(t, 5*time.Second, time.Since(start))
		require.ErrorIs(t, w.WriteMessages(t.Context(), message("t", 1)), io.ErrClosedPipe)
		require.NoError(t, w.CloseContext(t.Context())) // waits for the rest
		require.Equal(t, outcomes{delivered: 1, rejected: 1}, figuresOf(t, m).outcomes())
	})
}

// However long a call hangs, Close must not pile up goroutines for it.
func TestCloseWaitsForACallThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		b.metadata = func(context.Context) error {
			time.Sleep(24 * time.Hour)
			return nil
		}
		w, m := newWriter(t, b)
		done := make(chan error)
		go func() { done <- w.WriteMessages(t.Context(), message("t", 1)) }()
		synctest.Wait()
		closed := make(chan error)
		go func() { closed <- w.Close() }()
		before := runtime.NumGoroutine()
		time.Sleep(23 * time.Hour)
		require.Less(t, runtime.NumGoroutine()-before, 20)
		require.NoError(t, <-closed)
		require.NoError(t, <-done)
		require.Equal(t, outcomes{delivered: 1}, figuresOf(t, m).outcomes())
	})
}

func TestCloseEndsWithItsContextWhileACallIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		stuck, release := make(chan struct{}), make(chan struct{})
		b.metadata = func(context.Context) error {
			close(stuck)
			<-release
			return nil
		}
		w, _ := newWriter(t, b)
		done := make(chan error)
		go func() { done <- w.WriteMessages(t.Context(), message("t", 1)) }()
		<-stuck
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, w.CloseContext(ctx), context.DeadlineExceeded)
		close(release)
		require.NoError(t, w.Close())
		require.NoError(t, <-done)
	})
}

func TestFlushWaitsForWhatWasOfferedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		b.partitions = 2
		b.produce = func(_ context.Context, p batch) answer {
			time.Sleep(time.Duration(1+9*p.partition) * time.Second)
			return answer{}
		}
		var completed atomic.Int32
		w, _ := newWriter(t, b, async, func(w *kafka.Writer) {
			w.Balancer = balancerFunc(func(msg kafka.Message, _ ...int) int { return len(msg.Value) })
			w.Completion = func([]kafka.Message, error) {
				time.Sleep(time.Second)
				completed.Add(1)
			}
		})
		require.NoError(t, w.Flush(t.Context())) // nothing to wait for
		start := time.Now()
		require.NoError(t, w.WriteMessages(t.Context(), message("t", 0)))
		done := make(chan time.Duration)
		go func() {
			if err := w.Flush(t.Context()); err != nil {
				t.Error(err)
			}
			done <- time.Since(start)
		}()
		synctest.Wait()
		require.NoError(t, w.WriteMessages(t.Context(), message("t", 1))) // 11 s, and not waited for
		require.Equal(t, 2*time.Second+time.Millisecond, <-done)
		require.EqualValues(t, 1, completed.Load())

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, w.Flush(ctx), context.DeadlineExceeded)
		require.NoError(t, w.Flush(t.Context()))
		require.EqualValues(t, 2, completed.Load())
	})
}
