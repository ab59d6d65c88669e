package smsfailover

import (
	"context"
	"sync"
	"time"
)

// A claim is a message that a runner holds.
type claim struct {
	job        Job
	claimed    time.Time     // when; job is as it was then, or after
	refusedFor time.Duration // set by work: how long the monitor wants to rest

	// Guarded by leases.mu.
	until   time.Time               // when the lease ends, as far as is known
	overdue time.Time               // when work should be over; zero before it begins
	cancel  context.CancelCauseFunc // of the send; nil before it begins
	lost    bool
}

// leases are the claims that a runner holds, which a heartbeat prolongs.
type leases struct {
	mu      sync.Mutex
	held    map[Ref]*claim
	overdue time.Time // when some worker should be free again; zero before any begins
}

func (l *leases) add(c *claim) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[c.job.Ref()] = c
}

func (l *leases) drop(c *claim) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, c.job.Ref())
}

// begin reports whether the claim still holds. If so, cancel is called when it is
// lost, and it is not prolonged beyond overdue.
func (l *leases) begin(c *claim, cancel context.CancelCauseFunc, overdue time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.lost || !time.Now().Before(c.until) {
		return false
	}
	c.cancel = cancel
	l.expect(c, overdue)
	return true
}

// expect notes when c should be over. It requires the lock.
func (l *leases) expect(c *claim, overdue time.Time) {
	c.overdue = overdue
	if overdue.After(l.overdue) {
		l.overdue = overdue
	}
}

// sent notes that the send is over, and the report of it begins.
func (l *leases) sent(c *claim, overdue time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.cancel = nil
	l.expect(c, overdue)
}

// end returns when the claim ends.
func (l *leases) end(c *claim) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return c.until
}

// wanted returns what to prolong: all but what hangs, and what waits for workers
// that all do.
func (l *leases) wanted() []Ref {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	var refs []Ref
	for ref, c := range l.held {
		end := c.overdue
		if end.IsZero() {
			end = l.overdue
		}
		if !c.lost && (end.IsZero() || now.Before(end)) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// prolonged notes that refs now last until then, but for those that are lost.
func (l *leases) prolonged(refs, lost []Ref, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ref := range refs {
		if c := l.held[ref]; c != nil {
			c.until = until
		}
	}
	for _, ref := range lost {
		c := l.held[ref]
		if c == nil { // it was reported meanwhile
			continue
		}
		c.lost = true
		if c.cancel != nil {
			c.cancel(ErrLost)
		}
	}
}

// startHeartbeat prolongs what the runner holds until the function it returns is
// called, which waits for its end.
func (r *runner) startHeartbeat(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		wait := r.cfg.lease / 3
		for sleep(ctx, wait) {
			wait = r.cfg.lease / 3
			if r.prolong(ctx) != nil {
				wait = r.cfg.lease / 12 // there is time for some more tries
			}
		}
	}()
	return func() {
		cancel()
		<-over
	}
}

func (r *runner) prolong(ctx context.Context) error {
	refs := r.leases.wanted()
	if len(refs) == 0 {
		return nil
	}
	began := time.Now()
	var lost []Ref
	err := r.callStore(ctx, "extend", func(ctx context.Context) (err error) {
		lost, err = r.store.Extend(ctx, r.cfg.lease, refs...)
		return err
	})
	if err == nil {
		r.leases.prolonged(refs, lost, began.Add(r.cfg.lease))
	}
	return err
}
