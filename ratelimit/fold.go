package ratelimit

import (
	"context"
	"sync"
	"time"
)

// A folder lets calls for one hit of the same key share round trips. The first
// flies alone; those that come while it is in the air go together with the next.
type folder struct {
	l   *Redis
	max int

	mu      sync.Mutex
	flights map[string]*flight // those in the air, and no others
}

// A flight is the round trips for one key as long as somebody waits. Its
// fields are guarded by the folder's mutex.
type flight struct {
	key   string
	queue []*batch // those to come; the last may have room
}

func newFolder(l *Redis, most int) *folder {
	return &folder{l: l, max: most, flights: make(map[string]*flight)}
}

// board takes a seat in the queue of key, and starts the flight if there is
// none. The flight is everybody's: it doesn't end with the context of the call
// that began it, but with its last caller, and each of its calls when the first
// of those who are in it must have an answer.
func (f *folder) board(ctx context.Context, key string) (*batch, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl, flying := f.flights[key]
	if !flying {
		fl = &flight{key: key}
		f.flights[key] = fl
		go f.fly(context.WithoutCancel(ctx), fl)
	} else {
		f.l.counts.folded.Add(1)
	}
	if n := len(fl.queue); n == 0 || fl.queue[n-1].seats == f.max {
		fl.queue = append(fl.queue, newBatch(time.Now().Add(f.l.timeout)))
	}
	b := fl.queue[len(fl.queue)-1]
	b.seats++
	return b, b.seats - 1
}

// ask waits for the answer of a shared round trip. It needs no timer: a flight
// answers each of its callers in time.
func (f *folder) ask(ctx context.Context, q question) (Result, error) {
	b, seat := f.board(ctx, q.key)
	select {
	case <-b.over:
	case <-ctx.Done():
		if f.leave(b, seat) {
			return Result{}, contextError(ctx)
		}
		// It came in the meantime.
	}
	switch {
	case b.err != nil:
		return f.l.decide(ctx, q, b.err)
	case !b.admits(seat):
		return b.refusal, nil
	}
	r := b.refusal
	r.Allowed, r.RetryAfter = 1, 0
	r.Receipt = f.l.receipt("", q.key, f.l.cells, b.v, hits{skip: b.rank(seat), count: 1, of: b.v.got}, f.l.heat(ctx, q.key, 1))
	return r, nil
}

// leave reports whether the caller in that seat is gone without an answer.
func (f *folder) leave(b *batch, seat int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return b.leave(seat)
}

// fly makes round trips until nobody waits.
func (f *folder) fly(ctx context.Context, fl *flight) {
	for b, n := f.next(fl); n > 0; b, n = f.next(fl) {
		asked := f.l.deny.begin(fl.key)
		q := question{op: "allow", key: fl.key, n: n, least: 1, within: time.Until(b.until)}
		v, err := f.l.verdict(ctx, f.l.scripts.fold, q, []any{q.n})
		if over := f.land(b, v, err); over.count > 0 {
			r := f.l.receipt("", fl.key, f.l.cells, v, over, Receipt{})
			if err := r.r.refund(ctx); err != nil {
				f.l.counts.lost.Add(1)
			}
		}
		if err == nil && v.got < int64(n) {
			f.l.deny.remember(asked, fl.key, b.refusal)
		}
	}
}

// next takes a batch in which somebody waits off the queue, and says how many do.
// If there is none it ends the flight.
func (f *folder) next(fl *flight) (*batch, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(fl.queue) > 0 {
		b := fl.queue[0]
		fl.queue = fl.queue[1:]
		if n := b.seats - len(b.left); n > 0 {
			return b, n
		}
	}
	delete(f.flights, fl.key)
	return nil, 0
}

// land gives a batch its answer. It returns what was admitted for nobody: handed
// to somebody who came later it would count from before its time.
func (f *folder) land(b *batch, v verdict, err error) hits {
	if err == nil {
		b.v, b.refusal = v, v.result(f.l.cells)
	}
	b.err = err
	f.mu.Lock()
	defer f.mu.Unlock()
	b.landed = true
	close(b.over)
	served := min(v.got, int64(b.seats-len(b.left)))
	return hits{skip: served, count: v.got - served, of: v.got}
}
