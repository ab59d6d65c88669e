package ratelimittest

import (
	"sync"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

func refundScenarios() []scenario {
	short := []ratelimit.Limit{{N: 3, Per: 300 * time.Millisecond}}
	return []scenario{
		{name: "RefundGivesRoom", limits: perHour(5), run: refundGivesRoom},
		{name: "RefundTwice", limits: perHour(5), run: refundTwice},
		{name: "RefundAsIfNeverTaken", limits: perHour(5), run: refundAsIfNeverTaken},
		{name: "RefundOfNothing", limits: perHour(5), run: refundOfNothing},
		{name: "RefundAfterReset", limits: perHour(5), run: refundAfterReset},
		{name: "RefundAfterTheWindow", limits: short, run: refundAfterTheWindow, within: 40 * time.Millisecond},
		{
			name: "RefundUnderSeveralLimits", run: refundSeveral,
			limits: []ratelimit.Limit{ratelimit.PerHour(5), ratelimit.PerDay(7), ratelimit.PerDay(6)},
		},
		{name: "ManyGoroutinesRefund", limits: perHour(20), run: manyRefund},
		{name: "ManyGoroutinesRefundOne", limits: perHour(20), run: manyRefundOne},
	}
}

func refundGivesRoom(e *env) {
	e.clear(time.Hour, soon)
	key := e.key()
	first, three := e.ok(key, 1), e.ok(key, 3)
	e.ok(key, 1)
	e.no(key, 1)
	e.refund(first.Receipt)
	e.room(key, 1)
	e.ok(key, 1)
	e.no(key, 1)
	e.refund(three.Receipt)
	e.no(key, 4)
	e.ok(key, 3)
	e.no(key, 1)
	partly := e.key()
	e.ok(partly, 2)
	e.refund(e.atMost(partly, 5).Receipt)
	e.room(partly, 3)
}

// refundTwice: a Receipt is good for one Refund, and so are its copies
// together.
func refundTwice(e *env) {
	e.clear(time.Hour, soon)
	key := e.key()
	receipts := make([]ratelimit.Receipt, 5)
	for i := range receipts {
		receipts[i] = e.ok(key, 1).Receipt
	}
	second := receipts[1]
	for range 5 {
		e.refund(receipts[1])
		e.refund(second)
		e.room(key, 1)
	}
	e.ok(key, 1)
	e.refund(second)
	e.no(key, 1)
	e.refund(receipts[3])
	e.refund(receipts[3])
	e.ok(key, 1)
	e.no(key, 1)
}

// refundAsIfNeverTaken: when all is given back, the key is as good as new, in
// whatever order.
func refundAsIfNeverTaken(e *env) {
	e.clear(time.Hour, soon)
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}} {
		key := e.key()
		var receipts [5]ratelimit.Receipt
		for i := range receipts {
			receipts[i] = e.ok(key, 1).Receipt
		}
		for given, i := range order {
			e.refund(receipts[i])
			e.room(key, given+1)
		}
		if r := e.peek(key); r.ResetAfter != 0 {
			e.fatalf("all was given back, but ResetAfter is %v", r.ResetAfter)
		}
	}
}

func refundOfNothing(e *env) {
	e.clear(time.Hour, soon)
	key := e.key()
	e.refund(ratelimit.Receipt{})
	e.ok(key, 5)
	e.refund(e.no(key, 1).Receipt)
	e.refund(e.peek(key).Receipt)
	e.refund(e.atMost(key, 1).Receipt)
	e.no(key, 1)
}

// refundAfterReset: what a Reset has forgotten isn't given back once more.
func refundAfterReset(e *env) {
	e.clear(time.Hour, soon)
	key := e.key()
	old := []ratelimit.Result{e.ok(key, 2), e.ok(key, 3)}
	e.must("Reset", e.l.Reset(e.t.Context(), key))
	e.refund(old[0].Receipt)
	e.room(key, 5)
	e.ok(key, 5)
	e.refund(old[1].Receipt)
	e.refund(old[0].Receipt)
	e.no(key, 1)
}

// refundAfterTheWindow: hits that have left the window have been given back by
// it.
func refundAfterTheWindow(e *env) {
	per := e.limit().Per
	key := e.key()
	old := []ratelimit.Result{e.ok(key, 1), e.ok(key, 2)}
	e.wait(2 * per)
	e.clear(per, per/2)
	e.ok(key, 3)
	for range 2 {
		for _, r := range old {
			e.refund(r.Receipt)
		}
	}
	e.no(key, 1)
}

func refundSeveral(e *env) {
	e.clear(24*time.Hour, soon)
	e.clear(time.Hour, soon)
	key := e.key()
	r := e.ok(key, 5)
	e.no(key, 1)
	e.refund(r.Receipt)
	e.refund(r.Receipt)
	if r := e.peek(key); r.Remaining != 5 || r.ResetAfter != 0 {
		e.fatalf("all was given back: Remaining %d, ResetAfter %v", r.Remaining, r.ResetAfter)
	}
	e.refund(e.ok(key, 2).Receipt)
	e.ok(key, 5)
}

// manyRefund: goroutines that take and give back never hold more than the
// limit, and leave nothing behind.
func manyRefund(e *env) {
	e.clear(time.Hour, soon)
	key, ctx := e.key(), e.t.Context()
	var holds holders
	holds.err = together(func(int) error {
		for range 5 {
			r, err := e.l.Allow(ctx, key)
			if err != nil || !r.OK() {
				if err != nil {
					return err
				}
				continue
			}
			holds.add(1)
			holds.add(-1)
			if err := e.l.Refund(ctx, r.Receipt); err != nil {
				return err
			}
		}
		return nil
	})
	e.must("Allow and Refund", holds.err)
	if holds.most > e.limit().N {
		e.fatalf("%d hits were held at once, want at most %d", holds.most, e.limit().N)
	}
	e.room(key, e.limit().N)
}

// holders counts hits that are taken and not given back.
type holders struct {
	mu        sync.Mutex
	now, most int
	err       error
}

func (h *holders) add(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now += n
	h.most = max(h.most, h.now)
}

// manyRefundOne: one Receipt in many hands is one Refund.
func manyRefundOne(e *env) {
	e.clear(time.Hour, soon)
	key := e.key()
	receipt := e.ok(key, 2).Receipt
	e.ok(key, 18)
	e.must("Refund", together(func(int) error { return e.l.Refund(e.t.Context(), receipt) }))
	e.room(key, 2)
}
