package ratelimit

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func (c *denyCache) len() (n int) {
	for i := range c.shards {
		n += len(c.shards[i].denied)
	}
	return n
}

func refusal(d time.Duration) Result { return Result{RetryAfter: d, ResetAfter: 2 * d} }

// However many keys are refused, the cache holds no more than its entries, and
// the last one is among them.
func TestDenyCacheIsBounded(t *testing.T) {
	for _, entries := range []int{1, 3, 16, 100} {
		c := newDenyCache(entries)
		for i := range 10_000 {
			key := fmt.Sprint(i)
			c.remember(c.begin(key), key, refusal(time.Hour))
			_, ok := c.refused(key)
			require.True(t, ok)
			require.LessOrEqual(t, c.len(), entries)
		}
		require.Greater(t, c.len(), entries/2)
	}
}

// Expired entries make room before others do.
func TestDenyCacheDropsTheExpiredFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newDenyCache(8)
		c.remember(c.begin("long"), "long", refusal(time.Hour))
		for i := range 1000 {
			key := fmt.Sprint(i)
			c.remember(c.begin(key), key, refusal(time.Second))
			time.Sleep(time.Second)
		}
		_, ok := c.refused("long")
		require.True(t, ok)
	})
}

// An answer that was on its way when its key was forgotten isn't kept.
func TestDenyCacheForgetsWhatIsOnItsWay(t *testing.T) {
	c := newDenyCache(1)
	asked := c.begin("k")
	c.forget("k")
	c.remember(asked, "k", refusal(time.Hour))
	_, ok := c.refused("k")
	require.False(t, ok)
	c.remember(c.begin("k"), "k", refusal(time.Hour))
	_, ok = c.refused("k")
	require.True(t, ok)
}

// The wait that is reported holds from the end of the call, the refusal from its
// start: neither promises too much.
func TestDenyCacheReckonsFromBothEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newDenyCache(1)
		asked := c.begin("k")
		time.Sleep(100 * time.Millisecond)
		c.remember(asked, "k", refusal(time.Second))
		r, ok := c.refused("k")
		require.True(t, ok)
		require.Equal(t, time.Second, r.RetryAfter)
		time.Sleep(900 * time.Millisecond)
		_, ok = c.refused("k")
		require.False(t, ok, "Redis may admit by now")
	})
}

func TestDenyCacheOff(t *testing.T) {
	var c *denyCache
	c.remember(c.begin("k"), "k", refusal(time.Hour))
	c.forget("k")
	_, ok := c.refused("k")
	require.False(t, ok)
}

// Many goroutines at once: for -race.
func TestDenyCacheUnderAllAtOnce(t *testing.T) {
	c := newDenyCache(20)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				key := fmt.Sprint((i * g) % 50)
				c.remember(c.begin(key), key, refusal(time.Minute))
				c.refused(key)
				if i%7 == 0 {
					c.forget(key)
				}
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, c.len(), 20)
}

func BenchmarkDenyCache(b *testing.B) {
	c := newDenyCache(1000)
	c.remember(c.begin("k"), "k", refusal(time.Hour))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.refused("k")
		}
	})
}
