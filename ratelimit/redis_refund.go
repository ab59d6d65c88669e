package ratelimit

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"
)

// A redisReceipt takes hits back, by what the script left as stamps: of a log
// the time of the first hit, of GCRA when the last has drained, else the number
// of the window.
//
// It is done once: later calls return at once, and what the client sends twice,
// because it lost the first reply, meets a mark in Redis.
type redisReceipt struct {
	l        *Redis
	tag, key string
	cells    []cell
	stamps   []stamp // of each cell
	hits     int64
	until    time.Time // when the hits have left every window
	life     time.Duration
	mark     uint64
	warm     Receipt
	done     atomic.Bool
}

type stamp struct{ at, gen int64 }

// hits are some of those that one call admitted: count of of, after the first
// skip.
type hits struct {
	skip, count, of int64
}

// receipt returns the Receipt of some hits that v admitted.
func (l *Redis) receipt(tag, key string, cells []cell, v verdict, h hits, warm Receipt) Receipt {
	own := l.algo.lists(cells)
	r := &redisReceipt{
		l: l, tag: tag, key: key, cells: own, hits: h.count,
		stamps: make([]stamp, len(own)), mark: rand.Uint64(), warm: warm,
	}
	var reset int64
	for i := range own {
		r.stamps[i] = stamp{l.algo.stamp(v.cells[i].stamp, own[i].span, h), v.cells[i].gen}
		reset = max(reset, v.cells[i].reset)
	}
	r.life = microseconds(reset)
	r.until = time.Now().Add(r.life)
	return Receipt{r: r}
}

// stamp returns the stamp of some of the hits that a script stamped.
func (a Algorithm) stamp(of, span int64, h hits) int64 {
	switch a {
	case SlidingLog:
		return of + h.skip
	case GCRA:
		return of - (h.of-h.skip-h.count)*span
	case SlidingCounter, FixedWindow:
	}
	return of
}

// Refund implements [Limiter]. It takes hits of a log out of it, and of a counter
// off it. Under GCRA hits drain one after the other: a Refund gives back what
// these haven't drained yet, and the hits after them drain sooner. The key keeps the
// last 128 Refunds for that, but of the newest hits, until what was admitted before
// them has drained; behind more than these, older hits give nothing back. Until it
// can't matter any more, a small key marks a Refund as done.
//
// Without an answer the error wraps [ErrUnavailable] under every [FailPolicy],
// and another try is safe. When the server lost its data since r's call, a log gives
// nothing back, but the others may give back hits that came later.
func (l *Redis) Refund(ctx context.Context, r Receipt) error {
	return r.refund(ctx)
}

func (r *redisReceipt) refund(ctx context.Context) error {
	if err := contextError(ctx); err != nil {
		return err
	}
	if r.done.Load() || !time.Now().Before(r.until) {
		return nil
	}
	keys, args := r.call()
	_, err := r.l.run(ctx, "refund", r.l.scripts.refund, keys, args)
	if r.tag == "" {
		r.l.deny.forget(r.key)
	}
	if err != nil {
		return r.l.unanswered(err)
	}
	r.done.Store(true)
	return r.warm.refund(context.WithoutCancel(ctx)) // no other try would come here
}

func (r *redisReceipt) call() (keys []string, args []any) {
	args = append(args, r.life.Milliseconds()+1)
	for i := range r.cells {
		c := &r.cells[i]
		keys = append(keys, c.name(r.tag, r.key))
		args = append(args, c.span, c.limit, r.stamps[i].at, r.stamps[i].gen, r.hits)
	}
	tag := r.tag
	if tag == "" {
		tag = r.key
	}
	mark := r.l.prefix + ":r:{" + escape(tag) + "}:" + strconv.FormatUint(r.mark, 36)
	return append(keys, mark), args
}
