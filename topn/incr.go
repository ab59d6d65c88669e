package topn

import (
	"context"
	"fmt"
	"strconv"
)

// Incr adds delta, which may be negative, to the score of m; a new member starts
// from 0. It is IncrBatch of one, without a Position: use that for events that may
// come again. It is for [Counter] boards.
func (b *Board[M]) Incr(ctx context.Context, m M, delta float64) error {
	return b.incrBatch(ctx, "Incr", map[M]float64{m: delta}, nil)
}

// IncrBatch adds each delta to the score of its member; a new member starts from
// 0. A score that would pass 2^53 either way, or sink below [WithFloor], stays
// there; the deltas of one member that are added up before are cut once, those that
// come one by one each time. It is for [Counter] boards; the map is only read.
//
// With a Position the batch counts once, however often it comes, as long as Redis
// keeps its data: in one script the deltas are added and the Position's Last
// becomes the mark of its stream. A batch up to the mark is a no-op; one that is
// partly up to it is an [OverlapError], and nothing was applied. A batch without
// deltas moves the mark. It takes at most 50,000 members, and Redis does nothing
// else for some 4 µs each: a client's ReadTimeout should be longer than that.
//
// Without one, batches of more than 1000 are sent in parts, and a call that failed
// may have been applied, in part or as a whole; even one that succeeded may have
// been applied twice where the client sends again what got no answer, as go-redis
// does by default.
//
// Where Redis holds no board nothing is added, which is no error, but the mark moves:
// the rebuild finds the sum in the database. So write the database before the event
// is sent. A rebuild may lose or double events that are on their way meanwhile, as
// [Board.Rebuild] says; an [Absolute] board has no such gap.
//
// The error wraps [ErrMode], [ErrScore], [ErrInput], or what Redis said.
func (b *Board[M]) IncrBatch(ctx context.Context, deltas map[M]float64, p *Position) error {
	return b.incrBatch(ctx, "IncrBatch", deltas, p)
}

func (b *Board[M]) incrBatch(ctx context.Context, call string, deltas map[M]float64, p *Position) error {
	pairs, err := b.pairs(call, deltas)
	if err != nil {
		return err
	}
	if err := contextError(ctx); err != nil {
		return err
	}
	if p != nil {
		_, err := b.incrAt(ctx, pairs, p)
		return err
	}
	for len(pairs) > 0 {
		part := pairs[:min(len(pairs), 2*chunk)]
		if _, _, err := b.incr(ctx, part, Position{}); err != nil {
			return err
		}
		pairs = pairs[len(part):]
	}
	return nil
}

const (
	chunk     = 1000   // entries of one script where more can follow in another
	maxAtOnce = 50_000 // entries of one script where they can't
)

// incrAt also reports whether the batch was a replay, which changed nothing.
func (b *Board[M]) incrAt(ctx context.Context, pairs []any, p *Position) (replay bool, err error) {
	if err := p.validate(); err != nil {
		return false, err
	}
	if n := len(pairs) / 2; n > maxAtOnce {
		return false, fmt.Errorf("%w: a batch with a Position of %d members: want at most %d", ErrInput, n, maxAtOnce)
	}
	said, mark, err := b.incr(ctx, pairs, *p)
	if err == nil && said == "overlap" {
		return false, &OverlapError{Stream: p.Stream, Mark: mark}
	}
	return said == "done", err
}

// incr runs the script, and returns what it did and the stream's mark where that
// matters.
func (b *Board[M]) incr(ctx context.Context, pairs []any, p Position) (said string, mark int64, err error) {
	args := make([]any, 0, 6+len(pairs))
	args = append(args, p.Stream, p.First, p.Last, formatScore(max(b.cfg.floor, -maxScore)), b.cfg.ttl(), step())
	names := []string{b.keys.board, b.keys.mark, b.keys.offsets, b.keys.delta}
	reply, err := incrScript.Run(ctx, b.rdb, names, append(args, pairs...)...).StringSlice()
	if err == nil && len(reply) != 2 {
		err = fmt.Errorf("unexpected reply of %d parts", len(reply))
	}
	if err == nil && reply[0] == "overlap" {
		mark, err = strconv.ParseInt(reply[1], 10, 64)
	}
	if err != nil {
		return "", 0, b.unanswered(ctx, "increment", err)
	}
	return reply[0], mark, nil
}

// pairs returns encoded members and deltas in turn.
func (b *Board[M]) pairs(call string, deltas map[M]float64) ([]any, error) {
	if err := b.made(); err != nil {
		return nil, err
	}
	if b.cfg.mode != Counter {
		return nil, fmt.Errorf("%w: %s on an %v board", ErrMode, call, b.cfg.mode)
	}
	pairs := make([]any, 0, 2*len(deltas))
	for m, delta := range deltas {
		if err := checkScore(delta); err != nil {
			return nil, fmt.Errorf("%w: the delta of a member", err)
		}
		encoded, err := b.encode(m)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, encoded, formatScore(delta))
	}
	return pairs, nil
}
