//go:build unix

package storetest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// A fileStore is a naive store in a file: each call reads all of it and writes
// all of it, under a lock that a killed process lets go of. It is what shows
// that this package works through a real kill, without a database.
type fileStore struct {
	path string
	caps Caps
	// forget breaks it: finished jobs come back.
	forget bool
}

func (s *fileStore) with(ctx context.Context, f func(n *naive, now time.Time)) (err error) {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	lock, err := os.OpenFile(s.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	n := newNaive(s.caps)
	text, err := os.ReadFile(s.path)
	if err == nil {
		err = json.Unmarshal(text, n)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f(n, time.Now())
	if text, err = json.Marshal(n); err != nil {
		return err
	}
	if err := os.WriteFile(s.path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(s.path+".new", s.path)
}

func (s *fileStore) Enqueue(ctx context.Context, jobs ...smsfailover.Job) (out []smsfailover.Outcome, err error) {
	err = s.with(ctx, func(n *naive, now time.Time) {
		for _, j := range jobs {
			out = append(out, n.enqueue(now, j))
		}
	})
	return out, err
}

func (s *fileStore) Claim(ctx context.Context, _ string, most int, lease time.Duration) (out []smsfailover.Job, err error) {
	err = s.with(ctx, func(n *naive, now time.Time) {
		ready := n.ready(now)
		for _, j := range ready[:min(most, len(ready))] {
			n.claim(j, rand.Text(), now.Add(lease))
			out = append(out, j.Job)
		}
	})
	return out, err
}

func (s *fileStore) report(ctx context.Context, refs []smsfailover.Ref, f func(n *naive, now time.Time, r smsfailover.Ref) bool) ([]smsfailover.Ref, error) {
	var lost []smsfailover.Ref
	err := s.with(ctx, func(n *naive, now time.Time) {
		for _, r := range refs {
			if !f(n, now, r) {
				lost = append(lost, r)
			}
		}
	})
	return lost, err
}

func lostError(lost []smsfailover.Ref, err error) error {
	if err != nil || len(lost) == 0 {
		return err
	}
	return &smsfailover.LostError{Refs: lost}
}

func (s *fileStore) Extend(ctx context.Context, lease time.Duration, refs ...smsfailover.Ref) ([]smsfailover.Ref, error) {
	return s.report(ctx, refs, func(n *naive, now time.Time, r smsfailover.Ref) bool {
		j := n.byRef(r)
		if j != nil {
			j.LeaseUntil = now.Add(lease)
		}
		return j != nil
	})
}

func (s *fileStore) Done(ctx context.Context, refs ...smsfailover.Ref) error {
	return lostError(s.report(ctx, refs, func(n *naive, _ time.Time, r smsfailover.Ref) bool {
		if s.forget {
			return n.end(r, func(j *naiveJob) {})
		}
		return n.end(r, n.drop)
	}))
}

func (s *fileStore) Retry(ctx context.Context, r smsfailover.Ref, after time.Duration, cause string) error {
	return lostError(s.report(ctx, []smsfailover.Ref{r}, func(n *naive, now time.Time, r smsfailover.Ref) bool {
		return n.retry(now, r, after, cause)
	}))
}

func (s *fileStore) Release(ctx context.Context, after time.Duration, refs ...smsfailover.Ref) error {
	return lostError(s.report(ctx, refs, func(n *naive, now time.Time, r smsfailover.Ref) bool {
		return n.release(now, r, after)
	}))
}

func (s *fileStore) Bury(ctx context.Context, r smsfailover.Ref, cause string) error {
	return lostError(s.report(ctx, []smsfailover.Ref{r}, func(n *naive, now time.Time, r smsfailover.Ref) bool {
		return n.bury(now, r, cause)
	}))
}

func (s *fileStore) Redrive(ctx context.Context, f smsfailover.Filter) (count int, err error) {
	err = s.with(ctx, func(n *naive, now time.Time) {
		for _, j := range n.dead() {
			if n.redrive(now, j) {
				count++
			}
		}
	})
	return count, err
}

func (s *fileStore) Dead(ctx context.Context, f smsfailover.Filter) (out []smsfailover.Job, err error) {
	err = s.with(ctx, func(n *naive, _ time.Time) {
		for _, j := range n.dead() {
			out = append(out, j.Job)
		}
	})
	return out, err
}

func (s *fileStore) Depth(ctx context.Context) (d smsfailover.Depth, err error) {
	err = s.with(ctx, func(n *naive, now time.Time) { d = n.depth(now) })
	return d, err
}

var fileCaps = Caps{Durable: true, Dedupe: true, Supersede: true}

// What only a durable store is asked for.
func TestDurableScenarios(t *testing.T) {
	scenarios := append(declarationScenarios(fileCaps), durableScenarios()...)
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.start(t, func(t *testing.T) Harness {
				store := &fileStore{path: filepath.Join(t.TempDir(), "jobs"), caps: fileCaps}
				return Harness{
					Store:  store,
					Reopen: func(*testing.T) smsfailover.Store { again := *store; return &again },
					Lease:  400 * time.Millisecond,
					Grain:  20 * time.Millisecond,
				}
			}, fileCaps, false)
		})
	}
}

func fileCrash(forget bool) CrashConfig {
	return CrashConfig{
		Setup: func(t *testing.T) string { return filepath.Join(t.TempDir(), "jobs") },
		Open: func(_ *testing.T, dsn string) smsfailover.Store {
			return &fileStore{path: dsn, caps: fileCaps, forget: forget}
		},
		Lease: 500 * time.Millisecond,
		Poll:  20 * time.Millisecond,
	}
}

// Trap smsfailover/2: a process killed between Enqueue and the send, between the
// provider's OK and Done, and elsewhere: nothing is lost, and what comes twice
// has a reason.
func TestKilled(t *testing.T) {
	r := Crash(t, fileCrash(false))
	require.Positive(t, r.Resumed)
}
