package ratelimit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// Trap ratelimit/3: what every algorithm admits at worst in a window, on every
// backend, counted from intervals that prove it. With -v it prints the table.
func TestWorstWindows(t *testing.T) {
	limit := ratelimit.Limit{N: 20, Per: 400 * time.Millisecond}
	var table strings.Builder
	fmt.Fprintf(&table, "\n| %v, 64 goroutines | a rush | over an edge | at most |\n|---|---|---|---|\n", limit)
	for _, backend := range []struct {
		name string
		open func(t *testing.T) func(a ratelimit.Algorithm) ratelimit.Limiter
	}{
		{"Local", func(t *testing.T) func(a ratelimit.Algorithm) ratelimit.Limiter {
			return func(a ratelimit.Algorithm) ratelimit.Limiter { return newLocal(t, a, limit) }
		}},
		{"Redis", func(t *testing.T) func(a ratelimit.Algorithm) ratelimit.Limiter {
			return onRedis(t, realClient(t, realserver.Redis(t)), limit)
		}},
		{"Redis Cluster", func(t *testing.T) func(a ratelimit.Algorithm) ratelimit.Limiter {
			return onRedis(t, clusterClient(t), limit)
		}},
	} {
		t.Run(backend.name, func(t *testing.T) {
			open := backend.open(t)
			for _, a := range allAlgorithms {
				rush, edge := worstOf(t, open(a), a, limit, false), worstOf(t, open(a), a, limit, true)
				bound := ratelimittest.Bound(a, limit)
				fmt.Fprintf(&table, "| %s, %v | %d | %d | %d |\n", backend.name, a, rush, edge, bound)
				require.LessOrEqual(t, max(rush, edge), bound, a)
			}
		})
	}
	t.Log(table.String())
}

// worstOf rushes a limiter for two and a half windows, or over the end of an
// aligned one, with what was saved up before, and returns the worst window.
func worstOf(t *testing.T, l ratelimit.Limiter, a ratelimit.Algorithm, limit ratelimit.Limit, edge bool) int {
	t.Helper()
	key, rush := fmt.Sprintf("worst-%v-%v", a, edge), limit.Per*5/2
	if edge {
		left := limit.Per - time.Duration(time.Now().UnixNano()%int64(limit.Per))
		if left < limit.Per/8 {
			left += limit.Per
		}
		wait := time.NewTimer(left - limit.Per/16) // as long as the window lasts
		<-wait.C
		rush = limit.Per / 4
	}
	hits, err := ratelimittest.Hammer(t.Context(), key, 64, rush, l)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(hits), limit.N)
	return ratelimittest.Worst(hits, limit.Per)
}

func onRedis(t *testing.T, rdb redis.Scripter, limit ratelimit.Limit) func(a ratelimit.Algorithm) ratelimit.Limiter {
	return func(a ratelimit.Algorithm) ratelimit.Limiter {
		return newRedis(t, rdb, a, []ratelimit.Limit{limit})
	}
}
