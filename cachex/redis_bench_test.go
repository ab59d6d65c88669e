package cachex_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/internal/realserver"
)

// The two scripts of a common code cache: a code and its counter in two keys,
// no budget, a plain text code. They are what CodeRedisCache is measured by.
const (
	twoScriptSet = `
local key = KEYS[1]
local cntKey = KEYS[2]
local ttl = tonumber(redis.call("ttl", key))
if ttl == -1 then
  return -2
elseif ttl == -2 or ttl < 540 then
  redis.call("set", key, ARGV[1], "EX", 600)
  redis.call("set", cntKey, 3, "EX", 600)
  return 0
else
  return -1
end`
	twoScriptVerify = `
local key = KEYS[1]
local cntKey = KEYS[2]
local cnt = tonumber(redis.call("get", cntKey))
local code = redis.call("get", key)
if cnt == nil or cnt <= 0 then
  return -1
elseif code == ARGV[1] then
  redis.call("set", cntKey, 0)
  return 0
else
  redis.call("decr", cntKey)
  return -2
end`
)

// A cycle sets a code for a new recipient, tries a wrong one and the right one.
type cycle func(ctx context.Context, n int) error

func cachexCycle(c cachex.CodeCache) cycle {
	return func(ctx context.Context, n int) error {
		k := cachex.Key{Biz: "login", To: fmt.Sprintf("+86138%08d", n)}
		if _, err := c.Set(ctx, k, "271828"); err != nil {
			return err
		}
		if err := c.Verify(ctx, k, "314159"); err == nil {
			return fmt.Errorf("a wrong code was right")
		}
		return c.Verify(ctx, k, "271828")
	}
}

// runner is redis.Script's Run, by EVALSHA, or Eval, as the common code has it.
type runner func(s *redis.Script, ctx context.Context, c redis.Scripter, keys []string, args ...any) *redis.Cmd

func twoScriptCycle(rdb redis.Scripter, run runner) cycle {
	set, verify := redis.NewScript(twoScriptSet), redis.NewScript(twoScriptVerify)
	return func(ctx context.Context, n int) error {
		key := fmt.Sprintf("phone_code:login:+86138%08d", n)
		keys := []string{key, key + ":cnt"}
		for _, step := range []struct {
			script *redis.Script
			code   string
			want   int
		}{{set, "271828", 0}, {verify, "314159", -2}, {verify, "271828", 0}} {
			got, err := run(step.script, ctx, rdb, keys, step.code).Int()
			if err != nil || got != step.want {
				return fmt.Errorf("answer %d, want %d: %w", got, step.want, err)
			}
		}
		return nil
	}
}

// meteredClient counts what goes over the wire in both directions.
func meteredClient(t testing.TB, s *realserver.Server, bytes *atomic.Int64) *redis.Client {
	return clientOf(t, &redis.Options{
		Addr:     s.Addr(),
		PoolSize: 1,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			return meteredConn{conn, bytes}, err
		},
	})
}

type meteredConn struct {
	net.Conn
	bytes *atomic.Int64
}

func (c meteredConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

func (c meteredConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.bytes.Add(int64(n))
	return n, err
}

var scriptTime = regexp.MustCompile(`cmdstat_eval(?:sha)?:calls=\d+,usec=(\d+)`)

// serverMicros returns how long the server ran scripts since the last reset.
func serverMicros(b *testing.B, admin *redis.Client) (sum float64) {
	info, err := admin.Info(b.Context(), "commandstats").Result()
	require.NoError(b, err)
	for _, m := range scriptTime.FindAllStringSubmatch(info, -1) {
		n, err := strconv.ParseFloat(m[1], 64)
		require.NoError(b, err)
		sum += n
	}
	return sum
}

// A contender is an implementation in BenchmarkRedisCycle with its results.
type contender struct {
	name   string
	cycle  cycle
	bytes  *atomic.Int64
	micros float64 // of server time per cycle, the best round's
	wire   float64 // bytes per cycle
}

func newContenders(b *testing.B, s *realserver.Server) []*contender {
	ours, byHash, byText := new(atomic.Int64), new(atomic.Int64), new(atomic.Int64)
	cache, err := cachex.NewCodeRedisCache(meteredClient(b, s, ours))
	require.NoError(b, err)
	return []*contender{
		{name: "cachex", cycle: cachexCycle(cache), bytes: ours},
		{name: "twoscript", cycle: twoScriptCycle(meteredClient(b, s, byHash), (*redis.Script).Run), bytes: byHash},
		{name: "twoscript-eval", cycle: twoScriptCycle(meteredClient(b, s, byText), (*redis.Script).Eval), bytes: byText},
	}
}

// measure lets every contender run in turn, so that a busy machine hits all
// alike, and keeps each one's best round.
func measure(b *testing.B, admin *redis.Client, all []*contender) {
	const rounds, cycles = 40, 200
	for _, c := range all {
		c.micros = math.Inf(1)
	}
	for range rounds {
		for _, c := range all {
			require.NoError(b, admin.FlushAll(b.Context()).Err())
			require.NoError(b, c.cycle(b.Context(), -1), "warm up")
			require.NoError(b, admin.ConfigResetStat(b.Context()).Err())
			before := c.bytes.Load()
			for n := range cycles {
				require.NoError(b, c.cycle(b.Context(), n))
			}
			c.wire = float64(c.bytes.Load()-before) / cycles
			c.micros = min(c.micros, serverMicros(b, admin)/cycles)
		}
	}
}

// BenchmarkRedisCycle compares a set, a wrong and a right try with the two
// scripts above: server-us/cycle is the server's own time in the best of many
// interleaved rounds, wire-B/cycle what goes over the connection.
func BenchmarkRedisCycle(b *testing.B) {
	s := realserver.Redis(b)
	all := newContenders(b, s)
	measure(b, realClient(b, s), all)
	for _, c := range all {
		b.Run("impl="+c.name, func(b *testing.B) {
			b.ReportAllocs()
			n := int(time.Now().UnixMicro() % 1e8)
			for b.Loop() {
				n++
				if err := c.cycle(b.Context(), n); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(c.micros, "server-us/cycle")
			b.ReportMetric(c.wire, "wire-B/cycle")
		})
	}
}

// BenchmarkRedisCall is each call by itself, from one goroutine and from many.
func BenchmarkRedisCall(b *testing.B) {
	p := cachex.Policy{TTL: time.Hour, MaxAttempts: 65535}
	c := newRedisCache(b, realClient(b, realserver.Redis(b)), p)
	ticket, err := c.Set(b.Context(), someone, "271828")
	require.NoError(b, err)
	for _, op := range []struct {
		name string
		call func(ctx context.Context) error
	}{
		{"set", func(ctx context.Context) error { _, err := c.Set(ctx, someone, "271828"); return err }},
		{"verify", func(ctx context.Context) error { _ = c.Verify(ctx, someone, "314159"); return nil }},
		{"revoke", func(ctx context.Context) error { _, err := c.Revoke(ctx, someone, ticket.Gen); return err }},
		{"status", func(ctx context.Context) error { _, err := c.Status(ctx, someone); return err }},
	} {
		b.Run("op="+op.name+"/g=1", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := op.call(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("op="+op.name+"/g=many", func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := op.call(b.Context()); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
