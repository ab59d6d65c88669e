package smsfailover

import (
	"container/heap"
	"container/list"
	"slices"
	"time"
)

// A memPair is what two messages share of which only the newer one goes out.
type memPair struct{ tplID, to string }

// A memJob is a job in a MemStore. It is live, dead (burial is set) or superseded
// in flight (newer is set).
type memJob struct {
	job    Job
	seq    uint64        // order of Enqueue
	due    time.Time     // when it may be claimed, all things considered
	queue  *memQueue     // of ready or later; nil unless it is live
	at     int           // its place there
	ageAt  int           // and in age
	older  *memJob       // superseded by this one, and claimed: this one waits
	newer  *memJob       // the one that waits for this one
	burial *list.Element // in dead
}

func newMemJob(now time.Time, seq uint64, j *Job) *memJob {
	e := &memJob{job: *j, seq: seq}
	e.job.Args = slices.Clone(j.Args)
	e.job.NotAfter = pinned(now, j.NotAfter)
	e.job.Due = pinned(now, j.Due)
	e.job.LeaseUntil = pinned(now, j.LeaseUntil)
	e.job.Enqueued = now
	if e.job.Due.Before(now) {
		e.job.Due = now
	}
	if e.job.Token == "" || !e.job.LeaseUntil.After(now) {
		e.job.Token, e.job.LeaseUntil = "", time.Time{}
	}
	return e
}

// pinned returns t by the monotonic clock, so that it stays as far away as it is
// whatever the wall clock does. Zero stays zero.
func pinned(now, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return now.Add(t.Sub(now))
}

// laterEnd returns the later of two NotAfter; zero is never.
func laterEnd(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return a
	}
	return b
}

// comesDue returns when e may be claimed.
func (e *memJob) comesDue() time.Time {
	if e.job.Token != "" {
		return e.job.LeaseUntil
	}
	if e.older != nil && e.older.job.LeaseUntil.After(e.job.Due) {
		return e.older.job.LeaseUntil
	}
	return e.job.Due
}

func (e *memJob) unclaim() { e.job.Token, e.job.LeaseUntil = "", time.Time{} }

func (e *memJob) pair() memPair { return memPair{e.job.TplID, e.job.To} }

func (e *memJob) band() int {
	switch p := e.job.Priority; {
	case p < 0:
		return 0
	case p == 0:
		return 1
	}
	return 2
}

// copy returns the job with Args of its own.
func (e *memJob) copy() Job {
	j := e.job
	j.Args = slices.Clone(j.Args)
	return j
}

// enliven makes e the live job of its pair.
func (s *MemStore) enliven(e *memJob, now time.Time) {
	s.live[e.pair()] = e
	heap.Push(&s.age, e)
	s.schedule(e, now)
}

// retire undoes enliven.
func (s *MemStore) retire(e *memJob) {
	s.unschedule(e)
	heap.Remove(&s.age, e.ageAt)
	delete(s.live, e.pair())
}

// schedule puts e where its due says. What that depends on must not change until
// unschedule.
func (s *MemStore) schedule(e *memJob, now time.Time) {
	e.due = e.comesDue()
	if !e.due.After(now) {
		e.queue = &s.ready[e.band()]
	} else {
		e.queue = &s.later
		if e.job.Token != "" {
			s.leased++
		}
	}
	heap.Push(e.queue, e)
}

func (s *MemStore) unschedule(e *memJob) {
	if e.queue == &s.later && e.job.Token != "" {
		s.leased--
	}
	heap.Remove(e.queue, e.at)
	e.queue = nil
}

// promote makes ready what has come due.
func (s *MemStore) promote(now time.Time) {
	for s.later.Len() > 0 && !s.later.jobs[0].due.After(now) {
		e := s.later.jobs[0]
		s.unschedule(e)
		s.schedule(e, now)
	}
}
