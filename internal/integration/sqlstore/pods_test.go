package sqlstore_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

// Trap smsfailover/3: two pods of four workers each claim 4000 jobs while others
// come in: each job once, and done once.
//
// Trap smsfailover/5: the sessions are REPEATABLE READ by default, no call may try
// twice, and no call fails.
func podsShareTheWork(t *testing.T, d *sqldb.DB) {
	d = d.Fresh(t)
	requireDefaultIsolation(t, d)
	var pods []*sqlstore.Store
	for range 2 {
		s, _ := open(t, d, sqlstore.WithPatience(0))
		pods = append(pods, s)
	}
	const total, before = 4000, 1000
	enqueue := func(from, to int) {
		for n := from; n < to; n += 20 {
			jobs := make([]smsfailover.Job, 20)
			for i := range jobs {
				jobs[i] = job(n + i)
			}
			_, err := pods[n/20%2].Enqueue(t.Context(), jobs...)
			if err != nil {
				t.Errorf("Enqueue: %v", err)
			}
		}
	}
	enqueue(0, before)

	var mu sync.Mutex
	seen := make(map[string]int)
	var wg sync.WaitGroup
	for _, from := range []int{before, (before + total) / 2} {
		wg.Go(func() { enqueue(from, from+(total-before)/2) })
	}
	for w := range 8 {
		wg.Go(func() { drain(t, pods[w%2], &mu, seen, total) })
	}
	wg.Wait()
	require.Len(t, seen, total)
	for id, n := range seen {
		require.Equal(t, 1, n, id)
	}
	depth, err := pods[0].Depth(t.Context())
	require.NoError(t, err)
	require.Zero(t, depth)
}

// drain claims and finishes jobs until all workers together have had total.
func drain(t *testing.T, s *sqlstore.Store, mu *sync.Mutex, seen map[string]int, total int) {
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		got, err := s.Claim(t.Context(), "worker", 25, time.Minute)
		if err != nil {
			t.Errorf("Claim: %v", err)
			return
		}
		refs := make([]smsfailover.Ref, len(got))
		mu.Lock()
		for i, j := range got {
			refs[i] = j.Ref()
			seen[j.ID]++
		}
		all := len(seen) >= total
		mu.Unlock()
		if err := s.Done(t.Context(), refs...); err != nil {
			t.Errorf("Done: %v", err)
		}
		if all {
			return
		}
	}
	t.Errorf("not all jobs came within a minute")
}

// What the store overrules is worth it: in the REPEATABLE READ of the session
// claims lock the gaps into which others insert, and calls fail.
//
// Trap smsfailover/5: so the test of pods can fail.
func repeatableReadDeadlocks(t *testing.T, d *sqldb.DB) {
	if d.Engine != sqldb.MySQL && d.Engine != sqldb.MariaDB {
		return
	}
	d = d.Fresh(t)
	open(t, d)
	pool, tp := tapped(t, d)
	tp.deaf = true
	s, err := sqlstore.New(pool, dialects[d.Engine], sqlstore.WithPatience(0))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var deadlocks atomic.Int64
	note := func(err error) {
		if err != nil && strings.Contains(err.Error(), "1213") {
			deadlocks.Add(1)
			cancel()
		}
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for n := w * 1e6; ctx.Err() == nil && n < w*1e6+20_000; n += 10 {
				jobs := make([]smsfailover.Job, 10)
				for i := range jobs {
					jobs[i] = job(n + i)
				}
				_, err := s.Enqueue(ctx, jobs...)
				note(err)
				_, err = s.Claim(ctx, "worker", 10, time.Minute)
				note(err)
			}
		})
	}
	wg.Wait()
	require.NotZero(t, deadlocks.Load(), "80 000 jobs without a deadlock")
}

// requireDefaultIsolation checks that what the store has to overrule is there.
func requireDefaultIsolation(t *testing.T, d *sqldb.DB) {
	t.Helper()
	text := map[sqldb.Engine]string{
		sqldb.MySQL:   "SELECT @@transaction_isolation",
		sqldb.MariaDB: "SELECT @@tx_isolation",
	}[d.Engine]
	if text == "" {
		return
	}
	var level string
	require.NoError(t, d.Open(t).QueryRowContext(t.Context(), text).Scan(&level))
	require.Equal(t, "REPEATABLE-READ", level)
}

// The second worker doesn't get nothing because the first is busy with the jobs
// that are due first.
//
// Trap smsfailover/6: it gets the next ones, at once.
func secondWorkerPassesByWhatTheFirstHolds(t *testing.T, d *sqldb.DB) {
	if d.Engine == sqldb.SQLite {
		return // there is one writer at a time
	}
	s, pool := open(t, d.Fresh(t))
	fill(t, s, 1000)
	tx, err := pool.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback() //nolint:errcheck // the test has ended
	rows, err := tx.QueryContext(t.Context(), "SELECT id FROM sms_jobs WHERE state = 0 AND band = 1 ORDER BY due, id LIMIT 40 FOR UPDATE")
	require.NoError(t, err)
	held := make(map[string]bool)
	for rows.Next() {
		var id string
		require.NoError(t, rows.Scan(&id))
		held[id] = true
	}
	require.NoError(t, rows.Err())
	require.Len(t, held, 40)

	got, err := s.Claim(t.Context(), "second", 100, time.Minute)
	require.NoError(t, err)
	require.Len(t, got, 100)
	for _, j := range got {
		require.False(t, held[j.ID], "a job that the first worker holds")
	}
}
