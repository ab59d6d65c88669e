package kafkax

import (
	"slices"
	"sync"
	"sync/atomic"
	"weak"
)

// source is a kafka-go client: its Stats takes away what it returns.
type source[S any] interface{ Stats() S }

// An accumulator adds up what one client's Stats returned to anybody in this
// package. There is one for each client of the process, so that no scraper robs
// another. Stats swaps field by field, so that a count and its sum may land in
// different snapshots: sums of snapshots are exact, ratios within one are not.
type accumulator[S any] struct {
	fold  func(into, delta *S)
	ended atomic.Bool // the client was closed, and whoever did it said so

	mu    sync.Mutex
	total S
	feeds []weak.Pointer[S] // what each feed has not taken yet
}

// totals returns all that was counted since the client was made.
func (a *accumulator[S]) totals(src source[S]) S {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.absorb(src)
	return a.total
}

// absorb takes the client's numbers. The lock is held from before Stats to after
// the fold, or another caller could see totals that lack what Stats returned.
func (a *accumulator[S]) absorb(src source[S]) {
	delta := src.Stats()
	a.fold(&a.total, &delta)
	a.feeds = slices.DeleteFunc(a.feeds, func(p weak.Pointer[S]) bool {
		pending := p.Value()
		if pending != nil {
			a.fold(pending, &delta)
		}
		return pending == nil
	})
}

// A feed is one reader of a client's numbers: each number comes once.
type feed[S any] struct {
	src     source[S]
	acc     *accumulator[S]
	pending *S
}

// newFeed returns a feed that begins with all that was counted before.
func newFeed[S any](src source[S], acc *accumulator[S]) *feed[S] {
	acc.mu.Lock()
	defer acc.mu.Unlock()
	pending := new(S)
	*pending = acc.total
	acc.feeds = append(acc.feeds, weak.Make(pending))
	return &feed[S]{src: src, acc: acc, pending: pending}
}

// next returns what was counted since the last call.
func (f *feed[S]) next() S {
	f.acc.mu.Lock()
	defer f.acc.mu.Unlock()
	f.acc.absorb(f.src)
	delta := *f.pending
	*f.pending = *new(S)
	return delta
}
