package ratelimit_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/ratelimit"
)

// A hookCounter is a hook that counts commands.
type hookCounter struct{ commands atomic.Int64 }

func (h *hookCounter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *hookCounter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.commands.Add(1)
		return next(ctx, cmd)
	}
}

func (h *hookCounter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// Tracing sees the calls of a limiter whose client minds deadlines itself, also
// tracing that comes after the limiter.
func TestRedisCallsTheHooksOfAPunctualClient(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClient(&redis.Options{Addr: realserver.Redis(t).Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = rdb.Close() })
	l := newRedis(t, rdb, ratelimit.SlidingLog, fivePerHour)
	hook := new(hookCounter)
	rdb.AddHook(hook)
	require.NoError(t, rdb.Ping(t.Context()).Err())
	before := hook.commands.Load()
	_, err := l.Allow(t.Context(), "k")
	require.NoError(t, err)
	require.Greater(t, hook.commands.Load(), before)
}
