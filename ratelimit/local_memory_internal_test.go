package ratelimit

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A log that is moved to an arena without holes and one that is not answer
// alike, wherever in their rings they begin.
func TestRepackIsNotSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := []Limit{{N: 20, Per: time.Second}, {N: 4, Per: 50 * time.Millisecond}}
		moved, kept := mustLocal(t, SlidingLog, limits...), mustLocal(t, SlidingLog, limits...)
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		rng := rand.New(rand.NewPCG(seed, 0))
		for range 5000 {
			key, n := fmt.Sprint(rng.IntN(5)), 1+rng.IntN(4)
			if s := moved.shard(moved.id(key)); len(s.tables) > 0 {
				s.repack(&s.tables[0])
			}
			one, err := moved.AllowAtMost(t.Context(), key, n)
			require.NoError(t, err)
			two, err := kept.AllowAtMost(t.Context(), key, n)
			require.NoError(t, err)
			if rng.IntN(4) == 0 {
				require.NoError(t, moved.Refund(t.Context(), one.Receipt))
				require.NoError(t, kept.Refund(t.Context(), two.Receipt))
			}
			one.Receipt, two.Receipt = Receipt{}, Receipt{}
			require.Equal(t, two, one)
			time.Sleep(time.Duration(rng.Int64N(int64(30 * time.Millisecond))))
		}
	})
}

// Trap ratelimit/7: the memory of logs that have become short is given back,
// though the keys are still in use.
func TestShortLogsTakeLittle(t *testing.T) {
	const keys = 20_000
	for name, long := range map[string]int{"many logs": 64, "long logs": 4096} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := mustLocal(t, SlidingLog, Limit{N: 5000, Per: time.Hour})
				empty := l.Stats().Bytes
				busy := keys * 64 / long
				for i := range busy {
					ask(t, l, fmt.Sprint(i), long, true)
				}
				peak := l.Stats().Bytes
				require.Greater(t, peak, int64(busy*long*8))
				for range 4 { // every fourth key lives on
					time.Sleep(40 * time.Minute)
					for i := 0; i < busy; i += 4 {
						ask(t, l, fmt.Sprint(i), 1, true)
					}
				}
				for i := range 500 * numShards { // enough to sweep all
					_, err := l.Peek(t.Context(), fmt.Sprint("other", i))
					require.NoError(t, err)
				}
				require.Equal(t, (busy+3)/4, l.Stats().Keys)
				require.Less(t, l.Stats().Bytes-empty, peak/4)
			})
		})
	}
}

// Notes on the refunds of a key that is never at rest go too, each in its time.
func TestNotesOfABusyKeyGo(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, a Algorithm) {
		synctest.Test(t, func(t *testing.T) {
			l := mustLocal(t, a, Limit{N: 100, Per: time.Second})
			for range 2000 {
				first, err := l.Allow(t.Context(), "k")
				require.NoError(t, err)
				second, err := l.Allow(t.Context(), "k")
				require.NoError(t, err)
				require.True(t, second.OK())
				require.NoError(t, l.Refund(t.Context(), second.Receipt))
				require.NoError(t, l.Refund(t.Context(), first.Receipt))
				time.Sleep(20 * time.Millisecond)
			}
			h := l.shard(l.id("k")).past[l.id("k")]
			require.NotNil(t, h)
			// A counter's hits have weight for 2 s, and there is a sweep every 8 rounds.
			require.LessOrEqual(t, len(h.taken), 2*(2*50+8))
			require.Len(t, h.done, len(h.taken))
		})
	})
}

// Trap ratelimit/12: a Reset forgets no Refund that a later one must know. The
// second hit here begins to be paid for when the first is given back; its row
// ends a second earlier then, and its receipt doesn't.
func TestResetAfterARefundVoidsReceiptsForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := mustLocal(t, GCRA, Limit{N: 2, Per: 2 * time.Second})
		first, err := l.Allow(t.Context(), "k")
		require.NoError(t, err)
		second, err := l.Allow(t.Context(), "k")
		require.NoError(t, err)
		require.NoError(t, l.Refund(t.Context(), first.Receipt))
		time.Sleep(500 * time.Millisecond)
		require.NoError(t, l.Reset(t.Context(), "k"))
		time.Sleep(700 * time.Millisecond)
		ask(t, l, "k", 2, true)
		for range 3 * sweepEvery {
			_, err := l.Peek(t.Context(), "k")
			require.NoError(t, err)
		}
		require.NoError(t, l.Refund(t.Context(), second.Receipt))
		r, err := l.Peek(t.Context(), "k")
		require.NoError(t, err)
		require.Equal(t, 2*time.Second, r.ResetAfter, "hits from before the Reset gave back later ones")
	})
}
