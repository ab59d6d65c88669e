package kafkax

import (
	"context"
	"sync"
)

// A gate counts the calls of a Writer that aren't settled: a call is settled once
// each of its messages has its outcome. It lets Flush wait for those that came
// before it, and Close keep out those that come after.
//
// Calls belong to epochs. A flush ends the epoch that runs and begins the next,
// which counts the old one as one more call: an epoch is over when all calls up to
// its end are settled, however many new ones come meanwhile.
type gate struct {
	mu     sync.Mutex
	now    *epoch
	inside int // calls that are in kafka-go's WriteMessages
	closed bool
	empty  chan struct{} // closed when the last call has left after shut; nil before
}

type epoch struct {
	open int // calls that aren't settled, and the epoch before
	next *epoch
	over chan struct{} // made by the flush that ends it
}

// enter admits a call and returns its epoch, or nil if the gate is shut.
func (g *gate) enter() *epoch {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	if g.now == nil {
		g.now = &epoch{}
	}
	g.now.open++
	g.inside++
	return g.now
}

// leave notes that a call is out of kafka-go's WriteMessages, settled or not.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.inside == 0 && g.empty != nil {
		close(g.empty)
	}
}

// settle notes that every message of a call of e has its outcome.
func (g *gate) settle(e *epoch) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for e.open--; e.open == 0 && e.over != nil; e.open-- {
		close(e.over)
		e = e.next
	}
}

// flush waits until every call that was admitted before is settled.
func (g *gate) flush(ctx context.Context) error {
	over := g.mark()
	if over == nil {
		return nil
	}
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// mark ends the epoch that runs, and returns what is closed when it is over; nil
// if that is now.
func (g *gate) mark() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.now
	if e == nil || e.open == 0 {
		return nil
	}
	e.over, e.next = make(chan struct{}), &epoch{open: 1}
	g.now = e.next
	return e.over
}

// shut lets no call in any more. It returns what is closed when no call is inside.
func (g *gate) shut() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	if g.empty == nil {
		g.empty = make(chan struct{})
		if g.inside == 0 {
			close(g.empty)
		}
	}
	return g.empty
}
