package ratelimit_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/ratelimit"
)

// A model is an algorithm as its definition says it, with fractions of any size
// and no care for cost.
type model interface {
	room(now int64) int // hits that fit
	take(now int64, n int)
}

// logModel counts the hits of the last Per.
type logModel struct {
	l    ratelimit.Limit
	hits []int64
}

func (m *logModel) room(now int64) int {
	n := m.l.N
	for _, t := range m.hits {
		if now-t < int64(m.l.Per) {
			n--
		}
	}
	return n
}

func (m *logModel) take(now int64, n int) {
	for range n {
		m.hits = append(m.hits, now)
	}
}

// windowModel counts hits by aligned window, and weighs those of the one before
// if weighted.
type windowModel struct {
	l        ratelimit.Limit
	weighted bool
	hits     map[int64]int
}

func (m *windowModel) room(now int64) int {
	per := int64(m.l.Per)
	used := big.NewRat(int64(m.hits[now/per]), 1)
	if m.weighted {
		used.Add(used, new(big.Rat).Mul(big.NewRat(int64(m.hits[now/per-1]), 1), big.NewRat(per-now%per, per)))
	}
	return floor(used.Sub(big.NewRat(int64(m.l.N), 1), used))
}

func (m *windowModel) take(now int64, n int) { m.hits[now/int64(m.l.Per)] += n }

// bucketModel is a bucket of Burst tokens that fills at N per Per: GCRA, seen
// from the other side.
type bucketModel struct {
	l      ratelimit.Limit
	tokens *big.Rat
	at     int64
}

func (m *bucketModel) fill(now int64) {
	m.tokens.Add(m.tokens, new(big.Rat).Mul(big.NewRat(now-m.at, 1), big.NewRat(int64(m.l.N), int64(m.l.Per))))
	if most := big.NewRat(int64(m.l.Burst), 1); m.tokens.Cmp(most) > 0 {
		m.tokens = most
	}
	m.at = now
}

func (m *bucketModel) room(now int64) int {
	m.fill(now)
	return floor(m.tokens)
}

func (m *bucketModel) take(now int64, n int) {
	m.fill(now)
	m.tokens.Sub(m.tokens, big.NewRat(int64(n), 1))
}

func floor(x *big.Rat) int { return int(new(big.Int).Div(x.Num(), x.Denom()).Int64()) }

func newModel(a ratelimit.Algorithm, l ratelimit.Limit, now int64) model {
	switch a {
	case ratelimit.SlidingLog:
		return &logModel{l: l}
	case ratelimit.GCRA:
		return &bucketModel{l, big.NewRat(int64(l.Burst), 1), now}
	}
	return &windowModel{l, a == ratelimit.SlidingCounter, make(map[int64]int)}
}

// Long random runs answer as the definitions do, under one limit and several.
// Trap ratelimit/1: no hit is lost among those of the same instant.
// Trap ratelimit/6: nor is a fraction of one.
func TestLocalIsTheModel(t *testing.T) {
	for _, a := range allAlgorithms {
		t.Run(a.String(), func(t *testing.T) {
			t.Parallel()
			for range 40 {
				seed := rand.Uint64()
				t.Logf("seed %d", seed)
				synctest.Test(t, func(t *testing.T) { runModel(t, a, rand.New(rand.NewPCG(seed, 2))) })
			}
		})
	}
}

func runModel(t *testing.T, a ratelimit.Algorithm, rng *rand.Rand) {
	limits := randomLimits(a, rng)
	l := newLocal(t, a, limits...)
	models := make([]model, len(limits))
	for i := range limits {
		limits[i].Burst = max(limits[i].Burst, limits[i].N)
		if limits[i].N == 0 {
			return
		}
		models[i] = newModel(a, limits[i], time.Now().UnixNano())
	}
	for step := range 300 {
		now, want := time.Now().UnixNano(), math.MaxInt
		for _, m := range models {
			want = min(want, m.room(now))
		}
		n := 1 + rng.IntN(limits[0].N+1)
		ask, fits := l.AllowN, 0
		if rng.IntN(2) == 0 {
			ask, fits = l.AllowAtMost, min(n, want)
		} else if n <= want {
			fits = n
		}
		r, err := ask(t.Context(), "k", n)
		require.NoError(t, err)
		require.Equal(t, fits, r.Allowed, "step %d: %d hits under %v", step, n, limits)
		require.Equal(t, want-fits, r.Remaining, "step %d under %v", step, limits)
		for _, m := range models {
			m.take(now, fits)
		}
		time.Sleep(randomPause(rng, limits[0].Per))
	}
}

func randomLimits(a ratelimit.Algorithm, rng *rand.Rand) []ratelimit.Limit {
	limits := make([]ratelimit.Limit, 1+rng.IntN(3))
	for i := range limits {
		limits[i] = ratelimit.Limit{N: 1 + rng.IntN(30), Per: time.Duration(1000 + rng.Int64N(int64(time.Second)))}
		if a == ratelimit.GCRA && rng.IntN(2) == 0 {
			limits[i].Burst = limits[i].N + rng.IntN(20)
		}
	}
	return limits
}

// randomPause is often none, often a part of per, and seldom long.
func randomPause(rng *rand.Rand, per time.Duration) time.Duration {
	switch rng.IntN(8) {
	case 0, 1, 2:
		return 0
	case 3:
		return time.Duration(rng.Int64N(3*int64(per) + 1))
	}
	return time.Duration(rng.Int64N(int64(per)/4 + 1))
}

// Trap ratelimit/12: what is given back leaves the hits that were kept, and never more than the
// limit of those.
func TestLocalKeepsTheLimitAcrossRefunds(t *testing.T) {
	for _, a := range allAlgorithms {
		t.Run(a.String(), func(t *testing.T) {
			t.Parallel()
			for range 40 {
				seed := rand.Uint64()
				t.Logf("seed %d", seed)
				synctest.Test(t, func(t *testing.T) { runRefunds(t, a, rand.New(rand.NewPCG(seed, 3))) })
			}
		})
	}
}

func runRefunds(t *testing.T, a ratelimit.Algorithm, rng *rand.Rand) {
	limit := ratelimit.Limit{N: 1 + rng.IntN(12), Per: time.Duration(1000 + rng.Int64N(int64(time.Second)))}
	l := newLocal(t, a, limit)
	type taken struct {
		at      time.Time
		n       int
		receipt ratelimit.Receipt
	}
	var kept []taken
	bound := limit.N
	if a != ratelimit.SlidingLog {
		bound *= 2
	}
	for range 300 {
		r, err := l.AllowAtMost(t.Context(), "k", 1+rng.IntN(limit.N))
		require.NoError(t, err)
		if r.Allowed > 0 {
			kept = append(kept, taken{time.Now(), r.Allowed, r.Receipt})
		}
		for i := 0; i < len(kept); i++ {
			if rng.IntN(6) == 0 && time.Since(kept[i].at) < limit.Per {
				require.NoError(t, l.Refund(t.Context(), kept[i].receipt))
				kept = append(kept[:i], kept[i+1:]...)
			}
		}
		in := 0
		for _, h := range kept {
			if time.Since(h.at) < limit.Per {
				in += h.n
			}
		}
		require.LessOrEqual(t, in, bound, "hits that nobody gave back, within %v", limit)
		if a == ratelimit.SlidingLog {
			now, err := l.Peek(t.Context(), "k")
			require.NoError(t, err)
			require.Equal(t, limit.N-in, now.Remaining)
		}
		time.Sleep(randomPause(rng, limit.Per))
	}
}
