package cachex_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
)

// BenchmarkFallbackCycle shows what a Fallback adds to a set, a wrong and a
// right try on a local cache, while its primary works and while it fails.
func BenchmarkFallbackCycle(b *testing.B) {
	p := cachex.Policy{TTL: time.Millisecond, MaxAttempts: 3}
	alone, f, without := newBrittle(b, p), newPair(b, p), newPair(b, p, cachex.WithMemory(time.Millisecond))
	without.primary.set(down)
	for _, c := range []struct {
		name  string
		cache cachex.CodeCache
	}{{"local", alone}, {"fallback", f}, {"fallback-switched", without}} {
		b.Run("impl="+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := c.cache.Set(b.Context(), someone, code)
				require.NoError(b, err)
				_ = c.cache.Verify(b.Context(), someone, other)
				_ = c.cache.Verify(b.Context(), someone, code)
			}
		})
	}
}
