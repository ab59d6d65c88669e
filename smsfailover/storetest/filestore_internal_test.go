//go:build unix

package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/gob"
	"errors"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A fileStore is a naive store in a file: each call reads all of it and writes
// all of it, under a lock that a killed process lets go of. It is what shows
// that this package works through a real kill, without a database.
type fileStore struct {
	path  string
	caps  Caps
	fault string        // breaks it now and then
	skew  time.Duration // how far its clock is ahead of the callers'
	calls atomic.Int64
}

// faulty reports whether this call is one that fault breaks: one of a few.
func (s *fileStore) faulty(fault string) bool {
	return s.fault == fault && s.calls.Add(1)%3 == 0
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
		err = gob.NewDecoder(bytes.NewReader(text)).Decode(n)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f(n, time.Now().Add(s.skew))
	var out bytes.Buffer
	if err := gob.NewEncoder(&out).Encode(n); err != nil {
		return err
	}
	if err := os.WriteFile(s.path+".new", out.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(s.path+".new", s.path)
}

func (s *fileStore) Enqueue(ctx context.Context, jobs ...smsfailover.Job) (out []smsfailover.Outcome, err error) {
	err = s.with(ctx, func(n *naive, now time.Time) {
		for _, j := range jobs {
			out = append(out, n.enqueue(now, shifted(j, s.skew)))
			if j.Token == "" && s.faulty("loses jobs") {
				n.Jobs = n.Jobs[:len(n.Jobs)-1]
			}
		}
	})
	return out, err
}

func (s *fileStore) Claim(ctx context.Context, _ string, most int, lease time.Duration) (out []smsfailover.Job, err error) {
	err = s.with(ctx, func(n *naive, now time.Time) {
		ready := n.ready(now)
		for _, j := range ready[:min(most, len(ready))] {
			n.claim(j, rand.Text(), now.Add(lease))
			out = append(out, shifted(j.Job, -s.skew))
			if s.faulty("changes the IdemKey") {
				j.IdemKey, j.Token = rand.Text(), "" // and hands it out twice
			}
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
		if s.faulty("forgets that it is done") {
			return n.end(r, func(*naiveJob) {})
		}
		return n.end(r, n.drop)
	}))
}

func (s *fileStore) Retry(ctx context.Context, r smsfailover.Ref, after time.Duration, cause string) error {
	return lostError(s.report(ctx, []smsfailover.Ref{r}, func(n *naive, now time.Time, r smsfailover.Ref) bool {
		if s.faulty("loses jobs") {
			return n.end(r, n.drop)
		}
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
			if f.Before.IsZero() || j.Due.Before(f.Before.Add(s.skew)) {
				out = append(out, shifted(j.Job, -s.skew))
			}
		}
	})
	return out, err
}

func (s *fileStore) Depth(ctx context.Context) (d smsfailover.Depth, err error) {
	err = s.with(ctx, func(n *naive, now time.Time) { d = n.depth(now) })
	shift(&d.Oldest, -s.skew)
	return d, err
}

// shifted turns a job's times from one clock to another.
func shifted(j smsfailover.Job, by time.Duration) smsfailover.Job {
	for _, t := range []*time.Time{&j.NotAfter, &j.Due, &j.LeaseUntil, &j.Enqueued} {
		shift(t, by)
	}
	return j
}

func shift(t *time.Time, by time.Duration) {
	if !t.IsZero() {
		*t = t.Add(by)
	}
}

var fileCaps = Caps{Durable: true, Dedupe: true, Supersede: true}
