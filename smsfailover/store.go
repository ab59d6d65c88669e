package smsfailover

import (
	"context"
	"time"
)

// A Store keeps messages until they are delivered. It is safe for concurrent
// use, by any number of processes where it is shared. Package storetest tests
// one.
//
// A job is ready when it is due, and claimed under a lease: a claimed job is due
// again when its lease ends, so that one whose worker died needs nobody to rescue
// it. Each claim has a fresh token, and only the current token may finish the
// job, prolong it or put it back: [ErrLost] is the answer to any other. A token
// stays current after its lease has ended until somebody else claims the job.
//
// All times are the store's own: where Enqueue or a [Filter] gives a time, it is
// the duration from the caller's now to it that counts, so that pods whose
// clocks differ agree. Times that a store returns are turned back likewise, and
// can be compared with time.Now.
//
// A call whose ctx is done fails, and one that fails has changed nothing, but for
// a [LostError], and for a connection that broke before the answer came, which is
// what many drivers do to it when ctx ends meanwhile. Its error tells no args:
// whose they are, who logs it may not know. A duration to wait that is not above 0
// is none.
type Store interface {
	// Enqueue stores jobs, all or none, and says for each what it did: [Queued],
	// [Duplicate] or [Superseded]. It takes them in order, so that a job may be
	// the like of an earlier one of the same call. A job that is not valid (see
	// [Message.Validate]) or has no ID makes it fail with [ErrInput].
	//
	// A job is a Duplicate, and nothing is stored, if one with its ID is in the
	// store, if its IdemKey was stored within [IdemRetention], also when that job
	// is finished, or if a live job with its TplID and To has the same Args; the
	// NotAfter of that one then becomes the later of the two.
	//
	// A job whose TplID and To are those of a live job with other Args takes its
	// place: Superseded. The older one is gone. If it is claimed just then, its
	// worker keeps the lease, and the newer one is due when that lease ends or
	// the worker reports, whatever it reports: it never overtakes the older one.
	// The older one is lost at the latest when the newer one is claimed. Whether
	// its ID is known until then is left to the store.
	//
	// Due zero, or passed, is now. Attempt, Claims, Prev, LastErr and Sealed are
	// stored as they are. A job with a Token and a LeaseUntil in the future is
	// stored as claimed under that token. If it has to wait for a claimed one in
	// whose place it comes, it is not, and its Claims go down by one, to 0 at
	// least: the claim that they count never was.
	Enqueue(ctx context.Context, jobs ...Job) ([]Outcome, error)
	// Claim leases up to n ready jobs to owner, those of the highest band of
	// Priority first, then those that were due first, and adds 1 to their Claims.
	// Without any it returns none and nil. The jobs and their Args are the
	// caller's. If n or lease is not above 0 it fails with [ErrInput].
	Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]Job, error)
	// Extend makes leases end lease from now, and returns the refs that it could
	// not find any more: their work should stop. A superseded job is not lost:
	// its lease is what holds the newer one back.
	Extend(ctx context.Context, lease time.Duration, refs ...Ref) (lost []Ref, err error)
	// Done finishes jobs: they are forgotten but for their IdemKey.
	Done(ctx context.Context, refs ...Ref) error
	// Retry makes the job due after so long, with one more Attempt, Prev after
	// and LastErr cause.
	Retry(ctx context.Context, r Ref, after time.Duration, cause string) error
	// Release makes jobs due after so long and takes their claim back: they were
	// not tried. Claims goes down by one, Attempt stays.
	Release(ctx context.Context, after time.Duration, refs ...Ref) error
	// Bury moves the job to the dead letters, with LastErr cause, where it holds
	// nothing up: a new job with its TplID and To is Queued. One that was
	// superseded is gone, and not buried.
	Bury(ctx context.Context, r Ref, cause string) error
	// Redrive makes dead letters ready again, with Attempt, Claims and Prev 0,
	// and returns how many. Enqueued stays: a message is as old as it is. One
	// whose TplID and To a live job has stays dead.
	Redrive(ctx context.Context, f Filter) (int, error)
	// Dead returns dead letters, those buried first first. Due is when each was.
	Dead(ctx context.Context, f Filter) ([]Job, error)
	// Depth counts the jobs. One whose lease has ended is Ready. Of a claimed job
	// and the newer one that waits for it only one is counted, as Leased or
	// Delayed.
	Depth(ctx context.Context) (Depth, error)
}

// IdemRetention is how long a store remembers an IdemKey, from Enqueue.
const IdemRetention = 24 * time.Hour

// A Job is a message in a store.
type Job struct {
	Message
	Sealed     bool          // Args are what a [Sealer] made of them
	Attempt    int           // how often it was tried and failed
	Claims     int           // how often it was claimed without being released
	Due        time.Time     // when it may be claimed
	LeaseUntil time.Time     // when the claim ends; zero when unclaimed
	Token      string        // of the current claim
	LastErr    string        // why the last attempt failed
	Prev       time.Duration // the last delay of [Store.Retry]
	Enqueued   time.Time     // when it was stored
}

// Ref returns what names the job's claim.
func (j Job) Ref() Ref { return Ref{ID: j.ID, Token: j.Token} }

// A Ref names one claim of one job.
type Ref struct{ ID, Token string }

// A Filter chooses dead letters: those that every set field fits. The zero
// Filter is all of them.
type Filter struct {
	IDs    []string  // any of these; none: any
	TplID  string    // of this template; "": any
	Before time.Time // buried before then; zero: any
	Limit  int       // at most so many, those buried first first; 0: any number
}

// Depth counts the jobs of a store. Oldest is when the live job that has been
// there longest was enqueued; zero without one.
type Depth struct {
	Ready, Delayed, Leased, Dead int
	Oldest                       time.Time
}

// Live returns how many jobs are yet to be delivered.
func (d Depth) Live() int { return d.Ready + d.Delayed + d.Leased }
