package topn_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/topn"
)

// BenchmarkTop reads the first hundred places.
func BenchmarkTop(b *testing.B) {
	board := loaded(b, realBoardServer(b), numbered(1000))
	for _, g := range []int{1, 64} {
		b.Run(fmt.Sprintf("impl=ours/g=%d", g), func(b *testing.B) {
			b.ReportAllocs()
			if g == 1 {
				for b.Loop() {
					board.Top(100)
				}
				return
			}
			b.SetParallelism(g)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					board.Top(100)
				}
			})
		})
	}
}

func BenchmarkSnapshot(b *testing.B) {
	board := loaded(b, realBoardServer(b), numbered(1000))
	b.ReportAllocs()
	for b.Loop() {
		board.Snapshot()
	}
}

// BenchmarkLoad is of a board that is known.
func BenchmarkLoad(b *testing.B) {
	board := loaded(b, realBoardServer(b), numbered(1000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := board.Load(b.Context(), 100); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWrite writes batches to a board of 10,000 members, by Zipf's law; an op
// is a batch.
func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		rng := rand.New(rand.NewPCG(1, 2))
		zipf := rand.NewZipf(rng, 1.1, 1, 9999)
		b.Run(fmt.Sprintf("op=apply/n=%d", n), func(b *testing.B) {
			board := loaded(b, realBoardServer(b), numbered(10_000), topn.WithRetain(10_000))
			version := int64(1)
			es := make([]entry, n)
			b.ReportAllocs()
			for b.Loop() {
				version++
				for i := range es {
					es[i] = entry{int64(zipf.Uint64()), float64(version), version}
				}
				_, err := board.Apply(b.Context(), es...)
				require.NoError(b, err)
			}
		})
		b.Run(fmt.Sprintf("op=incr/n=%d", n), func(b *testing.B) {
			board := loaded(b, realBoardServer(b), numbered(10_000), counter, topn.WithRetain(10_000))
			p := topn.Position{Stream: "s", Last: -1}
			b.ReportAllocs()
			for b.Loop() {
				deltas := make(map[int64]float64, n)
				for range n {
					deltas[int64(zipf.Uint64())]++
				}
				p.First, p.Last = p.Last+1, p.Last+int64(n)
				require.NoError(b, board.IncrBatch(b.Context(), deltas, &p))
			}
		})
	}
}

// BenchmarkRebuild fills Redis with so many rows.
func BenchmarkRebuild(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			rows := numbered(n).top(n)
			board, err := topn.New(realBoardServer(b), "likes", topn.Int64Codec(), func(context.Context, int) ([]entry, error) {
				return append([]entry(nil), rows...), nil
			}, topn.WithRetain(n))
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, board.Rebuild(b.Context()))
			}
		})
	}
}
