package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// A slow scripter takes its time for each call, and counts them.
type slow struct {
	redis.Scripter
	delay time.Duration
	calls atomic.Int64
}

func (s *slow) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *redis.Cmd {
	cmd := s.Scripter.EvalSha(ctx, sha, keys, args...)
	s.calls.Add(1)
	time.Sleep(s.delay) // the answer is on its way; only ever in a bubble
	return cmd
}

// inFlight runs f when others are on their way.
func inFlight(wg *sync.WaitGroup, f func()) {
	wg.Go(f)
	synctest.Wait()
}

// Calls that come while one is in the air go together with the next, as many as
// may, and each gets its own answer.
func TestFoldingSharesRoundTrips(t *testing.T) {
	for _, a := range ratelimittest.Algorithms() {
		synctest.Test(t, func(t *testing.T) {
			s := &slow{Scripter: redistest.New(t), delay: 10 * time.Millisecond}
			l := newRedis(t, s, a, []ratelimit.Limit{ratelimit.PerHour(20)}, ratelimit.WithFolding(10))
			_, err := l.Peek(t.Context(), "k") // the script of Allow is another one
			require.NoError(t, err)
			before := s.calls.Load()
			var wg sync.WaitGroup
			var mu sync.Mutex
			var receipts []ratelimit.Receipt
			refused := 0
			for range 31 {
				inFlight(&wg, func() {
					r, err := l.Allow(t.Context(), "k")
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						t.Error(err)
					}
					if r.OK() {
						receipts = append(receipts, r.Receipt)
					} else if refused++; r.RetryAfter <= 0 || r.RetryAfter > 2*time.Hour {
						t.Errorf("%v: refused for %v", a, r.RetryAfter)
					}
				})
			}
			wg.Wait()
			require.Len(t, receipts, 20)
			require.Equal(t, 11, refused)
			// One alone, thrice ten: and once more, when the script was sent.
			require.LessOrEqual(t, s.calls.Load()-before, int64(5))
			require.GreaterOrEqual(t, s.calls.Load()-before, int64(4), "no more than ten together")
			require.EqualValues(t, 30, l.Stats().Folded)
			for i, receipt := range receipts { // each is for one hit of its own
				require.NoError(t, l.Refund(t.Context(), receipt))
				require.NoError(t, l.Refund(t.Context(), receipt))
				r, err := l.Peek(t.Context(), "k")
				require.NoError(t, err)
				require.Equal(t, i+1, r.Remaining, "%v", a)
			}
		})
	}
}

// Trap ratelimit/9: a caller who left gives its place to the next of the batch,
// and what is left over goes back: nobody starves, no hit is lost, and no
// goroutine stays, or the bubble would say so.
func TestFoldingGivesBackWhatCancelledCallersTook(t *testing.T) {
	why := errors.New("the caller went home")
	for _, a := range ratelimittest.Algorithms() {
		synctest.Test(t, func(t *testing.T) {
			s := &slow{Scripter: redistest.New(t), delay: 10 * time.Millisecond}
			l := newRedis(t, s, a, []ratelimit.Limit{ratelimit.PerHour(6)}, ratelimit.WithFolding(10))
			ctx, cancel := context.WithCancelCause(t.Context())
			var wg sync.WaitGroup
			var admitted, cancelled atomic.Int64
			call := func(ctx context.Context) {
				inFlight(&wg, func() {
					r, err := l.Allow(ctx, "k")
					switch {
					case errors.Is(err, why):
						cancelled.Add(1)
					case err != nil:
						t.Error(err)
					default:
						admitted.Add(int64(r.Allowed))
					}
				})
			}
			call(t.Context()) // in the air, on its own
			for i := range 8 {
				if i%2 == 0 {
					call(ctx)
				} else {
					call(t.Context())
				}
			}
			time.Sleep(15 * time.Millisecond) // the eight are in the air
			if a == ratelimit.GCRA {
				time.Sleep(4 * time.Millisecond)
			}
			cancel(why)
			wg.Wait()
			require.EqualValues(t, 4, cancelled.Load())
			// The first, and the four of the batch who are still there: of five
			// that had room one goes back.
			require.EqualValues(t, 5, admitted.Load(), "%v", a)
			synctest.Wait()
			time.Sleep(time.Second)
			r, err := l.Peek(t.Context(), "k")
			require.NoError(t, err)
			require.Equal(t, 1, r.Remaining, "%v", a)
			require.Zero(t, l.Stats().Lost)
		})
	}
}

