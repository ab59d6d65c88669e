package smsfailover

import (
	"container/list"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A MemStore is a [Store] in the memory of this process: it has all of the
// contract but durability. When the process ends, however it ends, the messages
// in it are lost; use it for tests, and where losing them is agreed upon.
//
// Enqueue, and what finishes or moves a job, cost O(log m) per job of m live
// ones, Claim O(log m) per job that it returns or that came due since the last
// call, Depth the latter only, and Dead and Redrive O(dead letters). One lock
// guards it all. A job takes some 500 bytes and its strings, and each IdemKey of
// the last [IdemRetention] some 200. Dead letters stay until they are redriven.
//
// It comes from [NewMemStore]: the zero MemStore can't take anything. It reads the
// monotonic clock, and starts no goroutine. It is safe for concurrent use.
type MemStore struct {
	mu     sync.Mutex
	jobs   map[string]*memJob  // by ID: live, dead, and superseded in flight
	live   map[memPair]*memJob // the one that goes out next
	ready  [3]memQueue         // due, by band; lowest first
	later  memQueue            // delayed and leased
	age    memQueue            // all live ones
	leased int                 // how many of later are claimed
	dead   list.List           // of *memJob, those buried first first
	idem   memIdem
	seq    uint64 // of the last job
	token  uint64 // the last one
}

var _ Store = (*MemStore)(nil)

// NewMemStore returns an empty store.
func NewMemStore() *MemStore {
	s := &MemStore{
		jobs: make(map[string]*memJob),
		live: make(map[memPair]*memJob),
		idem: memIdem{stored: make(map[string]time.Time)},
		age:  memQueue{before: enqueuedFirst, place: agePlace},
	}
	for i := range s.ready {
		s.ready[i] = memQueue{before: dueFirst, place: duePlace}
	}
	s.later = memQueue{before: dueFirst, place: duePlace}
	return s
}

// Enqueue stores copies of jobs; see [Store].
func (s *MemStore) Enqueue(ctx context.Context, jobs ...Job) ([]Outcome, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for i := range jobs {
		if err := storable(&jobs[i]); err != nil {
			return nil, fmt.Errorf("job %d of %d: %w", i+1, len(jobs), err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.idem.forget(now, 2*len(jobs)) // more than are added
	out := make([]Outcome, len(jobs))
	for i := range jobs {
		out[i] = s.add(now, &jobs[i])
	}
	return out, nil
}

func storable(j *Job) error {
	if j.ID == "" {
		return fmt.Errorf("%w: Message.ID is empty", ErrInput)
	}
	return j.Validate()
}

func (s *MemStore) add(now time.Time, j *Job) Outcome {
	if s.jobs[j.ID] != nil || s.idem.has(j.IdemKey, now) {
		return Duplicate
	}
	pair := memPair{j.TplID, j.To}
	old := s.live[pair]
	if old != nil && old.job.Sealed == j.Sealed && slices.Equal(old.job.Args, j.Args) {
		old.job.NotAfter = laterEnd(old.job.NotAfter, pinned(now, j.NotAfter))
		return Duplicate
	}
	s.seq++
	e := newMemJob(now, s.seq, j)
	outcome := Queued
	if old != nil {
		s.supersede(old, e)
		outcome = Superseded
	}
	s.jobs[j.ID] = e
	s.idem.add(j.IdemKey, now)
	s.enliven(e, now)
	return outcome
}

// supersede takes old out of the queue. If it is claimed it stays known, and so
// does one that old itself has to wait for: e waits for it now.
func (s *MemStore) supersede(old, e *memJob) {
	s.retire(old)
	if old.job.Token == "" {
		delete(s.jobs, old.job.ID)
		old = old.older
	}
	if old != nil {
		e.older, old.newer = old, e
		if e.job.Token != "" { // that claim never was
			e.job.Claims = max(e.job.Claims-1, 0)
			e.unclaim()
		}
	}
}

// Claim leases jobs; see [Store]. It makes no use of owner.
func (s *MemStore) Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]Job, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if n <= 0 || lease <= 0 {
		return nil, fmt.Errorf("%w: Claim of %d jobs for %v, want both above 0", ErrInput, n, lease)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.promote(now)
	var out []Job
	for band := len(s.ready) - 1; band >= 0; band-- {
		for q := &s.ready[band]; len(out) < n && q.Len() > 0; {
			out = append(out, s.claim(q.jobs[0], now, lease))
		}
	}
	return out, nil
}

func (s *MemStore) claim(e *memJob, now time.Time, lease time.Duration) Job {
	s.unschedule(e)
	if e.older != nil {
		delete(s.jobs, e.older.job.ID)
		e.older = nil
	}
	s.token++
	e.job.Token = strconv.FormatUint(s.token, 36)
	e.job.LeaseUntil = now.Add(lease)
	e.job.Claims++
	s.schedule(e, now)
	return e.copy()
}

// Depth counts the jobs; see [Store].
func (s *MemStore) Depth(ctx context.Context) (Depth, error) {
	if ctx.Err() != nil {
		return Depth{}, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.promote(time.Now())
	d := Depth{Leased: s.leased, Delayed: s.later.Len() - s.leased, Dead: s.dead.Len()}
	for i := range s.ready {
		d.Ready += s.ready[i].Len()
	}
	if s.age.Len() > 0 {
		d.Oldest = s.age.jobs[0].job.Enqueued
	}
	return d, nil
}
