package ratelimit

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A table is a map, whatever comes and goes, with ids that collide.
func TestTableIsAMap(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 4))
	for range 30 {
		s := shard{method: gcraMethod{}, tables: []table{{shape: newShape(1, 1)}}}
		tab, want := &s.tables[0], make(map[id]uint64)
		most := 1 + rng.IntN(100)
		for range 500 {
			k := newID(uint64(rng.IntN(most))<<62|uint64(rng.IntN(most)), uint64(rng.IntN(2)))
			r, ok := tab.find(k)
			w, has := want[k]
			require.Equal(t, has, ok)
			switch {
			case ok && rng.IntN(2) == 0:
				require.Equal(t, w, *r.word(0))
				slot, _ := tab.slot(k)
				tab.remove(slot)
				delete(want, k)
			case !ok:
				*s.mustAdd(tab, k).word(0) = 1 + rng.Uint64N(1<<40)
				r, _ = tab.find(k)
				want[k] = *r.word(0)
			}
			if tab.sparse() {
				tab.resize(2 * tab.n)
			}
			require.Equal(t, len(want), tab.n)
		}
		for k, w := range want {
			r, ok := tab.find(k)
			require.True(t, ok)
			require.Equal(t, w, *r.word(0))
		}
	}
}

// mustAdd adds a row when nothing is as good as none.
func (s *shard) mustAdd(t *table, k id) row {
	if t.full() {
		s.grow(t, 0)
	}
	return t.insert(k)
}

// The smalls of a row don't touch each other, its id or its words.
func TestSmalls(t *testing.T) {
	for limits := 1; limits <= maxLimits; limits++ {
		for _, smalls := range []int{limits, 2 * limits} {
			r := make(row, newShape(limits, smalls).words)
			r[0], r[1] = 77, 88<<32
			for i := range limits {
				*r.word(i) = uint64(1000 + i)
			}
			for i := range smalls {
				r.setSmall(limits, i, 1<<31+uint32(i))
			}
			require.Equal(t, id{77, 88}, r.id())
			require.EqualValues(t, 1000+limits-1, r.end(limits))
			for i := range smalls {
				require.Equal(t, 1<<31+uint32(i), r.small(limits, i))
			}
		}
	}
}

// A ring is a slice, whatever is pushed, cut and removed, and its memory follows
// what it holds.
func FuzzRing(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 1, 1, 1, 1, 1, 1, 1, 130, 70})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var a arena
		g, want, now := ring{arena: &a}, []int64(nil), int64(1)
		for _, op := range ops {
			n := int(op & 63)
			switch op >> 6 {
			case 0, 1: // hits of one instant
				g.fit(g.n + n)
				for range n {
					g.push(now)
					want = append(want, now)
				}
				now += int64(op>>6) * 3
			case 2:
				n = min(n, g.n)
				if n > 0 {
					g.cut(n)
				}
				want = want[n:]
			case 3:
				if g.n > 0 {
					i := n % g.n
					j := i + 1 + n%(g.n-i)
					g.remove(i, j)
					want = slices.Delete(slices.Clone(want), i, j)
				}
			}
			require.Equal(t, len(want), g.n)
			for i, x := range want {
				require.Equal(t, x, g.at(i))
				require.Equal(t, slices.Index(want, x), g.until(x-1))
			}
			require.LessOrEqual(t, a.bytes(), int64(8*(64*chunkSize+64*len(ops))))
		}
	})
}

// What hits cost, and how many a time pays for, is exact.
func FuzzSpan(f *testing.F) {
	f.Add(uint32(3), int64(1e9), uint32(1), uint32(7))
	f.Add(uint32(2147483647), int64(60e9), uint32(2147483647), uint32(1))
	f.Fuzz(func(t *testing.T, n uint32, per int64, hits, more uint32) {
		l := Limit{N: int(n >> 1), Per: max(1000, min(maxPer, time.Duration(per&(1<<61-1))))}
		if l.N == 0 || l.faults(GCRA) != nil {
			return
		}
		q := newRule(l, 0, 1)
		a, b := int64(hits)%(q.most+1), int64(more)%(q.most+1)
		cost := func(n int64) *big.Rat {
			x := big.NewRat(int64(l.Per), int64(l.N))
			return x.Mul(x, big.NewRat(n, 1))
		}
		rat := func(s span) *big.Rat {
			x := new(big.Rat).SetFrac(new(big.Int).SetUint64(s.frac), new(big.Int).SetUint64(q.den))
			return x.Add(x, big.NewRat(s.ns, 1))
		}
		require.Zero(t, cost(a).Cmp(rat(q.cost(a))))
		require.Equal(t, a, q.hits(q.cost(a)))
		sum := q.cost(a).plus(q.cost(b), q.den)
		require.Zero(t, cost(a+b).Cmp(rat(sum)))
		require.Less(t, sum.frac, q.den)
		require.Equal(t, q.cost(a), sum.minus(q.cost(b), q.den))
		require.Equal(t, cost(a).Cmp(cost(b)) < 0, q.cost(a).less(q.cost(b)))
	})
}
