package smsfailover

import (
	"context"
	"math"
	"time"
)

// Run sends queued messages until ctx is done, and then returns nil: it stops
// claiming, gives back what it has claimed and not begun, and waits for the sends
// in flight, which end within [WithSendTimeout], and their reports. It leaves no
// goroutine and, unless the store fails, no lease behind. While it runs, another
// Run of f is [ErrRunning]; other processes may run theirs on the same store.
//
// It claims as much as its workers can take, less while the monitor's health is
// low (then one claim each 100 ms), nothing while it is open. Every send asks the
// limiter and the monitor first, as a live one does. A message that
//   - is past its NotAfter is forgotten: it is never sent later than that;
//   - has failed goes back with the delay of [WithBackoff], or is buried when its
//     attempts are spent or no retry would help;
//   - is limited, or finds the provider throttling, goes back without an attempt;
//   - can't be opened by the [Sealer], has been queued for too long, or has had
//     too many workers die over it is buried.
//
// A provider that panics has failed. A failure of the store is tried again: a
// claim after a pause, a report for as long as the lease lasts. A send whose lease
// is lost to another worker is canceled with the cause [ErrLost]. A provider that
// ignores its context keeps Run from returning; after another lease its message
// goes to the next worker all the same, and so does what waits in a process whose
// workers are all kept like this.
func (f *Failover) Run(ctx context.Context) error {
	if !f.running.CompareAndSwap(false, true) {
		return ErrRunning
	}
	defer f.running.Store(false)
	r := &runner{
		Failover: f,
		landed:   make(chan *claim, f.cfg.workers),
		leases:   leases{held: make(map[Ref]*claim)},
	}
	base := context.WithoutCancel(ctx)
	stop := r.startHeartbeat(base)
	defer stop()
	for ctx.Err() == nil {
		r.claim(base)
		if ctx.Err() == nil { // claiming takes its time
			r.launch(base)
		}
		r.wait(ctx)
	}
	r.putHandBack(base)
	for r.flying > 0 {
		r.land(<-r.landed)
	}
	return nil
}

// A runner is one Run. Its fields belong to that goroutine, but for leases.
type runner struct {
	*Failover
	leases leases
	hand   []*claim // claimed and not begun
	flying int      // sends under way
	landed chan *claim
	last   time.Time // when it last claimed
	next   time.Time // when to claim again
	due    time.Time // when something is that this process has queued; zero: unknown
	idle   bool      // next is that far off only as nothing was due
}

const (
	rampStep   = 100 * time.Millisecond // between claims while health is low
	claimGap   = 20 * time.Millisecond  // between claims for what this process queues
	claimAgain = time.Second            // after the store failed
)

// share returns n scaled by health, and at least 1.
func share(n int, health float64) int {
	return max(1, int(math.Ceil(float64(n)*min(1, health))))
}

// claim fills the hand, if it is time to.
func (r *runner) claim(ctx context.Context) {
	now := time.Now()
	if now.Before(r.next) {
		return
	}
	r.idle = false
	if d := r.gate.RetryAfter(); d > 0 {
		r.next = now.Add(min(d, r.cfg.poll))
		return
	}
	health := r.gate.Health()
	if again := r.last.Add(rampStep); health < 1 && now.Before(again) {
		r.next = again
		return
	}
	n := r.appetite(health)
	if n == 0 {
		return
	}
	r.last = now
	got, err := r.claimUpTo(ctx, n)
	switch {
	case err != nil:
		r.next = now.Add(spread(claimAgain/2, claimAgain))
	case got < n:
		if !now.Before(r.due) {
			r.due = time.Time{}
		}
		r.next, r.idle = r.untilDue(now, now.Add(spread(r.cfg.poll/2, r.cfg.poll))), true
	}
}

// appetite returns how many messages to claim; 0 until it is worth a call.
func (r *runner) appetite(health float64) int {
	batch := share(r.cfg.batch, health)
	most := max(batch, share(r.cfg.workers, health))
	n := min(batch, most-len(r.hand)-r.flying)
	if len(r.hand) > 0 && 2*n < batch {
		return 0
	}
	return max(0, n)
}

func (r *runner) claimUpTo(ctx context.Context, n int) (int, error) {
	began := time.Now()
	var jobs []Job
	err := r.callStore(ctx, "claim", func(ctx context.Context) (err error) {
		jobs, err = r.store.Claim(ctx, r.owner, n, r.cfg.lease)
		return err
	})
	for i := range jobs {
		c := &claim{job: jobs[i], claimed: began, until: began.Add(r.cfg.lease)}
		r.hand = append(r.hand, c)
		r.leases.add(c)
	}
	return len(jobs), err
}

// launch begins as many sends as health allows.
func (r *runner) launch(ctx context.Context) {
	if len(r.hand) > 0 && r.gate.RetryAfter() > 0 {
		r.rest(ctx, r.gate.RetryAfter())
		return
	}
	width := share(r.cfg.workers, r.gate.Health())
	for len(r.hand) > 0 && r.flying < width {
		c := r.hand[0]
		r.hand = r.hand[1:]
		r.flying++
		go func() {
			defer func() { r.landed <- c }() // also when the provider ends the goroutine
			r.work(ctx, c)
		}()
	}
}

// wait returns when there may be something to do.
func (r *runner) wait(ctx context.Context) {
	var due <-chan time.Time
	if r.appetite(r.gate.Health()) > 0 {
		t := time.NewTimer(time.Until(r.next))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
	case <-due:
	case c := <-r.landed:
		r.land(c)
		if c.refusedFor > 0 {
			r.rest(context.WithoutCancel(ctx), c.refusedFor)
		}
	case <-r.alarm.rung:
		r.hear(r.alarm.heard())
	}
}

// hear notes that something is due then, and claims it if nothing but the poll
// keeps from it.
func (r *runner) hear(due time.Time) {
	if due.IsZero() { // it rang twice, and the first time all was heard
		return
	}
	if r.due.IsZero() || due.Before(r.due) {
		r.due = due
	}
	if r.idle {
		r.next = r.untilDue(r.last, r.next)
	}
}

// untilDue returns when to claim if something is due before next.
func (r *runner) untilDue(last, next time.Time) time.Time {
	if r.due.IsZero() || r.due.After(next) {
		return next
	}
	if soonest := last.Add(claimGap); r.due.Before(soonest) {
		return soonest
	}
	return r.due
}

func (r *runner) land(c *claim) {
	r.flying--
	r.leases.drop(c)
}

// rest gives back what has not begun, and claims nothing until the monitor may
// let something through.
func (r *runner) rest(ctx context.Context, d time.Duration) {
	r.putHandBack(ctx)
	r.next = time.Now().Add(min(d, r.cfg.poll))
	r.idle = false
}

func (r *runner) putHandBack(ctx context.Context) {
	if len(r.hand) == 0 {
		return
	}
	refs := make([]Ref, len(r.hand))
	for i, c := range r.hand {
		refs[i] = c.job.Ref()
	}
	// What can't be given back is free when its lease ends.
	if r.release(ctx, within(r.cfg.callTimeout), 0, refs...) == nil {
		r.count.released.Add(uint64(len(refs)))
	}
	for _, c := range r.hand {
		r.leases.drop(c)
	}
	r.hand = nil
}
