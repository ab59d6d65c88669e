package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// A run is senders and workers on a store that may fail, and what they know.
type run struct {
	store smsfailover.Store
	lease time.Duration

	mu     sync.Mutex
	queued map[string]bool // accepted for certain
	unsure map[string]bool // the answer was an error: they may be there or not
	done   map[string]int  // how often Done was certain
	doubt  map[string]bool // Done failed: it may be done or not
	failed int             // calls
}

func newRun(s smsfailover.Store) *run {
	return &run{
		store: s, lease: 2 * time.Second,
		queued: make(map[string]bool), unsure: make(map[string]bool), done: make(map[string]int), doubt: make(map[string]bool),
	}
}

func (r *run) accepted() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queued)
}

// start starts senders and workers; stop ends the senders, lets the workers empty
// the store and waits for them.
func (r *run) start(t *testing.T, workers, senders int) (stop func()) {
	t.Helper()
	sending, stopSending := context.WithCancel(t.Context())
	working, stopWorking := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for n := range senders {
		all.Go(func() { r.send(sending, n) })
	}
	for n := range workers {
		all.Go(func() { r.work(working, fmt.Sprint("worker", n)) })
	}
	t.Cleanup(func() { stopSending(); stopWorking(); all.Wait() })
	return func() {
		stopSending()
		r.await(t, "the end of the work", func() bool {
			d, err := r.store.Depth(t.Context())
			return err == nil && d == smsfailover.Depth{}
		})
		stopWorking()
		all.Wait()
	}
}

func (r *run) send(ctx context.Context, sender int) {
	for i := 0; ctx.Err() == nil; i += 3 {
		jobs := make([]smsfailover.Job, 3)
		for k := range jobs {
			jobs[k] = job(sender*1e6 + i + k)
		}
		_, err := r.store.Enqueue(ctx, jobs...)
		r.mu.Lock()
		for _, j := range jobs {
			if err == nil {
				r.queued[j.ID] = true
			} else {
				r.unsure[j.ID] = true
			}
		}
		r.mu.Unlock()
		r.pause(ctx, err)
	}
}

func (r *run) work(ctx context.Context, owner string) {
	for ctx.Err() == nil {
		got, err := r.store.Claim(ctx, owner, 10, r.lease)
		for _, j := range got {
			err := r.store.Done(ctx, j.Ref())
			r.mu.Lock()
			if err == nil {
				r.done[j.ID]++
			} else {
				r.doubt[j.ID] = true
			}
			r.mu.Unlock()
			r.pause(ctx, err)
		}
		if err == nil && len(got) == 0 {
			err = errEmpty
		}
		r.pause(ctx, err)
	}
}

var errEmpty = errors.New("nothing ready")

// pause waits after an error, so that a server that is down isn't called all the
// time.
func (r *run) pause(ctx context.Context, err error) {
	if err == nil {
		return
	}
	if !errors.Is(err, errEmpty) && ctx.Err() == nil {
		r.mu.Lock()
		r.failed++
		r.mu.Unlock()
	}
	timer := time.NewTimer(10 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// waitFor waits until n jobs were accepted.
func (r *run) waitFor(t *testing.T, what string, n int) {
	t.Helper()
	r.await(t, what, func() bool { return r.accepted() >= n })
}

func (r *run) await(t *testing.T, what string, done func() bool) {
	t.Helper()
	require.Eventually(t, done, time.Minute, 10*time.Millisecond, what)
}

// requireAllDone checks that the store, which is empty, forgot nothing: whatever
// was accepted has been claimed and finished. A job whose Done failed, and whose
// row was gone all the same, is what a connection that breaks leaves behind.
func (r *run) requireAllDone(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.queued {
		require.True(t, r.done[id] == 1 || r.done[id] == 0 && r.doubt[id], "a job was done %d times", r.done[id])
	}
	for id := range r.done {
		require.True(t, r.queued[id] || r.unsure[id], "a job that nobody enqueued")
	}
	t.Logf("%d accepted, %d perhaps, %d calls failed, %d of them a Done", len(r.queued), len(r.unsure), r.failed, len(r.doubt))
}
