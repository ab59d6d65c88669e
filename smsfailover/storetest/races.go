package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func raceScenarios() []scenario {
	return []scenario{
		{name: "ManyWorkersClaimEachOnce", run: manyWorkers, ownPace: true},
		{name: "EnqueueWhileClaiming", run: enqueueWhileClaiming, ownPace: true},
		{name: "ManyWorkersAndLeasesThatEnd", run: leasesThatEnd, ownPace: true},
	}
}

func jobsOf(n int, f func(i int) smsfailover.Job) []smsfailover.Job {
	jobs := make([]smsfailover.Job, n)
	for i := range jobs {
		jobs[i] = f(i)
	}
	return jobs
}

// together runs f in n goroutines that start as one.
func together[T any](n int, f func(i int) (T, error)) ([]T, []error) {
	out, errs := make([]T, n), make([]error, n)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			out[i], errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return out, errs
}

// openPods makes pods n Stores of the same data, as several processes have.
func (e *env) openPods(n int) {
	e.pods = []smsfailover.Store{e.s}
	for len(e.pods) < n && e.caps.Durable && e.h.Reopen != nil {
		e.pods = append(e.pods, e.reopen())
	}
}

func (e *env) reopen() smsfailover.Store {
	e.t.Helper()
	s := e.h.Reopen(e.t)
	if s == nil {
		e.t.Fatalf("storetest: Reopen returned nil")
	}
	return e.spied(s)
}

const workers = 8

// A tally counts what happens to jobs.
type tally struct {
	mu     sync.Mutex
	claims map[string]int
	done   map[string]int
	lost   atomic.Int64
}

func newTally() *tally { return &tally{claims: make(map[string]int), done: make(map[string]int)} }

func (c *tally) claimed(jobs []smsfailover.Job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, j := range jobs {
		c.claims[j.ID]++
	}
}

// finish does the jobs and returns how many were not lost.
func (c *tally) finish(ctx context.Context, s smsfailover.Store, jobs []smsfailover.Job) (int, error) {
	err := s.Done(ctx, refs(jobs...)...)
	gone, err := lostIDs(err)
	if err != nil {
		return 0, err
	}
	c.lost.Add(int64(len(gone)))
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, j := range jobs {
		if !gone[j.ID] {
			c.done[j.ID]++
		}
	}
	return len(jobs) - len(gone), nil
}

// work claims and does jobs until n are done in all.
func (e *env) work(c *tally, s smsfailover.Store, batch int, lease time.Duration, left *atomic.Int64, deadline time.Time) error {
	ctx := e.t.Context()
	for left.Load() > 0 {
		jobs, err := s.Claim(ctx, "worker", batch, lease)
		if err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		if len(jobs) == 0 {
			if time.Now().After(deadline) {
				return fmt.Errorf("%d jobs are left, and none can be claimed", left.Load())
			}
			time.Sleep(2 * time.Millisecond) // polls, as a worker does
			continue
		}
		c.claimed(jobs)
		n, err := c.finish(ctx, s, jobs)
		if err != nil {
			return fmt.Errorf("done: %w", err)
		}
		left.Add(-int64(n))
	}
	return nil
}

// patience is how long workers look for jobs that should be there.
const patience = time.Minute

// settle checks that each job was done once, and claimed once if no claim was
// lost.
func (e *env) settle(c *tally, want int, errs []error) {
	e.t.Helper()
	for _, err := range errs {
		e.check("worker", err)
	}
	if len(c.done) != want {
		e.fatalf("%d jobs were done, want %d", len(c.done), want)
	}
	double, twice := 0, 0
	for id, n := range c.claims {
		if n > 1 {
			double++
		}
		if c.done[id] > 1 {
			twice++
		}
	}
	if twice > 0 {
		e.fatalf("%d jobs were done under two tokens", twice)
	}
	if double > 0 && !e.h.Takeover {
		e.fatalf("%d of %d jobs were claimed by two workers at once", double, want)
	}
	if c.lost.Load() > 0 && !e.h.Takeover {
		e.fatalf("%d claims were lost before their leases ended", c.lost.Load())
	}
}

// 8 workers in two pods share 4000 jobs: each is claimed once.
func manyWorkers(e *env) {
	const n = 4000
	e.openPods(2)
	for range n / 500 {
		e.put(smsfailover.Queued, e.someJobs(500)...)
	}
	c := newTally()
	var left atomic.Int64
	left.Store(n)
	deadline := time.Now().Add(patience)
	_, errs := together(workers, func(i int) (struct{}, error) {
		return struct{}{}, e.work(c, e.pods[i%len(e.pods)], 50, time.Hour, &left, deadline)
	})
	e.settle(c, n, errs)
	e.empty()
}

// Inserts and claims don't get into each other's way: not one call fails.
func enqueueWhileClaiming(e *env) {
	const producers, batches, batch = 4, 20, 10
	e.openPods(2)
	jobs := e.someJobs(producers * batches * batch)
	c := newTally()
	var left atomic.Int64
	left.Store(int64(len(jobs)))
	deadline := time.Now().Add(patience)
	_, errs := together(producers+4, func(i int) (struct{}, error) {
		s := e.pods[i%len(e.pods)]
		if i >= producers {
			return struct{}{}, e.work(c, s, 10, time.Hour, &left, deadline)
		}
		for b := range batches {
			at := (i*batches + b) * batch
			if _, err := s.Enqueue(e.t.Context(), jobs[at:at+batch]...); err != nil {
				return struct{}{}, fmt.Errorf("enqueue: %w", err)
			}
		}
		return struct{}{}, nil
	})
	e.settle(c, len(jobs), errs)
	e.empty()
}

// Workers die all the time with jobs in hand: each job has one token that is
// good at any time, and is done once.
func leasesThatEnd(e *env) {
	const n = 200
	e.openPods(2)
	e.put(smsfailover.Queued, e.someJobs(n)...)
	lease := e.lease / 4
	c := newTally()
	var left atomic.Int64
	left.Store(n)
	deadline := time.Now().Add(patience)
	_, errs := together(workers, func(i int) (struct{}, error) {
		s := e.pods[i%len(e.pods)]
		held, err := s.Claim(e.t.Context(), "dies", 10, lease)
		if err != nil {
			return struct{}{}, fmt.Errorf("claim: %w", err)
		}
		if err := e.work(c, s, 10, lease, &left, deadline); err != nil {
			return struct{}{}, err
		}
		again, err := c.finish(e.t.Context(), s, held)
		if err != nil || again > 0 {
			return struct{}{}, fmt.Errorf("done of %d jobs that others did: %d times accepted, %w", len(held), again, err)
		}
		return struct{}{}, nil
	})
	c.lost.Store(0) // they should be
	clear(c.claims)
	e.settle(c, n, errs)
	e.empty()
}
