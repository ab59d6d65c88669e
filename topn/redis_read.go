package topn

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// errLost says that Redis doesn't hold the board, or not all of it.
var errLost = errors.New("topn: Redis has no such board")

// last is the member below all others, which shows that a board is whole; see
// lua/head.lua.
const last = ""

// read reads the first places from Redis and publishes them. It returns errLost if
// there is no board.
//
// It is no transaction, which a server that is out of memory refuses even to reads.
// The mark comes first: after a change in between, it is older than the places, and
// the next tick reads again.
func (b *Board[M]) read(ctx context.Context) error { return b.readWithin(ctx, 0) }

// readWithin is read that waits no longer than patience, unless that is 0. It needs a
// goroutine for that, which ends with the client's own timeout at the latest: go-redis
// heeds a ctx that ends only with ContextTimeoutEnabled.
func (b *Board[M]) readWithin(ctx context.Context, patience time.Duration) error {
	turn, begun := b.reads.Add(1), b.elapsed()
	if patience == 0 {
		return b.take(ctx, b.fetch(ctx), turn, begun)
	}
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer := make(chan reading, 1)
	go func() { answer <- b.fetch(within) }()
	select {
	case r := <-answer:
		return b.take(ctx, r, turn, begun)
	case <-within.Done():
		return b.unanswered(ctx, "read", within.Err())
	}
}

// A reading is what Redis said.
type reading struct {
	mark   string
	places []redis.Z
	err    error
}

func (b *Board[M]) fetch(ctx context.Context) reading {
	var mark *redis.StringCmd
	var places *redis.ZSliceCmd
	_, err := b.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		mark = p.Get(ctx, b.keys.mark)
		places = p.ZRevRangeWithScores(ctx, b.keys.board, 0, int64(b.cfg.n)-1)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return reading{err: err}
	}
	return reading{mark: mark.Val(), places: places.Val()}
}

// take publishes what Redis said.
func (b *Board[M]) take(ctx context.Context, r reading, turn uint64, begun time.Duration) error {
	if r.err != nil {
		return b.unanswered(ctx, "read", r.err)
	}
	b.counts.reads.Add(1)
	version, err := strconv.ParseInt(r.mark, 10, 64)
	if err != nil { // there is none, or it's nobody's number
		return errLost
	}
	items, whole := b.decode(r.places)
	if !whole {
		return errLost
	}
	b.publish(&state[M]{items: items, version: version, from: FromRedis, turn: turn, read: begun})
	return nil
}

// decode returns the places, and reports whether no part of the board is missing:
// one of fewer than N members ends with the last.
func (b *Board[M]) decode(places []redis.Z) ([]Item[M], bool) {
	whole := len(places) == b.cfg.n
	items := make([]Item[M], 0, len(places))
	for _, z := range places {
		encoded, ok := z.Member.(string)
		if ok && encoded == last {
			whole = true
			break
		}
		m, err := b.codec.Decode(encoded)
		if err != nil { // somebody else put it there: it must not take the others away
			b.counts.undecodable.Add(1)
			continue
		}
		items = append(items, Item[M]{Rank: len(items) + 1, Member: m, Score: z.Score})
	}
	return items, whole
}

// unanswered wraps what Redis or the client said, or tells why ctx is done.
func (b *Board[M]) unanswered(ctx context.Context, op string, err error) error {
	if ended := contextError(ctx); ended != nil {
		return fmt.Errorf("%w (%s board %q)", ended, op, b.name)
	}
	return fmt.Errorf("topn: %s board %q: %w", op, b.name, err)
}
