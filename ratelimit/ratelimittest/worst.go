package ratelimittest

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

// A Hit is N hits that one call admitted, at some time from Start to End. Take
// both from one clock, right before and right after the call.
type Hit struct {
	Start, End time.Time
	N          int
}

// Worst returns how many of hits certainly fell into one window of length per,
// whatever the time at which each was admitted within its call: the largest
// count of any window that holds calls from Start to End. A window holds its
// first instant and not its last, so that a limiter which admits again exactly
// per later isn't wronged.
//
// The true count may be larger, never smaller. Worst takes O(n log n) and leaves
// hits as they are.
func Worst(hits []Hit, per time.Duration) int {
	byStart := slices.SortedFunc(slices.Values(hits), func(a, b Hit) int { return b.Start.Compare(a.Start) })
	var in ends
	count, worst := 0, 0
	for i, h := range byStart {
		heap.Push(&in, h)
		count += h.N
		if i+1 < len(byStart) && byStart[i+1].Start.Equal(h.Start) {
			continue
		}
		for len(in) > 0 && !in[0].End.Before(h.Start.Add(per)) {
			count -= heap.Pop(&in).(Hit).N
		}
		worst = max(worst, count)
	}
	return worst
}

// ends is a heap of the hits in a window, the last to end first.
type ends []Hit

func (e ends) Len() int           { return len(e) }
func (e ends) Less(i, j int) bool { return e[i].End.After(e[j].End) }
func (e ends) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *ends) Push(x any)        { *e = append(*e, x.(Hit)) }
func (e *ends) Pop() any {
	last := len(*e) - 1
	h := (*e)[last]
	*e = (*e)[:last]
	return h
}

// Bound returns how many hits a may admit in any window of length l.Per, as
// package ratelimit documents it.
func Bound(a ratelimit.Algorithm, l ratelimit.Limit) int {
	switch a {
	case ratelimit.SlidingLog:
		return l.N
	case ratelimit.GCRA:
		return l.N + cmp.Or(l.Burst, l.N)
	}
	return 2 * l.N
}

// Hammer asks for single hits under key from so many goroutines, as fast as they
// can, until d has passed, and returns those that were admitted. The goroutines
// take turns between the limiters. It returns early with the first error; without
// limiters, or with fewer goroutines than those, so that one isn't asked, that is
// one of its own.
func Hammer(ctx context.Context, key string, goroutines int, d time.Duration, limiters ...ratelimit.Limiter) ([]Hit, error) {
	return hammer(ctx, key, goroutines, d, func() {}, limiters)
}

// hammer is Hammer with a pause after each call.
func hammer(ctx context.Context, key string, goroutines int, d time.Duration, pause func(), limiters []ratelimit.Limiter) ([]Hit, error) {
	if len(limiters) == 0 || goroutines < len(limiters) {
		return nil, fmt.Errorf("ratelimittest: Hammer with %d goroutines and %d limiters: want 1 or more limiters, each with a goroutine", goroutines, len(limiters))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		mu  sync.Mutex
		all []Hit
		wg  sync.WaitGroup
	)
	end := time.Now().Add(d)
	for g := range goroutines {
		wg.Go(func() {
			hits, err := one(ctx, limiters[g%len(limiters)], key, end, pause)
			mu.Lock()
			defer mu.Unlock()
			if all = append(all, hits...); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return all, context.Cause(ctx)
}

// one is one goroutine of a hammer.
func one(ctx context.Context, l ratelimit.Limiter, key string, end time.Time, pause func()) (hits []Hit, err error) {
	for start := time.Now(); start.Before(end); start = time.Now() {
		r, err := l.Allow(ctx, key)
		if err != nil {
			return hits, err
		}
		if r.Allowed > 0 {
			hits = append(hits, Hit{start, time.Now(), r.Allowed})
		}
		pause()
	}
	return hits, nil
}
