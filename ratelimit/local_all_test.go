package ratelimit_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/ratelimit"
)

// Calls for many keys, more than there are locks and in any order, neither wait
// for each other for ever nor pass the limit of any key.
func TestAllowAllOfManyKeysAtOnce(t *testing.T) {
	const keys, limit, goroutines, each = 600, 10, 8, 5
	for _, a := range allAlgorithms {
		t.Run(a.String(), func(t *testing.T) {
			l := newLocal(t, a, ratelimit.Limit{N: limit, Per: 24 * 365 * time.Hour})
			var admitted atomic.Int64
			done := make(chan struct{})
			var wg sync.WaitGroup
			for range goroutines {
				wg.Go(func() {
					for range each {
						d := make([]ratelimit.Demand, keys)
						for i, k := range rand.Perm(keys) {
							d[i] = ratelimit.Demand{Key: fmt.Sprint(k), N: 1}
						}
						r, err := l.AllowAll(t.Context(), "t", d...)
						if err != nil || len(r) != keys {
							t.Errorf("AllowAll: %d results, %v", len(r), err)
						} else if r[0].OK() {
							admitted.Add(1)
						}
					}
				})
			}
			go func() { wg.Wait(); close(done) }()
			select {
			case <-done:
			case <-time.After(30 * time.Second):
				t.Fatal("calls wait for each other")
			}
			require.EqualValues(t, limit, admitted.Load())
		})
	}
}

// Limits that say the same say it of the same hits: a Burst of N is none.
func TestAllowAllUnderABurstOfN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.GCRA, ratelimit.PerHour(9))
		for _, n := range []int{9, 3} { // the limiter's own, and others
			plain, spelled := ratelimit.Limit{N: n, Per: time.Hour}, ratelimit.Limit{N: n, Per: time.Hour, Burst: n}
			for i, hits := range []int{n - 1, 1, 1} {
				d := ratelimit.Demand{Key: fmt.Sprint("k", n), N: hits, Limits: []ratelimit.Limit{plain}}
				if i > 0 {
					d.Limits = []ratelimit.Limit{spelled}
				}
				r, err := l.AllowAll(t.Context(), "t", d)
				require.NoError(t, err)
				require.Equal(t, i < 2, r[0].OK(), "call %d of limit %d", i, n)
			}
		}
	})
}
