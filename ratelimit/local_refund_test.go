package ratelimit_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/ratelimit"
)

// Each of many refunds of one key gives back its own hits and no others, in
// whatever order they come and however often, also while the oldest run out.
func TestLocalRefundsOfOneKeyInAnyOrder(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, a := range allAlgorithms {
		t.Run(a.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 0))
				l := newLocal(t, a, ratelimit.PerHour(500))
				for range 3 { // windows begin on the hour
					time.Sleep(time.Until(time.Now().Truncate(time.Hour).Add(2 * time.Hour)))
					refundShuffled(t, l, rng, 500)
				}
			})
		})
	}
}

func refundShuffled(t *testing.T, l *ratelimit.Local, rng *rand.Rand, n int) {
	t.Helper()
	receipts := make([]ratelimit.Receipt, n)
	for i := range receipts {
		r, err := l.Allow(t.Context(), "k")
		require.NoError(t, err)
		require.True(t, r.OK(), "hit %d of %d", i, n)
		receipts[i] = r.Receipt
	}
	rng.Shuffle(n, func(i, j int) { receipts[i], receipts[j] = receipts[j], receipts[i] })
	for i := range receipts {
		for _, again := range []int{i, i, rng.IntN(i + 1)} {
			require.NoError(t, l.Refund(t.Context(), receipts[again]))
		}
		r, err := l.Peek(t.Context(), "k")
		require.NoError(t, err)
		require.Equal(t, i+1, r.Remaining)
	}
}

// BenchmarkLocalRefundAmongMany is a hit and its refund, under a key of which so many have
// been refunded, first those that were admitted first.
func BenchmarkLocalRefundAmongMany(b *testing.B) {
	for _, a := range allAlgorithms {
		for _, n := range []int{0, 10_000} {
			b.Run(fmt.Sprintf("impl=%v/refunded=%d", a, n), func(b *testing.B) {
				l := newLocal(b, a, ratelimit.PerDay(1_000_000))
				take := func() ratelimit.Receipt {
					r, err := l.Allow(b.Context(), "k")
					if err != nil {
						b.Fatal(err)
					}
					return r.Receipt
				}
				receipts := make([]ratelimit.Receipt, n)
				for i := range receipts {
					receipts[i] = take()
				}
				for _, r := range receipts {
					if err := l.Refund(b.Context(), r); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportAllocs()
				for b.Loop() {
					if err := l.Refund(b.Context(), take()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