// Who has left before the batch flies isn't counted at all.
func TestFoldingForgetsWhoLeftBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{Scripter: redistest.New(t), delay: 10 * time.Millisecond}
		l := newRedis(t, s, ratelimit.SlidingLog, fivePerHour, ratelimit.WithFolding(10))
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		inFlight(&wg, func() { _, err := l.Allow(t.Context(), "k"); require.NoError(t, err) })
		for range 20 {
			inFlight(&wg, func() { _, err := l.Allow(ctx, "k"); require.ErrorIs(t, err, context.Canceled) })
		}
		cancel()
		wg.Wait()
		r, err := l.Peek(t.Context(), "k")
		require.NoError(t, err)
		require.Equal(t, 4, r.Remaining)
	})
}

// What can't be given back is counted.
func TestFoldingCountsLostHits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		rdb.Options().MaxRetries = 0
		s := &slow{Scripter: rdb, delay: 10 * time.Millisecond}
		l := newRedis(t, s, ratelimit.SlidingLog, fivePerHour, ratelimit.WithFolding(10))
		ctx, cancel := context.WithCancel(t.Context())
		_, err := l.Allow(ctx, "other") // sends the script
		require.NoError(t, err)
		var wg sync.WaitGroup
		inFlight(&wg, func() { _, err := l.Allow(ctx, "k"); require.ErrorIs(t, err, context.Canceled) })
		server.SetError("LOADING")
		cancel()
		wg.Wait()
		time.Sleep(time.Second)
		require.EqualValues(t, 1, l.Stats().Lost)
		server.SetError("")
	})
}

// The calls of a batch end with their own time: nobody waits for two timeouts.
func TestFoldingKeepsToTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{Scripter: redistest.New(t), delay: 80 * time.Millisecond}
		l := newRedis(t, s, ratelimit.GCRA, fivePerHour, ratelimit.WithFolding(2), ratelimit.WithTimeout(100*time.Millisecond))
		var wg sync.WaitGroup
		var late atomic.Int64
		for range 7 {
			inFlight(&wg, func() {
				start := time.Now()
				_, err := l.Allow(t.Context(), "k")
				if took := time.Since(start); took > 100*time.Millisecond {
					t.Errorf("it took %v", took)
				}
				if errors.Is(err, ratelimit.ErrUnavailable) {
					late.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Positive(t, late.Load())
		time.Sleep(time.Second) // for the goroutines of a client that minds no deadline
	})
}

// Folding is exact between processes on a real server, while callers leave all
// the time.
func TestFoldingIsExactOnARealServer(t *testing.T) {
	t.Parallel()
	rdb := realClient(t, realserver.Redis(t))
	limit := ratelimit.Limit{N: 50, Per: 200 * time.Millisecond}
	pods := []*ratelimit.Redis{
		newRedis(t, rdb, ratelimit.SlidingLog, []ratelimit.Limit{limit}, ratelimit.WithFolding(16)),
		newRedis(t, rdb, ratelimit.SlidingLog, []ratelimit.Limit{limit}, ratelimit.WithFolding(16)),
	}
	var mu sync.Mutex
	var hits []ratelimittest.Hit
	var wg sync.WaitGroup
	end := time.Now().Add(time.Second)
	for g := range 32 {
		wg.Go(func() {
			for i := 0; time.Now().Before(end); i++ {
				ctx, cancel := context.WithCancel(t.Context())
				if i%5 == 4 {
					time.AfterFunc(50*time.Microsecond, cancel)
				}
				start := time.Now()
				r, err := pods[g%2].Allow(ctx, "k")
				switch {
				case err == nil && r.OK():
					mu.Lock()
					hits = append(hits, ratelimittest.Hit{Start: start, End: time.Now(), N: 1})
					mu.Unlock()
				case err != nil && !errors.Is(err, context.Canceled):
					t.Error(err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, ratelimittest.Worst(hits, limit.Per), limit.N)
	require.GreaterOrEqual(t, len(hits), 2*limit.N, fmt.Sprint(pods[0].Stats()))
}
