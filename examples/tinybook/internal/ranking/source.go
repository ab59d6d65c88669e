package ranking

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/topn"
)

// These are what the ranking in memory saves: they are for those who compare.

// FromRedis returns the first n places, from 1 on, as Redis has them at this moment,
// with one ZREVRANGE. The titles are those that this node has in memory; only for articles
// that it doesn't know the database is asked.
func (r *Ranking) FromRedis(ctx context.Context, rdb redis.Cmdable, n int) ([]Item, error) {
	members, err := rdb.ZRevRangeWithScores(ctx, redisKey, 0, int64(n)).Result() // one is the board's own
	if err != nil {
		return nil, fmt.Errorf("ranking: from redis: %w", err)
	}
	var board []topn.Item[int64]
	for _, m := range members {
		text, _ := m.Member.(string)
		if id, err := (newerFirst{}).Decode(text); err == nil {
			board = append(board, topn.Item[int64]{Member: id, Score: m.Score})
		}
	}
	items, ok := r.remembered(board)
	if !ok {
		if items, err = r.join(ctx, board); err != nil {
			return nil, fmt.Errorf("ranking: from redis: %w", err)
		}
	}
	return items[:min(n, len(items))], nil
}

// remembered joins places with the titles in memory, and reports whether it knows
// all of them.
func (r *Ranking) remembered(board []topn.Item[int64]) ([]Item, bool) {
	now := r.places.Load()
	if now == nil {
		return nil, false
	}
	known := make(map[int64]*Item, len(now.items))
	for i := range now.items {
		known[now.items[i].ID] = &now.items[i]
	}
	items := make([]Item, len(board))
	for i, place := range board {
		item := known[place.Member]
		if item == nil {
			return nil, false
		}
		items[i] = *item
		items[i].Rank, items[i].LikeCount = i+1, int64(place.Score)
	}
	return items, true
}

// FromRanked returns the items for what a database says.
func FromRanked(top []article.Ranked) []Item {
	items := make([]Item, len(top))
	for i, a := range top {
		items[i] = Item{
			Rank: i + 1, ID: a.ID, Title: a.Title, AuthorID: a.AuthorID, AuthorName: a.AuthorName, LikeCount: a.Likes,
		}
	}
	return items
}
