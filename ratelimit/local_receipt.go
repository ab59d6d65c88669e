package ratelimit

import "context"

// A localReceipt is what a Local must know to take hits back. The zero value
// stands for none.
type localReceipt struct {
	plan  *localPlan
	id    id
	n     int64
	at    int64  // when they were admitted
	slack span   // GCRA: how long after that they began to be paid for
	seq   uint64 // numbers the admissions of a shard
}

// Refund implements [Limiter]. Under SlidingLog it takes time in proportion to
// the hits of the key that came later, under GCRA to the Refunds of the key since
// r's call. Hits under several GCRA limits are given back under each no more than
// under that which they began to drain from first. It remembers 48 to 96 bytes
// until r has run out.
func (l *Local) Refund(ctx context.Context, r Receipt) error { return r.refund(ctx) }

func (l *Local) refund(ctx context.Context, rc localReceipt) error {
	if err := contextError(ctx); err != nil {
		return err
	}
	s := l.shard(rc.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.tick(l.clock.now())
	s.sweep(now)
	r, ok := s.table(rc.plan).find(rc.id)
	if !ok || now >= l.method.until(&rc) || s.past.void(&rc) {
		return nil
	}
	rc.slack = s.past.shifted(&rc)
	gone := taken{seq: rc.seq, before: s.seq}
	gone.gain, gone.until = l.method.refund(s, r, now, &rc)
	s.past.note(rc.id, gone)
	return nil
}
