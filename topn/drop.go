package topn

import "context"

// Drop removes the board from Redis, with the marks of its streams and its versions,
// and whatever a rebuild has built so far, which then fails with [ErrRebuilding]. The
// snapshots of processes stay; a process that runs or loads the board, this one too,
// rebuilds it from the [Source]. The error wraps ctx's cause, or what Redis said.
func (b *Board[M]) Drop(ctx context.Context) error {
	if err := b.ready(ctx); err != nil {
		return err
	}
	if err := b.rdb.Unlink(ctx, b.keys.all()...).Err(); err != nil {
		return b.unanswered(ctx, "drop", err)
	}
	return nil
}
