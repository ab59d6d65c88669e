package ranking

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/topn"
)

const (
	boardKey    = "article-likes"
	boardPrefix = "tinybook"
	// redisKey is where topn keeps the members of the board.
	redisKey = boardPrefix + ":{" + boardKey + "}:board"
	// boardTick is how often a node asks Redis whether the board has changed, with
	// one GET.
	boardTick = 200 * time.Millisecond
	// kept is how many places a node has in memory: some more than it shows, for
	// articles that were withdrawn a moment ago.
	kept = MaxPlaces + 20
	// retained is how many members the board has in Redis.
	retained = 10 * kept
)

// NewBoard returns the board of the articles with the most likes, in the Redis of
// rdb, which stays the caller's. Boards of all processes and nodes are one. The
// version of an article's row of counts decides which of two numbers is the newer,
// so that events may come twice and in any order.
func NewBoard(rdb redis.UniversalClient, articles article.Ranking, log *slog.Logger) (*topn.Board[int64], error) {
	source := func(ctx context.Context, n int) ([]topn.Entry[int64], error) {
		top, err := articles.Top(ctx, n)
		if err != nil {
			return nil, err
		}
		entries := make([]topn.Entry[int64], len(top))
		for i, a := range top {
			entries[i] = topn.Entry[int64]{Member: a.ID, Score: float64(a.Likes), Version: a.Version}
		}
		return entries, nil
	}
	board, err := topn.New(rdb, boardKey, newerFirst{}, source,
		topn.WithN(kept), topn.WithRetain(retained), topn.WithTick(boardTick),
		topn.WithPrefix(boardPrefix), topn.WithOnError(quietly(log)))
	if err != nil {
		return nil, fmt.Errorf("ranking: %w", err)
	}
	return board, nil
}

// quietly returns a function that logs errors, at most one in ten seconds: a Redis
// that is away fails five times a second. It may be called by several goroutines at once.
func quietly(log *slog.Logger) func(error) {
	const every = 10 * time.Second
	said := make(chan time.Time, 1)
	said <- time.Time{}
	return func(err error) {
		last := <-said
		now := time.Now()
		if now.Sub(last) >= every {
			log.Warn("the board of the ranking has trouble", "error", err)
			last = now
		}
		said <- last
	}
}

// newerFirst is the codec of ids of which, among equal scores, the greater is
// ahead, which is the newer article: the order of the database.
type newerFirst struct{}

// errMember quotes nothing: anybody may write into a Redis.
var errMember = errors.New("ranking: not an article's id")

// Encode implements topn.Codec, for ids from 1 on.
func (newerFirst) Encode(id int64) string { return fmt.Sprintf("%019d", id) }

// Decode implements topn.Codec.
func (newerFirst) Decode(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || len(text) != 19 {
		return 0, errMember
	}
	return id, nil
}

// sum returns a number that tells two lists of places apart, the same on every
// node.
func sum(items []Item) uint64 {
	h := fnv.New64a()
	for _, i := range items {
		_, _ = fmt.Fprintf(h, "%d %q %d %q %d\n", i.ID, i.Title, i.AuthorID, i.AuthorName, i.LikeCount) // A hash takes everything.
	}
	return h.Sum64()
}
