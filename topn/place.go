package topn

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// Place returns the rank and the score of m as Redis has them now, also far below the
// first N, and reports whether it is on the board: it isn't if nobody has put it there,
// it was removed or, on an [Absolute] board, trimmed, nor while Redis holds no board.
// It is one round trip and O(log) of the members; a change in between may come
// between rank and score. For a member among the first N [Snapshot.RankOf] asks nobody.
// The error wraps [ErrInput], ctx's cause, or what Redis said.
func (b *Board[M]) Place(ctx context.Context, m M) (item Item[M], ok bool, err error) {
	if err := b.ready(ctx); err != nil {
		return Item[M]{}, false, err
	}
	encoded, err := b.encode(m)
	if err != nil {
		return Item[M]{}, false, err
	}
	var rank *redis.IntCmd
	var score *redis.FloatCmd
	_, err = b.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		rank = p.ZRevRank(ctx, b.keys.board, encoded)
		score = p.ZScore(ctx, b.keys.board, encoded)
		return nil
	})
	if errors.Is(err, redis.Nil) {
		return Item[M]{}, false, nil
	}
	if err != nil {
		return Item[M]{}, false, b.unanswered(ctx, "find a place on", err)
	}
	return Item[M]{Rank: int(rank.Val()) + 1, Member: m, Score: score.Val()}, true, nil
}
