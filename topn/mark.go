package topn

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"
)

// Mark tells every process that the board has changed, for changes that were made
// to the sorted set by other means than [Board.Apply] and [Board.IncrBatch]: those
// change the mark themselves, in the same script, so that no crash can come
// between.
//
// Marks of one process are at least a tick apart. Those that come sooner share the
// next one and wait for it: when Mark returns nil, a mark was written after it was
// called. Where Redis holds no board there is nothing to mark, and that is no
// error. When ctx ends first, the error wraps its cause.
func (b *Board[M]) Mark(ctx context.Context) error {
	if err := b.ready(ctx); err != nil {
		return err
	}
	return b.marks.do(ctx, func(ctx context.Context, seal func()) error {
		if err := b.awaitTurn(ctx); err != nil {
			return err
		}
		seal() // who comes from here on may have changed more than this mark is for
		b.marked.Store(int64(b.elapsed()))
		if err := markScript.Run(ctx, b.rdb, []string{b.keys.board, b.keys.mark}, step()).Err(); err != nil {
			return b.unanswered(ctx, "mark", err)
		}
		return nil
	})
}

// awaitTurn waits until the last mark is a tick ago.
func (b *Board[M]) awaitTurn(ctx context.Context) error {
	before := time.Duration(b.marked.Load())
	if before == 0 {
		return nil
	}
	timer := time.NewTimer(before + b.cfg.tick - b.elapsed())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// step returns what a write adds to the mark: by chance, so that a server which came
// back with an old copy doesn't get to a mark that was seen by as many other writes.
func step() int64 { return 1 + rand.Int64N(1<<20) }

// equalMark reports whether a mark as Redis has it is version. Marks are compared
// for being the same and nothing else: a server that lost its data starts anew,
// anywhere.
func equalMark(mark string, version int64) bool {
	seen, err := strconv.ParseInt(mark, 10, 64)
	return err == nil && seen == version
}
