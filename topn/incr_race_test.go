package topn_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/topn"
)

// Several processes consume one log at once, as in a rebalance that went wrong, each
// cut in its own way: every event counts once.
func TestConsumersOfOneLogCountItOnce(t *testing.T) { everywhere(t, testConsumersOfOneLog) }

func testConsumersOfOneLog(t *testing.T, rdb redis.UniversalClient) {
	rng := seeded(t)
	b := loaded(t, rdb, newTable(), counter)
	log := make([]int64, 300) // the member of each offset, which gets 1
	want := make(map[int64]float64)
	for i := range log {
		log[i] = rng.Int64N(7)
		want[log[i]]++
	}
	var consumers sync.WaitGroup
	for range 5 {
		seed := rng.Uint64()
		consumers.Go(func() {
			if err := consumeAll(t, b, log, seededWith(seed)); err != nil {
				t.Errorf("IncrBatch: %v", err)
			}
		})
	}
	consumers.Wait()
	require.Equal(t, want, scores(reread(t, rdb).Items))
}

func consumeAll(t *testing.T, b *topn.Board[int64], log []int64, rng *rand.Rand) error {
	for first := 0; first < len(log); {
		last := first + rng.IntN(min(20, len(log)-first))
		deltas := make(map[int64]float64)
		for _, m := range log[first : last+1] {
			deltas[m]++
		}
		err := b.IncrBatch(t.Context(), deltas, &topn.Position{Stream: "s", First: int64(first), Last: int64(last)})
		overlap, cut := errors.AsType[*topn.OverlapError](err)
		switch {
		case cut:
			first = int(overlap.Mark) + 1
		case err != nil:
			return err
		default:
			first = last + 1
		}
	}
	return nil
}
