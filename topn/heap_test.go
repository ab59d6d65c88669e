package topn_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/topn"
)

// A row has an id that less doesn't look at.
type row struct{ score, id int }

func byScore(a, b row) int { return cmp.Compare(a.score, b.score) }

// naiveBest sorts everything; of equals the earlier comes first.
func naiveBest(all []row, n int) []row {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b row) int { return byScore(b, a) })
	return all[:min(max(n, 0), len(all))]
}

func randomRows(r *rand.Rand, n, scores int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{score: r.IntN(scores), id: i}
	}
	return rows
}

func TestHeapKeepsWhatSortingWould(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 400 {
		n, all := r.IntN(20), randomRows(r, r.IntN(200), 1+r.IntN(50))
		h := topn.NewHeap(n, byScore)
		for i, v := range all {
			in := h.Push(v)
			best := naiveBest(all[:i+1], n)
			if want := slices.Contains(best, v); in != want {
				t.Fatalf("Push(%v) = %v, want %v of %v", v, in, want, best)
			}
			require.Equal(t, len(best), h.Len())
		}
		require.Equal(t, naiveBest(all, n), h.Sorted())
		require.Equal(t, naiveBest(all, n), h.Sorted(), "asked again")
	}
}

// Each goroutine of a job has a heap; merged in their order they are one heap.
func TestHeapsMergeIntoOne(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		n, all := 1+r.IntN(20), randomRows(r, r.IntN(300), 1+r.IntN(30))
		whole := topn.NewHeap(n, byScore)
		for part := range slices.Chunk(all, 1+r.IntN(100)) {
			h := topn.NewHeap(n, byScore)
			for _, v := range part {
				h.Push(v)
			}
			before := h.Sorted()
			whole.Merge(h)
			require.Equal(t, before, h.Sorted(), "the merged one stays as it was")
		}
		require.Equal(t, naiveBest(all, n), whole.Sorted())
	}
}

func TestHeapOfNothing(t *testing.T) {
	for _, n := range []int{0, -1, math.MinInt} {
		h := topn.NewHeap(n, cmp.Compare[int])
		if h.Push(1) || h.Len() != 0 || len(h.Sorted()) != 0 {
			t.Errorf("a heap of %d keeps something", n)
		}
		if _, ok := h.Worst(); ok {
			t.Errorf("a heap of %d has a worst", n)
		}
	}
}

func TestHeapWorstIsTheBarOnceItIsFull(t *testing.T) {
	h := topn.NewHeap(3, cmp.Compare[int])
	for i, v := range []int{5, 1, 9} {
		_, ok := h.Worst()
		require.False(t, ok, "after %d", i)
		h.Push(v)
	}
	worst, ok := h.Worst()
	require.True(t, ok)
	require.Equal(t, 1, worst)
	require.False(t, h.Push(1), "it doesn't rank above the worst")
	require.True(t, h.Push(2))
	worst, _ = h.Worst()
	require.Equal(t, 2, worst)
}

func TestHeapResetLetsGoOfTheElements(t *testing.T) {
	h := topn.NewHeap(2, func(a, b *int) int { return cmp.Compare(*a, *b) })
	one, two := 1, 2
	h.Push(&one)
	h.Push(&two)
	h.Reset()
	require.Zero(t, h.Len())
	require.Empty(t, h.Sorted())
	h.Push(&one)
	require.Equal(t, []*int{&one}, h.Sorted())
}

func TestHeapSortedBelongsToTheCaller(t *testing.T) {
	h := topn.NewHeap(2, cmp.Compare[int])
	h.Push(1)
	h.Push(2)
	h.Sorted()[0] = 7
	require.Equal(t, []int{2, 1}, h.Sorted())
}

// An order that contradicts itself gives some answer: n elements that were pushed.
func TestHeapSurvivesAWrongOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, less := range map[string]func(a, b float64) int{
		"always below": func(_, _ float64) int { return -1 },
		"always above": func(_, _ float64) int { return 1 },
		"by chance":    func(_, _ float64) int { return r.IntN(3) - 1 },
		"minus":        func(a, b float64) int { return int(a - b) },
	} {
		t.Run(name, func(t *testing.T) {
			h := topn.NewHeap(10, less)
			for i := range 1000 {
				h.Push(float64(i % 7))
				h.Push(math.NaN())
			}
			require.Len(t, h.Sorted(), 10)
		})
	}
}

func FuzzHeap(f *testing.F) {
	f.Add(3, []byte{1, 2, 3, 3, 2, 1})
	f.Add(0, []byte{1})
	f.Fuzz(func(t *testing.T, n int, scores []byte) {
		all := make([]row, len(scores))
		h := topn.NewHeap(n, byScore)
		for i, s := range scores {
			all[i] = row{score: int(s), id: i}
			h.Push(all[i])
		}
		if got, want := h.Sorted(), naiveBest(all, n); !slices.Equal(got, want) {
			t.Errorf("n %d of %v: %v, want %v", n, all, got, want)
		}
	})
}

func BenchmarkHeapPush(b *testing.B) {
	for _, order := range []string{"shuffled", "rising"} {
		for _, n := range []int{100, 1000} {
			b.Run(fmt.Sprintf("order=%s/n=%d", order, n), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 2))
				scores := r.Perm(1 << 16)
				if order == "rising" { // each is better than all before it
					slices.Sort(scores)
				}
				h := topn.NewHeap(n, cmp.Compare[int])
				i := 0
				b.ReportAllocs()
				for b.Loop() {
					if i%len(scores) == 0 {
						h.Reset()
					}
					h.Push(scores[i%len(scores)])
					i++
				}
			})
		}
	}
}
