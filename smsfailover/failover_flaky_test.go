package smsfailover_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

var errStore = errors.New("database is down at 10.0.0.1, args were 13800138000")

// A flaky store fails as told: before a call it does nothing, after it the
// answer is lost. It counts the calls.
type flaky struct {
	smsfailover.Store
	mu     sync.Mutex
	before func(call string) error
	after  func(call string) error
	calls  map[string]int
}

func newFlaky(s smsfailover.Store) *flaky {
	return &flaky{Store: s, calls: make(map[string]int)}
}

// fail makes the calls named fail from now on, all of them without a name; none
// with a nil error.
func (s *flaky) fail(err error, calls ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = func(call string) error {
		if len(calls) == 0 || slices.Contains(calls, call) {
			return err
		}
		return nil
	}
}

func (s *flaky) called(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[call]
}

func (s *flaky) do(call string, f func() error) error {
	if err := s.ask(call, true); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	return s.ask(call, false)
}

// ask returns what before or after says, one call at a time.
func (s *flaky) ask(call string, first bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.after
	if first {
		s.calls[call]++
		f = s.before
	}
	if f == nil {
		return nil
	}
	return f(call)
}

func (s *flaky) Enqueue(ctx context.Context, jobs ...smsfailover.Job) (out []smsfailover.Outcome, err error) {
	err = s.do("enqueue", func() (err error) { out, err = s.Store.Enqueue(ctx, jobs...); return err })
	return out, err
}

func (s *flaky) Claim(ctx context.Context, owner string, n int, lease time.Duration) (jobs []smsfailover.Job, err error) {
	err = s.do("claim", func() (err error) { jobs, err = s.Store.Claim(ctx, owner, n, lease); return err })
	if err != nil {
		jobs = nil
	}
	return jobs, err
}

func (s *flaky) Extend(ctx context.Context, lease time.Duration, refs ...smsfailover.Ref) (lost []smsfailover.Ref, err error) {
	err = s.do("extend", func() (err error) { lost, err = s.Store.Extend(ctx, lease, refs...); return err })
	return lost, err
}

func (s *flaky) Done(ctx context.Context, refs ...smsfailover.Ref) error {
	return s.do("done", func() error { return s.Store.Done(ctx, refs...) })
}

func (s *flaky) Retry(ctx context.Context, r smsfailover.Ref, after time.Duration, cause string) error {
	return s.do("retry", func() error { return s.Store.Retry(ctx, r, after, cause) })
}

func (s *flaky) Release(ctx context.Context, after time.Duration, refs ...smsfailover.Ref) error {
	return s.do("release", func() error { return s.Store.Release(ctx, after, refs...) })
}

func (s *flaky) Bury(ctx context.Context, r smsfailover.Ref, cause string) error {
	return s.do("bury", func() error { return s.Store.Bury(ctx, r, cause) })
}

func (s *flaky) Redrive(ctx context.Context, f smsfailover.Filter) (n int, err error) {
	err = s.do("redrive", func() (err error) { n, err = s.Store.Redrive(ctx, f); return err })
	return n, err
}

func (s *flaky) Depth(ctx context.Context) (d smsfailover.Depth, err error) {
	err = s.do("depth", func() (err error) { d, err = s.Store.Depth(ctx); return err })
	return d, err
}
