package topn

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// A Position says which part of a log a batch is: the offsets from First to Last
// of Stream, a name such as topic and partition. Offsets may have gaps, and must
// rise from batch to batch. They are 0 to 2^53-1. A log that starts over, such as
// a topic that was deleted and made again, needs another Stream: under its old name
// it would be taken for a replay.
type Position struct {
	Stream      string
	First, Last int64
}

// An OverlapError is returned by [Board.IncrBatch] when a part of the batch has
// been applied before: Mark, the last offset of Stream that was, is First or
// more and less than Last. Nothing was applied. Cut the batch after Mark and send
// the rest.
type OverlapError struct {
	Stream string
	Mark   int64
}

// Error implements error.
func (e *OverlapError) Error() string {
	return fmt.Sprintf("topn: a part of the batch was applied before: the mark of stream %q is %d", e.Stream, e.Mark)
}

const maxOffset = 1<<53 - 1 // the greatest that Redis' scripts compare exactly

func (p *Position) validate() error {
	if p.Stream == "" || p.First < 0 || p.Last < p.First || p.Last > maxOffset {
		return fmt.Errorf("%w: Position{%q, %d, %d}: want a stream and 0 <= First <= Last < 2^53", ErrInput, p.Stream, p.First, p.Last)
	}
	return nil
}

// Watermark returns the last offset of stream that [Board.IncrBatch] has applied,
// and reports whether there is one: there is none before the first batch with a
// Position of that stream, and after Redis lost its data. It is for [Counter] boards;
// on another the error wraps [ErrMode].
func (b *Board[M]) Watermark(ctx context.Context, stream string) (mark int64, ok bool, err error) {
	if err := b.ready(ctx); err != nil {
		return 0, false, err
	}
	if b.cfg.mode != Counter {
		return 0, false, fmt.Errorf("%w: Watermark on an %v board", ErrMode, b.cfg.mode)
	}
	mark, err = b.rdb.HGet(ctx, b.keys.offsets, stream).Int64()
	if errors.Is(err, redis.Nil) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, b.unanswered(ctx, "read the watermark of", err)
	}
	return mark, true, nil
}
