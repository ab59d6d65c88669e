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
	queue []*waiter // who goes with the next round trip, in order
}

// A waiter is one call. It gets one answer, unless it left before.
type waiter struct {
	answer chan folded
	until  time.Time // when it must have its answer
	left   bool      // guarded by the folder's mutex
}

type folded struct {
	r   Result
	err error
}

func newFolder(l *Redis, most int) *folder {
	return &folder{l: l, max: most, flights: make(map[string]*flight)}
}

// ask waits for the answer of a shared round trip. It needs no timer: a flight
// answers each of its waiters in time.
func (f *folder) ask(ctx context.Context, q question) (Result, error) {
	w := f.board(ctx, q.key)
	var a folded
	select {
	case a = <-w.answer:
	case <-ctx.Done():
		if f.leave(w) {
			return Result{}, contextError(ctx)
		}
		a = <-w.answer // it came in the meantime
	}
	if a.err != nil {
		return f.l.decide(ctx, q, a.err)
	}
	return a.r, nil
}

// board puts a waiter into the queue of key, and starts the flight if there is
// none. The flight is everybody's: it doesn't end with the context of the call
// that began it, but with its last waiter, and each of its calls when the first
// of those who are in it must have an answer.
func (f *folder) board(ctx context.Context, key string) *waiter {
	w := &waiter{answer: make(chan folded, 1), until: time.Now().Add(f.l.timeout)}
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
	fl.queue = append(fl.queue, w)
	return w
}

// leave reports whether w is gone without an answer.
func (f *folder) leave(w *waiter) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.left = len(w.answer) == 0
	return w.left
}

// fly makes round trips until nobody waits.
func (f *folder) fly(ctx context.Context, fl *flight) {
	for batch := f.next(fl); len(batch) > 0; batch = f.next(fl) {
		asked := f.l.deny.begin(fl.key)
		q := question{op: "allow", key: fl.key, n: len(batch), least: 1, within: time.Until(batch[0].until)}
		v, err := f.l.verdict(ctx, f.l.scripts.fold, q, []any{q.n})
		over := f.deliver(fl.key, asked, batch, v, err)
		if err := over.giveBack(ctx); err != nil {
			f.l.counts.lost.Add(1)
		}
	}
}

// next takes those who still wait off the queue, as many as may fly together,
// and ends the flight when there are none.
func (f *folder) next(fl *flight) []*waiter {
	f.mu.Lock()
	defer f.mu.Unlock()
	var batch []*waiter
	for len(fl.queue) > 0 && len(batch) < f.max {
		if w := fl.queue[0]; !w.left {
			batch = append(batch, w)
		}
		fl.queue = fl.queue[1:]
	}
	if len(batch) == 0 {
		delete(f.flights, fl.key)
	}
	return batch
}

// deliver deals the admitted hits out to those who are still there, first come,
// first served. It returns what was admitted for nobody: handed to somebody who
// came later it would count from before its time.
func (f *folder) deliver(key string, asked asking, batch []*waiter, v verdict, err error) *surplus {
	f.mu.Lock()
	defer f.mu.Unlock()
	var r Result
	if err == nil {
		r = v.result(f.l.cells)
	}
	refusal, served := r, int64(0)
	r.RetryAfter = 0
	for _, w := range batch {
		if w.left {
			continue
		}
		a := folded{r: refusal, err: err}
		if served < v.got {
			a.r = r
			a.r.Allowed = 1
			warm := f.l.heat(context.Background(), key, 1)
			a.r.Receipt = f.l.receipt("", key, f.l.cells, v, hits{skip: served, count: 1, of: v.got}, warm)
			served++
		}
		w.answer <- a
	}
	if err == nil && v.got < int64(len(batch)) {
		f.l.deny.remember(asked, key, refusal)
	}
	if served == v.got {
		return nil
	}
	h := hits{skip: served, count: v.got - served, of: v.got}
	return &surplus{f.l.receipt("", key, f.l.cells, v, h, Receipt{})}
}

// A surplus is what was admitted for callers who have left.
type surplus struct {
	receipt Receipt
}

func (s *surplus) giveBack(ctx context.Context) error {
	if s == nil {
		return nil
	}
	return s.receipt.r.refund(ctx)
}
