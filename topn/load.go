package topn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// Load returns the first n places. While there is a snapshot of at most
// [WithMaxStale], or any and Run keeps it fresh, it is that one, and nobody is
// asked; n below 0 is 0, and above N it is N. Otherwise Load reads Redis and, if it
// has no board, rebuilds it from the [Source]; if there was no snapshot, and another
// process is rebuilding already or Redis doesn't answer, it asks the Source for
// what this process needs. Where ctx has a deadline, Redis has half of the time left
// to answer the reading, and the Source the rest.
//
// However many wait, one call is on its way: a storm of misses asks the Source once
// in each process. Its answer is kept as any other, an empty one too; a failure is
// kept for a tick. The call goes on while somebody waits for it. It is made in a
// goroutine of its own, but where the Source or the Codec panics, so does Load for all
// who wait; the value is then an error that says where it began.
//
// When nothing can be refreshed, or ctx ends first, Load returns the last snapshot,
// which is Stale then, and no error: who has one needs neither Redis nor ctx. Without
// one the error wraps those of Redis and the Source, and when ctx ends its cause. Each
// call that failed is counted, and where there is a snapshot told to the function of
// [WithOnError].
func (b *Board[M]) Load(ctx context.Context, n int) (Snapshot[M], error) {
	s := b.now()
	if s.from != FromNothing && (b.tended.Load() || !b.old(time.Duration(s.seen.Load()))) {
		return b.snapshot(s, n), nil
	}
	err := cmp.Or(b.ready(ctx), b.recent())
	if err == nil {
		patience := patienceOf(ctx)
		err = b.loads.do(ctx, func(ctx context.Context, _ func()) error {
			err := b.load(ctx, patience)
			if b.count(ctx, err) && b.now().from != FromNothing {
				b.cfg.onError(err) // who has a snapshot gets no error
			}
			return err
		})
	}
	if s = b.now(); s.from != FromNothing {
		return b.snapshot(s, n), nil
	}
	return Snapshot[M]{}, err
}

// patienceOf returns how long Redis may take to answer a reading: half of the time
// that ctx leaves, so that the Source has the other, or 0 if ctx has no end.
func patienceOf(ctx context.Context) time.Duration {
	end, ends := ctx.Deadline()
	if !ends {
		return 0
	}
	return max(time.Until(end)/2, 1)
}

// A failure is remembered, so that not every caller asks a database that is down.
type failure struct {
	at  time.Duration
	err error
}

// recent returns the last failure, if it's less than a tick ago.
func (b *Board[M]) recent() error {
	if f := b.failed.Load(); f != nil && b.elapsed()-f.at < b.cfg.tick {
		return f.err
	}
	return nil
}

// load refreshes the snapshot from whoever knows. There is one at a time. For the
// patience see readWithin.
func (b *Board[M]) load(ctx context.Context, patience time.Duration) error {
	cause := b.readWithin(ctx, patience)
	if errors.Is(cause, errLost) {
		cause = b.refill(ctx)
	}
	if cause == nil {
		return nil
	}
	err := b.manage(ctx, cause)
	if ctx.Err() == nil { // whoever leaves has met no failure
		b.failed.Store(&failure{b.elapsed(), cmp.Or(err, cause)})
	}
	return err
}

// refill rebuilds a board that Redis doesn't have.
func (b *Board[M]) refill(ctx context.Context) error {
	turn, begun := b.reads.Add(1), b.elapsed()
	rows, err := b.rebuild(ctx, ifLost)
	if err == nil {
		err = b.read(ctx)
	}
	if err != nil && rows != nil { // they can't be kept in Redis, but be shown here
		b.show(rows, turn, begun)
	}
	return err
}

// manage does without Redis, after cause: with what there is or, on a cold board,
// with the Source. It returns nil if all is well in the end, or will be.
func (b *Board[M]) manage(ctx context.Context, cause error) error {
	s := b.state.Load()
	if s.from == FromNothing && !errors.Is(cause, errSource) {
		turn, begun := b.reads.Add(1), b.elapsed()
		rows, err := b.ask(ctx, b.cfg.n)
		if err != nil {
			return errors.Join(cause, err)
		}
		b.show(rows, turn, begun)
	} else {
		s.failing.Store(true)
	}
	if errors.Is(cause, ErrRebuilding) {
		return nil
	}
	return cause
}

// show publishes rows of the Source.
func (b *Board[M]) show(rows []row[M], turn uint64, begun time.Duration) {
	rows = rows[:min(len(rows), b.cfg.n)]
	items := make([]Item[M], len(rows))
	for i, r := range rows {
		items[i] = Item[M]{Rank: i + 1, Member: r.Member, Score: r.Score}
	}
	b.publish(&state[M]{items: items, from: FromSource, turn: turn, read: begun})
}

// contextError returns why ctx is done, both as its cause and as its Err.
func contextError(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); !errors.Is(cause, err) {
		return fmt.Errorf("topn: %w: %w", err, cause)
	}
	return fmt.Errorf("topn: %w", err)
}
