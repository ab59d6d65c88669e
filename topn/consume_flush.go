package topn

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
)

const (
	commitWithin = 5 * time.Second // a group that has no coordinator makes a commit wait for ever
	stopWithin   = 3 * time.Second
)

// flush applies the batch and commits it. It returns an error only when ctx has
// ended before all was applied.
func (c *consumer[M]) flush(ctx context.Context) error {
	for _, s := range c.batch {
		if err := c.settle(ctx, s); err != nil {
			return err
		}
		s.fresh = false
		c.uncommitted[s.place] = s.last
	}
	c.batch, c.held = c.batch[:0], 0
	if !time.Now().Before(c.commitAt) {
		c.commit(ctx, commitWithin)
	}
	c.flushed = time.Now()
	c.cfg.progress(c.stats)
	return nil
}

// settle does everything about s that comes before its commit. It fails only when ctx
// ends.
func (c *consumer[M]) settle(ctx context.Context, s *share[M]) error {
	if c.b.cfg.mode == Counter && !s.asked {
		if err := c.ask(ctx, s); err != nil {
			return err
		}
	}
	// First, since the mark goes past it with what is behind: whoever reads the
	// partition after a crash takes all that is up to the mark for done.
	for _, p := range s.poison {
		if err := c.handOver(ctx, p.message, p.why); err != nil {
			return err
		}
	}
	s.poison = nil
	all := s.events
	if err := c.apply(ctx, s, len(s.events)); err != nil {
		return err
	}
	clear(all) // what the messages hold
	s.events = all[:0]
	return nil
}

// handOver fails only when ctx ends.
func (c *consumer[M]) handOver(ctx context.Context, m kafka.Message, why error) error {
	err := c.retry(ctx, "poison", func() error { return c.cfg.poison(ctx, m, why) })
	if err == nil {
		c.stats.Poison++
	}
	return err
}

// ask gets the mark of a partition that is new here, and drops what is at or below.
func (c *consumer[M]) ask(ctx context.Context, s *share[M]) error {
	return c.retry(ctx, "watermark", func() error {
		mark, ok, err := c.b.Watermark(ctx, s.stream)
		if err != nil {
			return err
		}
		s.asked = true
		if ok {
			c.rise(s, mark)
		}
		return nil
	})
}

// rise takes note of a mark, and returns how many events it makes replays.
func (c *consumer[M]) rise(s *share[M], mark int64) (dropped int) {
	dropped = s.rise(mark)
	c.replayed(s, dropped, s.last.HighWaterMark)
	return dropped
}

// apply applies the first n events of s, which are then gone. A batch with an event
// that the board refuses for good is halved until that one is alone: the others
// count, and it is handed over before those behind it are applied.
func (c *consumer[M]) apply(ctx context.Context, s *share[M], n int) error {
	for n > 0 {
		done, err := c.write(ctx, s, n)
		switch {
		case err == nil:
			n -= done
		case !isRefused(err):
			return err
		case n == 1:
			err = c.handOver(ctx, s.events[0].message, err)
			s.events = s.events[1:]
			return err
		default:
			if err := c.apply(ctx, s, n/2); err != nil {
				return err
			}
			n -= n / 2
		}
	}
	return nil
}

// write makes one batch of the first n events of s, and returns how many are done
// with: all of them, or those that turn out to be replays, which it drops without
// applying the others. Its error is that ctx has ended, or that the board will never
// take them.
func (c *consumer[M]) write(ctx context.Context, s *share[M], n int) (done int, err error) {
	first, last := s.events[0].message.Offset, s.events[n-1].message.Offset
	var refused error
	err = c.retry(ctx, "apply", func() error {
		replay, err := c.send(ctx, s.events[:n], &Position{Stream: s.stream, First: first, Last: last})
		o, overlaps := errors.AsType[*OverlapError](err)
		switch {
		case replay:
			done = c.rise(s, last)
		case err == nil:
			done = c.applied(s, n)
		case overlaps && first <= o.Mark && o.Mark < last:
			done = c.rise(s, o.Mark)
		case isRefused(err):
			refused = err
		default:
			return err
		}
		return nil
	})
	if err == nil {
		err = refused
	}
	return done, err
}

func (c *consumer[M]) applied(s *share[M], n int) int {
	c.stats.Batches++
	c.stats.Applied += int64(n)
	s.mark = max(s.mark, s.events[n-1].message.Offset)
	s.events = s.events[n:]
	return n
}

// send writes events, and reports whether another consumer had.
func (c *consumer[M]) send(ctx context.Context, events []fetched[M], p *Position) (replay bool, err error) {
	if c.b.cfg.mode == Counter {
		pairs, err := c.b.pairs("Consume", deltas(events))
		if err != nil {
			return false, err
		}
		return c.b.incrAt(ctx, pairs, p)
	}
	scores, removed := newest(events)
	if _, err := c.b.Apply(ctx, scores...); err != nil {
		return false, err
	}
	_, err = c.b.Remove(ctx, removed...)
	return false, err
}

// isRefused reports whether the board will never take what it was given.
func isRefused(err error) bool { return errors.Is(err, ErrScore) || errors.Is(err, ErrInput) }

// retry calls f until it returns nil, with a pause before each further try. Its only
// error is that ctx has ended.
func (c *consumer[M]) retry(ctx context.Context, what string, f func() error) error {
	for {
		err := f()
		if err == nil {
			c.pauses.reset()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.fail(what, err)
		c.pauses.pause(ctx)
	}
}

// commit commits what isn't yet. If that fails it is left for later: what the next
// commit says includes it.
func (c *consumer[M]) commit(ctx context.Context, within time.Duration) {
	if len(c.uncommitted) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := c.r.CommitMessages(ctx, slices.Collect(maps.Values(c.uncommitted))...)
	if err != nil {
		c.fail("commit", err)
		c.commitAt = time.Now().Add(c.commits.next())
		return
	}
	c.stats.Commits++
	c.commits.reset()
	clear(c.uncommitted)
	c.commitAt = time.Time{}
}

// stop commits what is applied, though ctx has ended.
func (c *consumer[M]) stop(ctx context.Context) {
	c.commit(context.WithoutCancel(ctx), stopWithin)
	c.cfg.progress(c.stats)
}

var _ MessageReader = (*kafka.Reader)(nil)
