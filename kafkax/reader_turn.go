package kafkax

import (
	"context"
	"sync/atomic"
)

// A turn lets one goroutine at a time fetch, so that a reader sees the offsets of a
// partition in the order in which kafka-go hands them out: without that, two
// callers that overtake each other would look like a gap. It costs a swap and two
// loads as long as nobody waits.
type turn struct {
	taken   atomic.Bool
	waiting atomic.Int32
	freed   chan struct{} // one token at most
}

func newTurn() turn { return turn{freed: make(chan struct{}, 1)} }

// take waits for the turn, and returns ctx's error if that ends first.
func (t *turn) take(ctx context.Context) error {
	if t.taken.CompareAndSwap(false, true) {
		return nil
	}
	return t.wait(ctx)
}

func (t *turn) wait(ctx context.Context) error {
	// Who is counted before it looks can't miss the token: give looks at the count
	// after it has freed the turn.
	t.waiting.Add(1)
	defer t.waiting.Add(-1)
	for !t.taken.CompareAndSwap(false, true) {
		select {
		case <-t.freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// give ends a turn. It must follow every take that returned nil.
func (t *turn) give() {
	t.taken.Store(false)
	if t.waiting.Load() == 0 {
		return
	}
	select {
	case t.freed <- struct{}{}:
	default: // a token is there already
	}
}
