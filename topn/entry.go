package topn

import "context"

// An Entry is what the database knows of a member: its score, and the version of
// the row that holds it. On an [Absolute] board the higher Version wins, so that
// it must rise with every change of the row. 0 is the oldest: an Entry whose Version
// was forgotten overtakes nothing, so once a member is known its changes are dropped
// without an error. Less is an error. A [Counter] board ignores it.
//
// A score is a float64 of at most 2^53 either way, so that whole numbers are
// exact; NaN, an infinity and anything beyond is [ErrScore].
type Entry[M comparable] struct {
	Member  M
	Score   float64
	Version int64
}

// An Item is a place on a board. The first has Rank 1. Equal scores have
// different ranks, in the order of the [Codec].
type Item[M comparable] struct {
	Rank   int
	Member M
	Score  float64
}

// A Source returns the n members with the highest scores, in any order, or all if
// there are fewer. It reads the database, which is the truth that a board is
// rebuilt from; for an [Absolute] board score and version must come from one row
// as it was at one moment. An empty answer is an answer: there is nothing to rank.
// ctx ends when every caller that waits for the rows has gone; nothing else bounds a
// call, so give the query a timeout. The board takes the slice over. A panic is passed
// on to the callers of Load, Rebuild or Run who wait; the board itself goes on.
type Source[M comparable] func(ctx context.Context, n int) ([]Entry[M], error)
