package kafkax

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOneHasTheTurnAtATime(t *testing.T) {
	const goroutines, rounds = 8, 500
	turn := newTurn()
	var wg sync.WaitGroup
	n := 0 // guarded by the turn, which the race detector checks
	for g := range goroutines {
		wg.Go(func() {
			for i := range rounds {
				ctx, cancel := context.WithCancel(context.Background())
				if (i+g)%3 == 0 {
					go cancel()
				}
				if turn.take(ctx) == nil {
					n++
					turn.give()
				} else if (i+g)%3 != 0 {
					t.Error("nobody has cancelled")
				}
				cancel()
			}
		})
	}
	wg.Wait()
	require.GreaterOrEqual(t, n, goroutines*rounds*2/3-goroutines)
	require.Zero(t, turn.waiting.Load())
	require.NoError(t, turn.take(t.Context()))
}

func TestWhoWaitsForATurnMayLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := newTurn()
		require.NoError(t, turn.take(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, turn.take(ctx), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		got := make(chan error, 2)
		for range 2 {
			go func() {
				err := turn.take(t.Context())
				if err == nil {
					turn.give()
				}
				got <- err
			}()
		}
		synctest.Wait()
		turn.give()
		require.NoError(t, <-got)
		require.NoError(t, <-got)
	})
}

func TestAStopwatchFollowsTheClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStopwatch()
		for _, d := range []time.Duration{0, 1, time.Millisecond, time.Second, 2 * time.Second, time.Hour} {
			time.Sleep(d)
			at := s.elapsed()
			require.Equal(t, time.Now().UnixNano(), s.unix(at))
		}
	})
}
