package topn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"
)

// Run keeps the snapshot fresh until ctx is done, and then returns nil. Each tick
// it asks Redis for the board's mark, which is one GET; when the mark has changed,
// after an attempt that failed, or after [WithMaxStale], it reads the places again, and when there is no mark it
// rebuilds the board from the [Source] unless another process is at it. It goes on
// after every error and tells [WithOnError]. Run may be called again after it has
// returned, but while it runs another call fails with [ErrRunning].
func (b *Board[M]) Run(ctx context.Context) error {
	if err := b.made(); err != nil {
		return err
	}
	if !b.running.CompareAndSwap(false, true) {
		return fmt.Errorf("%w (board %q)", ErrRunning, b.name)
	}
	defer b.running.Store(false)
	b.tended.Store(true)
	defer b.tended.Store(false)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		b.tick(ctx)
		timer.Reset(b.cfg.pause())
	}
}

// pause returns the time to the next tick.
func (c *config) pause() time.Duration {
	more := time.Duration(float64(c.tick) * c.jitter * (2*rand.Float64() - 1))
	return max(c.tick+min(more, math.MaxInt64-c.tick), 1)
}

// ttl returns the time to live that writes give the board, in ms.
func (c *config) ttl() int64 { return c.expire.Milliseconds() }

// tick asks for the mark, and does what saw says.
func (b *Board[M]) tick(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	mark, err := b.rdb.Get(ctx, b.keys.mark).Result()
	b.saw(ctx, mark, err)
}

// saw is told what a GET of the mark returned, and refreshes the snapshot if that
// calls for it. It is for one goroutine at a time.
func (b *Board[M]) saw(ctx context.Context, mark string, err error) {
	b.counts.ticks.Add(1)
	s := b.state.Load()
	switch {
	case err != nil && !errors.Is(err, redis.Nil):
		s.failing.Store(true)
		b.report(ctx, b.unanswered(ctx, "tick of", err))
	case err == nil && b.current(s, mark):
		b.confirm(s)
	default:
		b.report(ctx, b.loads.run(ctx, func(ctx context.Context) error { return b.load(ctx, 0) }))
	}
}

// current reports whether s is what the board says under that mark, and not read
// so long ago that it is time for another look. After an attempt that failed it always
// is: a server that was restarted from an old copy may, by chance, have got back to the
// same mark.
func (b *Board[M]) current(s *state[M], mark string) bool {
	return s.from == FromRedis && equalMark(mark, s.version) && !b.old(s.read) && !s.failing.Load()
}

// report counts an error and passes it on. That ctx ended is none.
func (b *Board[M]) report(ctx context.Context, err error) {
	if b.count(ctx, err) {
		b.cfg.onError(err)
	}
}

// count counts an error, and reports whether it is one.
func (b *Board[M]) count(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil {
		return false
	}
	b.counts.failures.Add(1)
	return true
}
