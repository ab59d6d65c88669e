package topn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	marksAtOnce   = 500 // in one pipeline
	refreshAtOnce = 32  // boards that are read again at a time
	idleStale     = 10  // times WithMaxStale, then a board that nobody asks for goes
)

// Run keeps the boards fresh until ctx is done, and then returns nil; see [Board.Run]
// for what it does for each. Each tick it drops the boards that nobody has asked for
// in ten times [WithMaxStale], so that those of windows that have passed cost nothing
// for long. Every board is dropped at the end. If the source or the Codec panics under
// it, so does Run, once the others have ended.
//
// Theine and its goroutines live as long as Run does. Run may be called again after
// it has returned, but while it runs another call fails with [ErrRunning].
func (b *Boards[M]) Run(ctx context.Context) error {
	if err := b.made(); err != nil {
		return err
	}
	if !b.running.CompareAndSwap(false, true) {
		return fmt.Errorf("%w (boards)", ErrRunning)
	}
	defer b.running.Store(false)
	s, err := newShelf[M](b.cfg.capacity, &b.counts)
	if err != nil {
		return err
	}
	defer s.close()
	b.open.Store(s)
	defer b.open.Store(nil)
	b.once.Do(func() { close(b.begun) })

	ctx, stop := context.WithCancel(ctx)
	r := newRefresher(b.cfg.tick, stop)
	defer r.end()
	b.turn(ctx, s, r)
	return nil
}

// turn ticks until ctx is done.
func (b *Boards[M]) turn(ctx context.Context, s *shelf[M], r *refresher) {
	idle := idleStale * min(int64(b.cfg.maxStale/b.cfg.tick), 1<<40) // ticks; there will be fewer
	timer := time.NewTimer(b.cfg.pause())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := s.tick.Add(1)
		b.counts.ticks.Add(1)
		for part := range slices.Chunk(s.sweep(now-idle), marksAtOnce) {
			b.tick(ctx, part, r)
		}
		timer.Reset(b.cfg.pause())
	}
}

// tick asks for the marks of all in one pipeline, and does what they call for. Only
// Run's goroutine calls it.
func (b *Boards[M]) tick(ctx context.Context, all []*volume[M], r *refresher) {
	all = slices.DeleteFunc(all, func(v *volume[M]) bool { return v.busy.Load() })
	if len(all) == 0 || ctx.Err() != nil {
		return
	}
	marks := make([]*redis.StringCmd, len(all))
	_, err := b.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, v := range all {
			marks[i] = p.Get(ctx, v.keys.mark)
		}
		return nil
	})
	if ctx.Err() != nil {
		return
	}
	silent := 0
	for i, v := range all {
		mark, err := marks[i].Result()
		switch {
		case err != nil && !errors.Is(err, redis.Nil):
			silent++
			v.counts.ticks.Add(1)
			v.counts.failures.Add(1)
			v.state.Load().failing.Store(true)
		case err == nil && v.current(v.state.Load(), mark):
			v.saw(ctx, mark, nil)
		case err == nil:
			r.refresh(ctx, r.reads, &v.busy, func() { v.saw(ctx, mark, nil) })
		default:
			r.refresh(ctx, r.lost, &v.busy, func() { v.saw(ctx, mark, err) })
		}
	}
	if silent > 0 { // one word for all
		b.cfg.onError(fmt.Errorf("topn: tick of %d of %d boards: %w", silent, len(all), err))
	}
}

// A refresher runs what takes time beside the ticks, so much at once.
type refresher struct {
	reads    chan struct{} // holds a token for each board that is read
	lost     chan struct{} // and for each that Redis has lost: a Source that hangs keeps it
	patience time.Duration // for a token
	stop     context.CancelFunc
	panicked atomic.Pointer[panicError]
	wg       sync.WaitGroup
}

func newRefresher(patience time.Duration, stop context.CancelFunc) *refresher {
	return &refresher{
		reads: make(chan struct{}, refreshAtOnce), lost: make(chan struct{}, sourcesAtOnce),
		patience: patience, stop: stop,
	}
}

// refresh calls f soon, and takes busy away when it is done. If there is no slot for
// it meanwhile, it is left to the next tick, for which it may have changed.
func (r *refresher) refresh(ctx context.Context, slots chan struct{}, busy *atomic.Bool, f func()) {
	busy.Store(true)
	r.wg.Go(func() {
		defer r.recovered()
		defer busy.Store(false)
		timer := time.NewTimer(r.patience)
		defer timer.Stop()
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			f()
		case <-timer.C:
		case <-ctx.Done():
		}
	})
}

// recovered keeps a panic for end, and ends the ticks.
func (r *refresher) recovered() {
	if v := recover(); v != nil {
		r.panicked.CompareAndSwap(nil, panicked(v))
		r.stop()
	}
}

// end waits for what is going on, and panics if a Source or Codec did.
func (r *refresher) end() {
	r.stop()
	r.wg.Wait()
	if p := r.panicked.Load(); p != nil {
		panic(p)
	}
}
