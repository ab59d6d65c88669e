package ratelimit_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/ratelimit"
)

// A pair is two limiters that must answer alike.
type pair struct {
	t        *testing.T
	rng      *rand.Rand
	redis    *ratelimit.Redis
	local    *ratelimit.Local
	receipts [][2]ratelimit.Receipt
}

// Nothing is asked a multiple of grid after anything else that is near the end of
// a window of 20, 50 or 100 ms, where a microsecond would matter.
const grid = 700 * time.Microsecond

// Whatever is asked of a Local and of a Redis limiter, they answer alike: what was
// admitted, how much is left and which limit decided are the same, and waits are
// but for the microseconds by which a log in Redis spreads hits of one instant.
func TestRedisAnswersAsLocalDoes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, a := range allAlgorithms {
		t.Run(a.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limits := []ratelimit.Limit{{N: 4, Per: 20 * time.Millisecond}, {N: 10, Per: 100 * time.Millisecond}}
				if a == ratelimit.GCRA {
					limits = limits[:1] // a Local's Refund is careful under several
				}
				p := &pair{
					t: t, rng: rand.New(rand.NewPCG(seed, uint64(a))),
					redis: newRedis(t, redistest.New(t), a, limits), local: newLocal(t, a, limits...),
				}
				for range 600 {
					p.step()
					if p.rng.IntN(3) == 0 {
						time.Sleep(time.Duration(1+p.rng.IntN(40)) * grid)
					}
				}
			})
		})
	}
}

// step asks both the same.
func (p *pair) step() {
	ctx, key, n := p.t.Context(), fmt.Sprint(p.rng.IntN(3)), 1+p.rng.IntN(5)
	switch p.rng.IntN(7) {
	case 0:
		p.alike("AllowN", func(l ratelimit.Limiter) (ratelimit.Result, error) { return l.AllowN(ctx, key, n) })
	case 1:
		p.alike("AllowAtMost", func(l ratelimit.Limiter) (ratelimit.Result, error) { return l.AllowAtMost(ctx, key, n) })
	case 2:
		p.alike("Peek", func(l ratelimit.Limiter) (ratelimit.Result, error) { return l.Peek(ctx, key) })
	case 3:
		if len(p.receipts) > 0 {
			p.refundOne(p.rng.IntN(len(p.receipts)))
		}
	case 4:
		if p.rng.IntN(5) == 0 {
			require.NoError(p.t, p.redis.Reset(ctx, key))
			require.NoError(p.t, p.local.Reset(ctx, key))
		}
	default:
		p.all(key)
	}
}

func (p *pair) refundOne(i int) {
	p.t.Helper()
	require.NoError(p.t, p.redis.Refund(p.t.Context(), p.receipts[i][0]))
	require.NoError(p.t, p.local.Refund(p.t.Context(), p.receipts[i][1]))
}

func (p *pair) alike(what string, ask func(l ratelimit.Limiter) (ratelimit.Result, error)) {
	p.t.Helper()
	remote, err := ask(p.redis)
	require.NoError(p.t, err)
	local, err := ask(p.local)
	require.NoError(p.t, err)
	p.same(what, remote, local)
}

// all asks for a few keys at once, some under limits of their own.
func (p *pair) all(key string) {
	p.t.Helper()
	d := []ratelimit.Demand{{Key: key, N: 1 + p.rng.IntN(3)}, {Key: "own", N: 1 + p.rng.IntN(2), Limits: []ratelimit.Limit{{N: 5, Per: 50 * time.Millisecond}}}}
	if p.rng.IntN(2) == 0 {
		d = append(d, ratelimit.Demand{Key: fmt.Sprint(p.rng.IntN(3)), N: 1})
	}
	remote, err := p.redis.AllowAll(p.t.Context(), "tag", d...)
	require.NoError(p.t, err)
	local, err := p.local.AllowAll(p.t.Context(), "tag", d...)
	require.NoError(p.t, err)
	for i := range d {
		p.same(fmt.Sprintf("AllowAll: Demand %d of %v", i, d), remote[i], local[i])
	}
}

// same compares two answers, and keeps their receipts.
func (p *pair) same(what string, remote, local ratelimit.Result) {
	p.t.Helper()
	const spread = 20 * time.Microsecond
	require.Equal(p.t, local.Allowed, remote.Allowed, what)
	require.Equal(p.t, local.Remaining, remote.Remaining, what)
	require.Equal(p.t, local.Limit, remote.Limit, what)
	require.InDelta(p.t, local.RetryAfter, remote.RetryAfter, float64(spread), what)
	require.InDelta(p.t, local.ResetAfter, remote.ResetAfter, float64(spread), what)
	if local.Allowed > 0 {
		p.receipts = append(p.receipts, [2]ratelimit.Receipt{remote.Receipt, local.Receipt})
	}
}
