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
// the hits of the key that came later.
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
	if !ok || now >= l.method.until(&rc) || !s.past.admit(&rc, l.method.until(&rc), now) {
		return nil
	}
	l.method.refund(s, r, now, &rc)
	return nil
}

// A past is what a shard must remember of hits that were taken back, so that
// nothing is given back twice: nothing per admission, and what it notes goes
// when the receipts concerned have run out.
type past struct {
	refunds map[uint64]int64 // by seq: until when
	resets  map[id]forgotten
}

// A forgotten is a key that was reset.
type forgotten struct {
	seq   uint64 // receipts up to it are void
	until int64  // and later have run out
}

// admit reports whether rc may be refunded, and notes that it was.
func (p *past) admit(rc *localReceipt, until, now int64) bool {
	p.sweep(now)
	if f, ok := p.resets[rc.id]; ok && rc.seq <= f.seq {
		return false
	}
	if _, ok := p.refunds[rc.seq]; ok {
		return false
	}
	if p.refunds == nil {
		p.refunds = make(map[uint64]int64)
	}
	p.refunds[rc.seq] = until
	return true
}

// forget voids k's receipts up to seq, which run out at until.
func (p *past) forget(k id, seq uint64, until, now int64) {
	p.sweep(now)
	if p.resets == nil {
		p.resets = make(map[id]forgotten)
	}
	p.resets[k] = forgotten{seq, until}
}

// pastPerCall is how many notes a call looks at, which is more than it adds. A
// map's walk begins anywhere, so that all have their turn.
const pastPerCall = 3

func (p *past) sweep(now int64) {
	left := pastPerCall
	for seq, until := range p.refunds {
		if until <= now {
			delete(p.refunds, seq)
		}
		if left--; left == 0 {
			break
		}
	}
	left = pastPerCall
	for k, f := range p.resets {
		if f.until <= now {
			delete(p.resets, k)
		}
		if left--; left == 0 {
			break
		}
	}
	p.shrink()
}

// shrink gives up maps that have become empty, since maps never shrink.
func (p *past) shrink() {
	if len(p.refunds) == 0 {
		p.refunds = nil
	}
	if len(p.resets) == 0 {
		p.resets = nil
	}
}

func (p *past) empty() bool { return p.refunds == nil && p.resets == nil }
