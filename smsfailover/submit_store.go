package smsfailover

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// storeFirst stores entries under a claim of this call, and settles those that
// are not this call's to try.
func (f *Failover) storeFirst(ctx context.Context, first []*entry) {
	resting := f.gate.RetryAfter() > 0 // then there is no use in trying
	wait := result{verdict: refused}
	if resting {
		wait.err = errOpen
	}
	until := time.Now().Add(f.cfg.lease)
	jobs := make([]Job, len(first))
	for i, e := range first {
		jobs[i] = Job{Message: e.m}
		if !resting {
			jobs[i].Token, jobs[i].LeaseUntil, jobs[i].Claims = rand.Text(), until, 1
		}
		e.stored, e.ref, e.until = true, jobs[i].Ref(), until
		e.rest = wait
	}
	f.enqueue(ctx, first, jobs)
	var later []Ref
	for i, e := range first {
		switch {
		case e.err != nil:
		case e.receipt.Outcome == Queued && !resting:
			e.settled = false // its turn comes now
		case e.receipt.Outcome == Superseded && !resting:
			later = append(later, jobs[i].Ref())
		}
	}
	if len(later) > 0 {
		// Those that wait for an older one in flight have no claim: lost is fine,
		// and so is a failure, which the end of the lease makes good.
		_ = f.release(context.WithoutCancel(ctx), within(f.cfg.callTimeout), 0, later...)
		f.alarm.ring(0)
	}
}

// queue stores what could not be sent.
func (f *Failover) queue(ctx context.Context, rest []*entry) {
	now, first := time.Now(), maxDuration
	jobs := make([]Job, len(rest))
	for i, e := range rest {
		if e.rest.verdict == refused { // it is not this message that must wait
			e.rest.after = 0
		}
		first = min(first, e.rest.after)
		jobs[i] = Job{Message: e.m, Attempt: e.attempts, Claims: e.attempts, Due: now.Add(e.rest.after)}
		if e.attempts > 0 {
			jobs[i].Prev = e.rest.after
			jobs[i].LastErr = cause(e.rest.err)
		}
	}
	f.enqueue(context.WithoutCancel(ctx), rest, jobs)
	f.alarm.ring(first)
}

// enqueue stores jobs, which are those of entries, as far as there is room, and
// settles the entries.
func (f *Failover) enqueue(ctx context.Context, entries []*entry, jobs []Job) {
	if entries, jobs = f.sealAll(entries, jobs); len(jobs) == 0 {
		return
	}
	room, err := f.makeRoom(ctx, len(jobs))
	if err != nil {
		rejectAll(entries, err)
		return
	}
	for _, e := range entries[room:] {
		e.reject(because(ErrQueueFull, e.rest.err))
	}
	for entries, jobs = entries[:room], jobs[:room]; len(jobs) > 0; {
		n := min(len(jobs), atOnce)
		if err := f.enqueueSome(ctx, entries[:n], jobs[:n]); err != nil {
			// The store has had its time; more of it would be spent for nothing.
			f.gauge.settle(len(jobs)-n, 0)
			for _, e := range entries {
				e.reject(because(err, e.rest.err))
			}
			return
		}
		entries, jobs = entries[n:], jobs[n:]
	}
}

// sealAll seals jobs, and returns those that could be with their entries. It
// rejects the others.
func (f *Failover) sealAll(entries []*entry, jobs []Job) (whose []*entry, sealed []Job) {
	if f.cfg.sealer == nil {
		return entries, jobs
	}
	for i, e := range entries {
		switch err := seal(f.cfg.sealer, &jobs[i]); {
		case err == nil:
			whose, sealed = append(whose, e), append(sealed, jobs[i])
		case errors.Is(err, ErrInput): // that message is to blame, and no other
			e.reject(err)
		default: // the sealer is, and would be asked in vain for the rest
			rejectAll(append(whose, entries[i:]...), err)
			return nil, nil
		}
	}
	return whose, sealed
}

// atOnce is how many jobs a store gets in one call, which has to end in time.
const atOnce = 1000

// enqueueSome makes one call of the store, and settles the entries if it succeeds.
func (f *Failover) enqueueSome(ctx context.Context, entries []*entry, jobs []Job) error {
	var outcomes []Outcome
	err := f.callStore(ctx, "enqueue", func(ctx context.Context) (err error) {
		outcomes, err = f.store.Enqueue(ctx, jobs...)
		if err == nil && len(outcomes) != len(jobs) {
			err = fmt.Errorf("%d outcomes for %d jobs", len(outcomes), len(jobs))
		}
		return redactError(err, messages(entries)...) // it may be about any of them
	})
	if err != nil {
		outcomes = nil
	}
	look := f.gauge.settle(len(jobs), countStored(outcomes))
	if err != nil {
		return err
	}
	for i, e := range entries {
		e.look = look
		f.settleQueued(e, outcomes[i])
	}
	return nil
}

func (f *Failover) settleQueued(e *entry, o Outcome) {
	e.settle(o)
	if o == Duplicate || e.ref.Token != "" && o == Queued {
		return // nothing new, or about to be tried
	}
	f.tellQueued(e)
}

func messages(entries []*entry) []*Message {
	ms := make([]*Message, len(entries))
	for i, e := range entries {
		ms[i] = &e.m
	}
	return ms
}

func countStored(outcomes []Outcome) int {
	n := 0
	for _, o := range outcomes {
		if o == Queued { // a superseded one was there before
			n++
		}
	}
	return n
}

// because returns err with the reason why it mattered.
func because(err, reason error) error {
	if reason == nil {
		return err
	}
	return fmt.Errorf("%w, and it had to wait: %w", err, reason)
}

// cause returns what is kept of err, which is redacted.
func cause(err error) string {
	if err == nil {
		return ""
	}
	return cut(err.Error(), maxCause)
}
