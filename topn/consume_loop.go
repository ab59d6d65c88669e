package topn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
)

// A consumer is one call of Consume. Only its goroutine uses it.
type consumer[M comparable] struct {
	r       MessageReader
	b       *Board[M]
	decode  func(kafka.Message) (Event[M], error)
	cfg     consumeConfig
	pauses  backoff // of what the batch waits for, and of fetches
	commits backoff

	shares      map[place]*share[M]
	batch       []*share[M] // those with something new
	held        int         // messages in the batch
	flushed     time.Time   // when the last batch was done with
	uncommitted map[place]kafka.Message
	commitAt    time.Time // not to be tried before
	stats       ConsumeStats
}

func newConsumer[M comparable](r MessageReader, b *Board[M], decode func(kafka.Message) (Event[M], error), cfg consumeConfig) *consumer[M] {
	c := &consumer[M]{
		r: r, b: b, decode: decode, cfg: cfg,
		pauses:      backoff{first: cfg.first, most: cfg.most},
		commits:     backoff{first: cfg.first, most: cfg.most},
		shares:      make(map[place]*share[M]),
		uncommitted: make(map[place]kafka.Message),
	}
	if c.cfg.poison == nil {
		c.cfg.poison = func(_ context.Context, m kafka.Message, why error) error {
			b.cfg.onError(fmt.Errorf("topn: consume: skipped offset %d of partition %d of %q: %w", m.Offset, m.Partition, m.Topic, why))
			return nil
		}
	}
	return c
}

// run returns an error only when the reader was closed.
func (c *consumer[M]) run(ctx context.Context) error {
	err := c.loop(ctx)
	if ctx.Err() == nil {
		c.cfg.progress(c.stats)
		return err
	}
	c.stop(ctx)
	return nil
}

func (c *consumer[M]) loop(ctx context.Context) error {
	for {
		if err := c.gather(ctx); err != nil {
			return err
		}
		if err := c.flush(ctx); err != nil {
			return err
		}
	}
}

// gather fetches messages until the batch is full or due. It may return without
// any, for a commit that is due.
func (c *consumer[M]) gather(ctx context.Context) error {
	if err := c.wait(ctx); err != nil || c.held == 0 {
		return err
	}
	within, cancel := context.WithDeadline(ctx, c.flushed.Add(c.cfg.interval))
	defer cancel()
	for c.held < c.cfg.batch && within.Err() == nil {
		if err := c.fetch(within); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// wait fetches the first message of a batch. It returns without one when ctx ends, or
// when a commit that failed is due again.
func (c *consumer[M]) wait(ctx context.Context) error {
	within, cancel := ctx, context.CancelFunc(func() {})
	if len(c.uncommitted) > 0 {
		within, cancel = context.WithDeadline(ctx, c.commitAt)
	}
	defer cancel()
	for c.held == 0 && within.Err() == nil {
		if err := c.fetch(within); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// fetch takes one message in, unless ctx ends first. If there is an error that may
// pass it returns after a pause.
func (c *consumer[M]) fetch(ctx context.Context) error {
	m, err := c.r.FetchMessage(ctx)
	if err != nil {
		return c.unfetched(ctx, err)
	}
	c.pauses.reset()
	c.take(m)
	return nil
}

// unfetched returns an error if there is nothing more to come.
func (c *consumer[M]) unfetched(ctx context.Context, err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("topn: consume: the reader was closed: %w", err)
	}
	if ctx.Err() == nil {
		c.fail("fetch", err)
		c.pauses.pause(ctx)
	}
	return nil
}

// take puts m into the batch.
func (c *consumer[M]) take(m kafka.Message) {
	p := place{m.Topic, m.Partition}
	s := c.shares[p]
	if s == nil {
		s = newShare[M](p, &c.cfg)
		c.shares[p] = s
	}
	if !s.fresh {
		c.batch = append(c.batch, s)
	}
	if c.b.cfg.mode == Counter && m.Offset <= s.seen && !s.holds(m.Offset) {
		// After a rebalance a partition may come back from where it was committed,
		// or the group was set back since Redis has lost the marks. Nothing of what
		// is in hand may be applied before what comes now.
		delete(c.uncommitted, p)
		c.stats.Replayed += int64(s.rewind())
	}
	s.note(m)
	c.held++
	c.stats.Messages++
	if c.b.cfg.mode == Counter {
		if m.Offset <= s.high {
			c.replayed(s, 1, m.HighWaterMark)
			return
		}
		s.high = m.Offset
	}
	e, err := c.read(m)
	if err != nil {
		s.poison = append(s.poison, poison{m, err})
		return
	}
	s.events = append(s.events, fetched[M]{e, m})
}

// read returns the event in m, or why there is none that the board could take.
func (c *consumer[M]) read(m kafka.Message) (Event[M], error) {
	e, err := c.decode(m)
	if err != nil {
		return e, err
	}
	score := e.Score
	if c.b.cfg.mode == Counter {
		score = e.Delta
		if e.Removed {
			return e, fmt.Errorf("%w: a member is removed", ErrMode)
		}
	} else if e.Removed {
		return e, nil // whatever its score
	}
	return e, checkScore(score)
}

// replayed counts n messages that the mark of s says were applied, and tells once if
// the log doesn't even reach the mark.
func (c *consumer[M]) replayed(s *share[M], n int, highWater int64) {
	c.stats.Replayed += int64(n)
	if n > 0 && s.mark >= 0 && highWater > 0 && highWater <= s.mark && !s.warned {
		s.warned = true
		c.fail("read", fmt.Errorf("%w: stream %q has the mark %d, its log ends at %d", ErrRewound, s.stream, s.mark, highWater))
	}
}

// fail tells of an error that Consume goes on after.
func (c *consumer[M]) fail(what string, err error) {
	c.stats.Failures++
	c.b.cfg.onError(fmt.Errorf("topn: consume: %s: %w", what, err))
}
