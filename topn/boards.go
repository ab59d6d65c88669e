package topn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// Boards are many boards under one roof, such as one for each category, or one for
// each hour, day and week (see [Window]): a board is made and loaded when it is asked
// for, kept in a theine cache and refreshed while it is there, and dropped when it is
// the least useful of too many. It is safe for concurrent use.
//
//	boards, err := topn.NewBoards(rdb, topn.Int64Codec(), topOf)
//	...
//	g.Go(func() error { return boards.Run(ctx) })
//	...
//	board, err := boards.Get(ctx, topn.Day.Key("likes", time.Now()))
//	top := board.Top(10)
//
// However many boards there are, [Boards.Run] asks for all their marks in one
// pipeline a tick, 500 in each round trip, and reads again only those that have
// changed. Boards that can't be read hold up no others. A source that hangs does: of its
// eight slots each such call keeps one, and with all of them gone the boards that Redis
// doesn't hold wait, while those that it holds are still read and refreshed. So give the
// query a timeout.
type Boards[M comparable] struct {
	rdb    redis.UniversalClient
	codec  Codec[M]
	source func(ctx context.Context, key string, n int) ([]Entry[M], error)
	cfg    config
	asking chan struct{} // holds a token for each call of source

	begun   chan struct{} // closed by the first Run
	once    sync.Once
	running atomic.Bool
	open    atomic.Pointer[shelf[M]] // nil while Run isn't running
	counts  boardsCounts
}

// sourcesAtOnce bounds what a Redis that lost a thousand boards does to the database.
const sourcesAtOnce = 8

// NewBoards returns boards in the Redis of c. It sends nothing and starts nothing.
// Options hold for each board; [WithCapacity] sets how many there are at most. source
// gets the key that the board was asked for with, and is otherwise a [Source]; no more
// than eight calls of it are under way at once, and others wait for their turn. The error wraps [ErrInput] and joins
// all that is wrong with the arguments.
func NewBoards[M comparable](c redis.UniversalClient, codec Codec[M], source func(ctx context.Context, key string, n int) ([]Entry[M], error), opts ...Option) (*Boards[M], error) {
	cfg := newConfig(opts)
	err := errors.Join(checkClient(c), checkGiven("codec", codec), checkGiven("source", source), cfg.validate())
	if err != nil {
		return nil, err
	}
	return &Boards[M]{
		rdb: c, codec: codec, source: source, cfg: cfg,
		asking: make(chan struct{}, sourcesAtOnce),
		begun:  make(chan struct{}),
	}, nil
}

// Get returns the board named key, the one that [New] would return. A board that is
// there is returned in the time of a cache lookup, whatever goes on with others. One
// that isn't is made and loaded as by [Board.Load]: whoever asks for the same key waits
// with the first, and who asks for another does not, unless both need the source and its
// eight slots are taken. An error of Load is returned as it is, and the next
// Get tries again.
//
// Use the board for one read and Get it again for the next: one that was dropped is
// refreshed no more, though it does no harm to hold it or to write to it. A board of
// Boards must not Run, which fails with [ErrRunning]. To write to boards that this
// process doesn't read, make them with [New], which loads nothing.
//
// Get waits for the first [Boards.Run] to begin. After Run has returned it fails with
// [ErrNotRunning]; so it does, with ctx's cause, when ctx ends before Run begins. For a
// key that New would refuse the error wraps [ErrInput].
func (b *Boards[M]) Get(ctx context.Context, key string) (*Board[M], error) {
	if s := b.open.Load(); s != nil {
		if v, ok := s.get(key); ok && v.warm() {
			return v.Board, nil
		}
	}
	return b.load(ctx, key)
}

// load is Get for a board that isn't there, or cold.
func (b *Boards[M]) load(ctx context.Context, key string) (*Board[M], error) {
	if err := cmp.Or(b.made(), checkKey(key)); err != nil {
		return nil, err
	}
	s, err := b.shelf(ctx)
	if err != nil {
		return nil, err
	}
	v, err := s.add(key, b.make)
	if err != nil {
		return nil, err
	}
	if _, err := v.Load(ctx, 0); err != nil {
		return nil, err
	}
	return v.Board, nil
}

// made refuses zero Boards.
func (b *Boards[M]) made() error {
	if b.rdb == nil {
		return fmt.Errorf("%w: the boards weren't made by NewBoards", ErrInput)
	}
	return nil
}

// shelf waits for the first Run, and returns what the boards stand on.
func (b *Boards[M]) shelf(ctx context.Context) (*shelf[M], error) {
	if err := contextError(ctx); err != nil {
		return nil, err
	}
	select {
	case <-b.begun:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrNotRunning, contextError(ctx))
	}
	if s := b.open.Load(); s != nil {
		return s, nil
	}
	return nil, ErrNotRunning
}

// make returns a new board, which isn't loaded.
func (b *Boards[M]) make(key string) *Board[M] {
	source := func(ctx context.Context, n int) ([]Entry[M], error) {
		select {
		case b.asking <- struct{}{}:
			defer func() { <-b.asking }()
			return b.source(ctx, key, n)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	board := newBoard(b.rdb, key, b.codec, source, &b.cfg)
	board.running.Store(true) // by Run of Boards
	return board
}

// BoardsStats is a snapshot of what [Boards] have done in this process so far.
type BoardsStats struct {
	Boards  int    // there now
	Made    uint64 // since they were not there
	Evicted uint64 // to make room
	Idle    uint64 // dropped since nobody asked for them
	Ticks   uint64 // of Run, each for all boards
}

type boardsCounts struct{ made, evicted, idle, ticks atomic.Uint64 }

// Stats returns what the boards have done in this process so far, also those that
// were dropped.
func (b *Boards[M]) Stats() BoardsStats {
	stats := BoardsStats{
		Made:    b.counts.made.Load(),
		Evicted: b.counts.evicted.Load(),
		Idle:    b.counts.idle.Load(),
		Ticks:   b.counts.ticks.Load(),
	}
	if s := b.open.Load(); s != nil {
		stats.Boards = s.store.Len()
	}
	return stats
}
