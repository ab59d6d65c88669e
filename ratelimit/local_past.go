package ratelimit

import (
	"slices"
	"sort"
)

// A past is what a shard must remember of hits that were taken back, so that
// nothing is given back twice. An admission needs no note, and a note goes when
// the receipts that it concerns have run out.
type past map[id]*history

// A history is the notes on one key.
type history struct {
	reset uint64   // receipts up to this seq are void
	until int64    // when the notes are of no more use
	done  []uint64 // the seqs of the refunded receipts, rising: there may be many
	taken []taken  // in the order of the refunds
}

// A taken is one refund.
type taken struct {
	seq    uint64 // of the receipt
	before uint64 // the latest seq when it was refunded
	gain   span   // by how much the hits between the two are paid for earlier
	until  int64
}

// void reports whether rc was refunded, or its key was reset since.
func (p past) void(rc *localReceipt) bool {
	h := p[rc.id]
	if h == nil {
		return false
	}
	if rc.seq <= h.reset {
		return true
	}
	_, done := slices.BinarySearch(h.done, rc.seq)
	return done
}

// shifted returns rc's slack less what refunds of earlier hits have taken from
// it since. Only GCRA has slack.
func (p past) shifted(rc *localReceipt) span {
	slack, h := rc.slack, p[rc.id]
	if h == nil || rc.plan.owner.algorithm != GCRA {
		return slack
	}
	since := sort.Search(len(h.taken), func(i int) bool { return h.taken[i].before >= rc.seq })
	for i := range h.taken[since:] {
		if g := &h.taken[since+i]; g.seq < rc.seq {
			slack = slack.minus(g.gain, rc.plan.rules[0].den)
		}
	}
	return slack
}

func (p *past) history(k id) *history {
	if *p == nil {
		*p = make(past)
	}
	h := (*p)[k]
	if h == nil {
		h = new(history)
		(*p)[k] = h
	}
	return h
}

func (p *past) note(k id, t taken) {
	h := p.history(k)
	at, _ := slices.BinarySearch(h.done, t.seq)
	h.done, h.taken = slices.Insert(h.done, at, t.seq), append(h.taken, t)
	h.until = max(h.until, t.until)
}

// forget voids k's receipts up to seq, which run out at until.
func (p *past) forget(k id, seq uint64, until int64) {
	h := p.history(k)
	h.reset, h.done, h.taken = seq, nil, nil
	h.until = max(h.until, until)
}

// pastPerSweep is how many keys' notes a sweep looks at, which is more than the
// calls since the last have added. A map's walk begins anywhere, so that all have
// their turn.
const pastPerSweep = 2 * sweepEvery

// sweep removes notes that are of no more use.
func (p *past) sweep(now int64) {
	left := pastPerSweep
	for k, h := range *p {
		h.sweep(now)
		if h.until <= now {
			delete(*p, k)
		}
		if left--; left == 0 {
			break
		}
	}
	if len(*p) == 0 {
		*p = nil // a map never shrinks
	}
}

// sweep removes old refunds from the front; all last about as long. What they
// took is free when an array is full and its rest moves.
func (h *history) sweep(now int64) {
	for len(h.taken) > 0 && h.taken[0].until <= now {
		at, _ := slices.BinarySearch(h.done, h.taken[0].seq)
		if at == 0 {
			h.done = h.done[1:]
		} else {
			h.done = slices.Delete(h.done, at, at+1)
		}
		h.taken = h.taken[1:]
	}
}
