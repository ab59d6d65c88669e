package storetest

import (
	"cmp"
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A naive store is the contract read aloud: a list, and a look at all of it for
// every question. It has no locks, and is told the time.
type naive struct {
	Caps   Caps
	Jobs   []*naiveJob // in the order of Enqueue
	Idem   map[string]time.Time
	Buried int // how many so far
}

type naiveJob struct {
	smsfailover.Job
	Dead       bool
	Burial     int  // which one it was
	Superseded bool // but claimed, and the newer one waits for it
}

func newNaive(c Caps) *naive { return &naive{Caps: c, Idem: make(map[string]time.Time)} }

func (n *naive) find(fits func(j *naiveJob) bool) *naiveJob {
	if i := slices.IndexFunc(n.Jobs, fits); i >= 0 {
		return n.Jobs[i]
	}
	return nil
}

func (n *naive) drop(j *naiveJob) {
	n.Jobs = slices.DeleteFunc(n.Jobs, func(o *naiveJob) bool { return o == j })
}

func (n *naive) byRef(r smsfailover.Ref) *naiveJob {
	return n.find(func(j *naiveJob) bool { return r.Token != "" && j.ID == r.ID && j.Token == r.Token })
}

func (j *naiveJob) live() bool { return !j.Dead && !j.Superseded }

func (j *naiveJob) pairs(o *smsfailover.Job) bool { return j.TplID == o.TplID && j.To == o.To }

func (j *naiveJob) claimed(now time.Time) bool { return j.Token != "" && j.LeaseUntil.After(now) }

// inFlight returns the superseded job that j waits for, if any.
func (n *naive) inFlight(j *naiveJob) *naiveJob {
	return n.find(func(o *naiveJob) bool { return o.Superseded && o.pairs(&j.Job) })
}

// due returns when j may be claimed.
func (n *naive) due(j *naiveJob) time.Time {
	if j.Token != "" {
		return j.LeaseUntil
	}
	if o := n.inFlight(j); o != nil && o.LeaseUntil.After(j.Due) {
		return o.LeaseUntil
	}
	return j.Due
}

func (n *naive) enqueue(now time.Time, j smsfailover.Job) smsfailover.Outcome {
	if n.Caps.Dedupe && n.knows(now, &j) {
		return smsfailover.Duplicate
	}
	old := n.find(func(o *naiveJob) bool { return o.live() && o.pairs(&j) })
	if old != nil && n.Caps.Dedupe && slices.Equal(old.Args, j.Args) {
		if j.NotAfter.IsZero() || !old.NotAfter.IsZero() && j.NotAfter.After(old.NotAfter) {
			old.NotAfter = j.NotAfter
		}
		return smsfailover.Duplicate
	}
	if j.Due.Before(now) {
		j.Due = now
	}
	if !j.LeaseUntil.After(now) {
		j.Token, j.LeaseUntil = "", time.Time{}
	}
	j.Enqueued = now
	job := &naiveJob{Job: j}
	outcome := smsfailover.Queued
	if old != nil && n.Caps.Supersede {
		n.supersede(old, job)
		outcome = smsfailover.Superseded
	}
	n.Jobs = append(n.Jobs, job)
	if j.IdemKey != "" {
		n.Idem[j.IdemKey] = now
	}
	return outcome
}

func (n *naive) knows(now time.Time, j *smsfailover.Job) bool {
	stored, ok := n.Idem[j.IdemKey]
	return ok && now.Sub(stored) < smsfailover.IdemRetention ||
		n.find(func(o *naiveJob) bool { return o.ID == j.ID }) != nil
}

func (n *naive) supersede(old, j *naiveJob) {
	if old.Token == "" {
		n.drop(old)
	} else {
		old.Superseded = true
	}
	if n.inFlight(j) != nil && j.Token != "" {
		j.Token, j.LeaseUntil = "", time.Time{}
		j.Claims = max(j.Claims-1, 0)
	}
}

// ready returns what may be claimed, in order.
func (n *naive) ready(now time.Time) []*naiveJob {
	var out []*naiveJob
	for _, j := range n.Jobs {
		if j.live() && !n.due(j).After(now) {
			out = append(out, j)
		}
	}
	slices.SortStableFunc(out, func(a, b *naiveJob) int {
		return cmp.Or(cmp.Compare(b.band(), a.band()), n.due(a).Compare(n.due(b)))
	})
	return out
}

func (j *naiveJob) band() int { return min(max(j.Priority, -1), 1) }

// claim makes j claimed under a token.
func (n *naive) claim(j *naiveJob, token string, until time.Time) {
	if o := n.inFlight(j); o != nil {
		n.drop(o)
	}
	j.Token, j.LeaseUntil = token, until
	j.Claims++
}

// end ends the claim r and reports whether it was current. f changes the job if
// it is still to be kept.
func (n *naive) end(r smsfailover.Ref, f func(j *naiveJob)) bool {
	j := n.byRef(r)
	switch {
	case j == nil:
		return false
	case j.Superseded:
		n.drop(j)
	default:
		j.Token, j.LeaseUntil = "", time.Time{}
		f(j)
	}
	return true
}

func (n *naive) retry(now time.Time, r smsfailover.Ref, after time.Duration, cause string) bool {
	return n.end(r, func(j *naiveJob) {
		j.Attempt++
		j.Prev, j.LastErr, j.Due = after, cause, now.Add(after)
	})
}

func (n *naive) release(now time.Time, r smsfailover.Ref, after time.Duration) bool {
	return n.end(r, func(j *naiveJob) {
		j.Claims = max(j.Claims-1, 0)
		j.Due = now.Add(after)
	})
}

func (n *naive) bury(now time.Time, r smsfailover.Ref, cause string) bool {
	return n.end(r, func(j *naiveJob) {
		n.Buried++
		j.Dead, j.Burial, j.LastErr, j.Due = true, n.Buried, cause, now
	})
}

func (n *naive) dead() []*naiveJob {
	var out []*naiveJob
	for _, j := range n.Jobs {
		if j.Dead {
			out = append(out, j)
		}
	}
	slices.SortFunc(out, func(a, b *naiveJob) int { return cmp.Compare(a.Burial, b.Burial) })
	return out
}

// redrive reports whether the dead letter could be made live.
func (n *naive) redrive(now time.Time, j *naiveJob) bool {
	if n.Caps.Dedupe || n.Caps.Supersede {
		if n.find(func(o *naiveJob) bool { return o.live() && o.pairs(&j.Job) }) != nil {
			return false
		}
	}
	j.Dead, j.Due = false, now
	j.Attempt, j.Claims, j.Prev = 0, 0, 0
	return true
}

func (n *naive) depth(now time.Time) smsfailover.Depth {
	var d smsfailover.Depth
	for _, j := range n.Jobs {
		switch {
		case j.Superseded:
			continue
		case j.Dead:
			d.Dead++
			continue
		case !n.due(j).After(now):
			d.Ready++
		case j.claimed(now):
			d.Leased++
		default:
			d.Delayed++
		}
		if d.Oldest.IsZero() || j.Enqueued.Before(d.Oldest) {
			d.Oldest = j.Enqueued
		}
	}
	return d
}
