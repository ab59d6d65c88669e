package storetest

import (
	"context"
	"os"
	"sync/atomic"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A pointStore writes down what the Failover does with its store, and kills the
// process at one point.
type pointStore struct {
	smsfailover.Store
	log   *crashLog
	point string
	left  atomic.Int64 // how often to pass the point alive
}

// pass ends the process, if this is where it should die.
func (s *pointStore) pass(point string) {
	if s.point != point || s.left.Add(-1) != 0 {
		return
	}
	s.log.add(evKill, "", point)
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill() // SIGKILL: nothing is cleaned up
	}
	if err != nil {
		panic(err)
	}
	select {} // it comes any moment
}

func (s *pointStore) Enqueue(ctx context.Context, jobs ...smsfailover.Job) ([]smsfailover.Outcome, error) {
	out, err := s.Store.Enqueue(ctx, jobs...)
	if err != nil {
		return out, err
	}
	for _, j := range jobs {
		s.log.add(evStored, j.ID, "")
		if j.Token != "" {
			s.log.add(evClaimed, j.ID, "")
		}
	}
	s.pass(pointStored)
	return out, nil
}

func (s *pointStore) Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]smsfailover.Job, error) {
	jobs, err := s.Store.Claim(ctx, owner, n, lease)
	for _, j := range jobs {
		s.log.add(evClaimed, j.ID, "")
	}
	if len(jobs) > 0 {
		s.pass(pointClaimed)
	}
	return jobs, err
}

func (s *pointStore) Extend(ctx context.Context, lease time.Duration, refs ...smsfailover.Ref) ([]smsfailover.Ref, error) {
	if len(refs) > 0 {
		s.pass(pointExtending)
	}
	lost, err := s.Store.Extend(ctx, lease, refs...)
	for _, r := range lost {
		s.log.add(evLost, r.ID, "extend")
	}
	return lost, err
}

func (s *pointStore) Done(ctx context.Context, refs ...smsfailover.Ref) error {
	s.pass(pointSent)
	err := s.Store.Done(ctx, refs...)
	s.reported(evDone, err, refs...)
	return err
}

func (s *pointStore) Retry(ctx context.Context, r smsfailover.Ref, after time.Duration, cause string) error {
	err := s.Store.Retry(ctx, r, after, cause)
	s.reported(evEnded, err, r)
	return err
}

func (s *pointStore) Release(ctx context.Context, after time.Duration, refs ...smsfailover.Ref) error {
	err := s.Store.Release(ctx, after, refs...)
	s.reported(evEnded, err, refs...)
	return err
}

func (s *pointStore) Bury(ctx context.Context, r smsfailover.Ref, cause string) error {
	err := s.Store.Bury(ctx, r, cause)
	s.reported(evEnded, err, r)
	return err
}

// reported writes down what came of a report of kind.
func (s *pointStore) reported(kind string, err error, refs ...smsfailover.Ref) {
	gone, other := lostIDs(err)
	for _, r := range refs {
		switch {
		case other != nil && kind == evDone:
			s.log.add(evUndone, r.ID, other.Error())
		case other != nil: // it will be tried again
		case gone[r.ID]:
			s.log.add(evLost, r.ID, "report")
		default:
			s.log.add(kind, r.ID, "")
		}
	}
}
