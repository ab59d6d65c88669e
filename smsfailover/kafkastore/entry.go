package kafkastore

import (
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// An entry is a record in a window that isn't finished.
type entry struct {
	at     *partition
	offset int64
	rec    *record
	key    key

	token      string    // of the current claim; "" without one
	leaseUntil time.Time // when that ends
	remote     bool      // Enqueue was given that claim: its reports may be records
	busy       bool      // a call is about to replace it: nobody may have it
	over       bool      // it is finished
	twin       *entry    // a newer copy, which counts if that call succeeds

	wake  time.Time // when something is to happen to it
	hops  bool      // that is to write it to another tier
	order uint64    // of arrival
	queue *queue    // in which it is; nil: none
	index int       // its place there
}

// claims returns how often the job was handed out and not released. What is in
// the record was so when it was written, the mark counts since then.
func (e *entry) claims() int {
	n := e.rec.job.Claims
	if e.rec.hold == "" { // else the index counts
		n += int(e.at.win.get(e.offset))
	}
	return n
}

// job returns a copy of the job, under the current claim.
func (e *entry) job() smsfailover.Job {
	j := e.rec.job
	j.Args = append([]string(nil), j.Args...)
	j.Claims = e.claims()
	j.Token, j.LeaseUntil = e.token, e.leaseUntil
	return j
}

// held returns what names the job in the index.
func (e *entry) held() smsfailover.Ref {
	return smsfailover.Ref{ID: e.rec.job.ID, Token: e.rec.hold}
}

// claimedUntil reports whether e is claimed at now.
func (e *entry) claimed(now time.Time) bool { return e.token != "" && e.leaseUntil.After(now) }
