package storetest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/ycvk/tinybook/internal/teeth"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/storetest"
)

type (
	job = smsfailover.Job
	ref = smsfailover.Ref
)

// A fault breaks a store in one way. What is nil works.
type fault struct {
	name   string
	caught string // a scenario that must fail
	says   string // and what it must say

	job     func(f *faulty, j *job) // changes what is enqueued
	out     func(f *faulty, j *job) // changes what is claimed
	enqueue func(f *faulty, ctx context.Context, jobs []job) ([]smsfailover.Outcome, error)
	claim   func(f *faulty, ctx context.Context, n int, lease time.Duration) ([]job, error)
	extend  func(f *faulty, ctx context.Context, lease time.Duration, refs []ref) ([]ref, error)
	done    func(f *faulty, ctx context.Context, refs []ref) error
	retry   func(f *faulty, ctx context.Context, r ref, after time.Duration, cause string) error
	release func(f *faulty, ctx context.Context, after time.Duration, refs []ref) error
	bury    func(f *faulty, ctx context.Context, r ref, cause string) error
	redrive func(f *faulty, ctx context.Context, filter smsfailover.Filter) (int, error)
	dead    func(f *faulty, ctx context.Context, filter smsfailover.Filter) ([]job, error)
	depth   func(d *smsfailover.Depth)
	harness func(h *storetest.Harness)
	caps    func(c *storetest.Caps)
}

// A faulty is a store that works but for its fault.
type faulty struct {
	smsfailover.Store
	fault fault
	mu    sync.Mutex
	notes map[string]job // for the fault to remember jobs in
	count int
}

func (f *faulty) note(key string, j job) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notes[key] = j
}

func (f *faulty) noted(key string) (job, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j, ok := f.notes[key]
	return j, ok
}

// nth reports whether this is one call of n.
func (f *faulty) nth(n int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	return f.count%n == 0
}

func (f *faulty) Enqueue(ctx context.Context, jobs ...job) ([]smsfailover.Outcome, error) {
	if f.fault.job != nil {
		jobs = append([]job(nil), jobs...)
		for i := range jobs {
			f.fault.job(f, &jobs[i])
		}
	}
	if f.fault.enqueue != nil {
		return f.fault.enqueue(f, ctx, jobs)
	}
	return f.Store.Enqueue(ctx, jobs...)
}

func (f *faulty) Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]job, error) {
	claim := f.fault.claim
	if claim == nil {
		claim = func(f *faulty, ctx context.Context, n int, lease time.Duration) ([]job, error) {
			return f.Store.Claim(ctx, owner, n, lease)
		}
	}
	jobs, err := claim(f, ctx, n, lease)
	for i := range jobs {
		if f.fault.out != nil {
			f.fault.out(f, &jobs[i])
		}
	}
	return jobs, err
}

func (f *faulty) Extend(ctx context.Context, lease time.Duration, refs ...ref) ([]ref, error) {
	if f.fault.extend != nil {
		return f.fault.extend(f, ctx, lease, refs)
	}
	return f.Store.Extend(ctx, lease, refs...)
}

func (f *faulty) Done(ctx context.Context, refs ...ref) error {
	if f.fault.done != nil {
		return f.fault.done(f, ctx, refs)
	}
	return f.Store.Done(ctx, refs...)
}

func (f *faulty) Retry(ctx context.Context, r ref, after time.Duration, cause string) error {
	if f.fault.retry != nil {
		return f.fault.retry(f, ctx, r, after, cause)
	}
	return f.Store.Retry(ctx, r, after, cause)
}

func (f *faulty) Release(ctx context.Context, after time.Duration, refs ...ref) error {
	if f.fault.release != nil {
		return f.fault.release(f, ctx, after, refs)
	}
	return f.Store.Release(ctx, after, refs...)
}

func (f *faulty) Bury(ctx context.Context, r ref, cause string) error {
	if f.fault.bury != nil {
		return f.fault.bury(f, ctx, r, cause)
	}
	return f.Store.Bury(ctx, r, cause)
}

func (f *faulty) Redrive(ctx context.Context, filter smsfailover.Filter) (int, error) {
	if f.fault.redrive != nil {
		return f.fault.redrive(f, ctx, filter)
	}
	return f.Store.Redrive(ctx, filter)
}

func (f *faulty) Dead(ctx context.Context, filter smsfailover.Filter) ([]job, error) {
	if f.fault.dead != nil {
		return f.fault.dead(f, ctx, filter)
	}
	return f.Store.Dead(ctx, filter)
}

func (f *faulty) Depth(ctx context.Context) (smsfailover.Depth, error) {
	d, err := f.Store.Depth(ctx)
	if f.fault.depth != nil {
		f.fault.depth(&d)
	}
	return d, err
}

// openFaulty makes a MemStore look durable: Reopen is one more door to the same.
func openFaulty(fault fault) storetest.Harness {
	mem := smsfailover.NewMemStore()
	door := func() smsfailover.Store {
		return &faulty{Store: mem, fault: fault, notes: make(map[string]job)}
	}
	h := storetest.Harness{
		Store:  door(),
		Reopen: func(*testing.T) smsfailover.Store { return door() },
		Lease:  time.Minute,
		Grain:  time.Nanosecond,
	}
	if fault.harness != nil {
		fault.harness(&h)
	}
	return h
}

// The suite passes the store that every fault is built on.
func TestSoundStorePasses(t *testing.T) { runFaulty(t, fault{}) }

func TestSuiteHasTeeth(t *testing.T) {
	var all []teeth.Fault
	for _, f := range faults() {
		all = append(all, teeth.Fault{Name: f.name, Caught: f.caught, Says: f.says, Suite: func(t *testing.T) { runFaulty(t, f) }})
	}
	teeth.Bite(t, all)
}

func runFaulty(t *testing.T, f fault) {
	t.Helper()
	caps := storetest.Caps{Durable: true, Dedupe: true, Supersede: true}
	if f.caps != nil {
		f.caps(&caps)
	}
	storetest.RunBubble(t, func(*testing.T) storetest.Harness { return openFaulty(f) }, caps)
}
