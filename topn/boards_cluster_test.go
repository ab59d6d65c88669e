package topn_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/topn"
)

// The marks of boards on three nodes are asked for together, and a log counts on each.
func TestBoardsOnACluster(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: realserver.RedisCluster(t).Addrs()})
	t.Cleanup(func() { _ = rdb.Close() })
	const n = 60
	s := newShop()
	boards := runBoards(t, rdb, s, counter, topn.WithTick(20*time.Millisecond), topn.WithMaxStale(time.Hour))
	for i := range n {
		getBoard(t, boards, fmt.Sprint(i))
	}
	for i := range n {
		board, err := topn.New(rdb, fmt.Sprint(i), topn.Int64Codec(), noRows, counter)
		require.NoError(t, err)
		require.NoError(t, board.Incr(t.Context(), 1, float64(i+1)))
	}
	until(t, func() bool {
		for i := range n {
			if getBoard(t, boards, fmt.Sprint(i)).Top(1)[0].Score != float64(i+1) {
				return false
			}
		}
		return true
	})

	log := randomTopic(rand.New(rand.NewPCG(1, 2)), 300)
	j := consume(t.Context(), log.reader(1), likesBoard(t, rdb, counter), topn.WithBatch(7), topn.WithInterval(time.Millisecond))
	until(t, log.isRead)
	j.stop(t)
	sameScores(t, log.total(), scoresOf(t, rdb, counter))
}
