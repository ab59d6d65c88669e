package smsfailover

import (
	"context"
	"sync"
	"time"
)

// A gauge knows how deep the queue is: what the store said at the last look, and
// what this process has added since. It errs on the side of too deep.
type gauge struct {
	depth func(context.Context) (Depth, error)
	keep  time.Duration // how old a look may be
	most  int           // 0: any

	mu     sync.Mutex
	seen   time.Time // when the last look began; zero: none yet
	number int       // of the last look
	live   int       // what it found
	added  int       // stored by this process since it began
	coming int       // about to be stored by this process
	look   *look     // the one under way
}

// A look is one call of Depth, for all who wait for it.
type look struct {
	done   chan struct{}
	ok     bool  // it has an answer,
	err    error // or failed; else who made it left
	before int   // added when it began, less what has left since
}

// empty reports whether nothing is queued, as far as this process can know.
func (g *gauge) empty(ctx context.Context) (bool, error) {
	if err := g.refresh(ctx); err != nil {
		return false, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.total() == 0, nil
}

func (g *gauge) total() int { return g.live + g.added + g.coming }

// reserve makes room for up to n messages and returns for how many there is.
func (g *gauge) reserve(ctx context.Context, n int) (int, error) {
	if g.most > 0 {
		if err := g.refresh(ctx); err != nil {
			return 0, err
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.most > 0 {
		n = min(n, max(0, g.most-g.total()))
	}
	g.coming += n
	return n, nil
}

// settle ends a reservation, of which so many were stored. The number of the
// look that it returns is for leave.
func (g *gauge) settle(reserved, stored int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.coming -= reserved
	g.added += stored
	return g.number
}

// leave takes back one that settle counted after that look.
func (g *gauge) leave(number int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if number == g.number {
		g.takeOff(1)
	}
}

// takeOff takes n off what was added. A look under way may have missed them
// already, and must not take them off once more when it ends. It requires the lock.
func (g *gauge) takeOff(n int) {
	g.added = max(0, g.added-n)
	if g.look != nil {
		g.look.before = max(0, g.look.before-n)
	}
}

// dropped notes that n messages were thrown out.
func (g *gauge) dropped(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	fromLive := min(n, g.live)
	g.live -= fromLive
	g.takeOff(n - fromLive)
}

// forget makes the next caller look anew.
func (g *gauge) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = time.Time{}
}

// refresh asks the store if the last look is too old, once for all who need it.
func (g *gauge) refresh(ctx context.Context) error {
	for {
		l, mine := g.join()
		switch {
		case l == nil:
			return nil
		case mine:
			return g.lookNow(ctx, l)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-l.done:
		}
		if l.ok || l.err != nil { // however long it took: it is as good as a new one
			return l.err
		}
	}
}

// join returns the look under way, or one that is the caller's to make, or nil if
// none is needed.
func (g *gauge) join() (l *look, mine bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !g.seen.IsZero() && time.Since(g.seen) < g.keep:
		return nil, false
	case g.look != nil:
		return g.look, false
	}
	g.look = &look{done: make(chan struct{}), before: g.added}
	return g.look, true
}

func (g *gauge) lookNow(ctx context.Context, l *look) error {
	began := time.Now()
	d, err := g.depth(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.look = nil
	defer close(l.done)
	if err != nil {
		if ctx.Err() == nil { // else it is this caller's fault, and nobody else's
			l.err = err
		}
		return err
	}
	l.ok = true
	g.seen, g.number = began, g.number+1
	g.live, g.added = d.Live(), g.added-l.before
	return nil
}
