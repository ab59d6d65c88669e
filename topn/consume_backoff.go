package topn

import (
	"context"
	"math/rand/v2"
	"time"
)

// A backoff makes pauses that grow.
type backoff struct {
	first, most time.Duration
	delay       time.Duration // the last, before chance had its part
}

// next returns the next pause: twice the last, less up to a half of it.
func (b *backoff) next() time.Duration {
	switch {
	case b.delay == 0:
		b.delay = b.first
	case b.delay > b.most/2:
		b.delay = b.most
	default:
		b.delay *= 2
	}
	return b.delay - rand.N(b.delay/2+1)
}

// reset makes the next pause the first again.
func (b *backoff) reset() { b.delay = 0 }

// pause waits for the next pause, or until ctx is done.
func (b *backoff) pause(ctx context.Context) {
	t := time.NewTimer(b.next())
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
