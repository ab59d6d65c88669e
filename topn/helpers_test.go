package topn_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

type entry = topn.Entry[int64]

// A table is the database of a test: rows with versions, and how often it was read.
type table struct {
	mu    sync.Mutex
	rows  map[int64]entry
	calls atomic.Int64
	fail  atomic.Pointer[error]
}

func newTable(es ...entry) *table {
	db := &table{rows: make(map[int64]entry)}
	db.set(es...)
	return db
}

// set stores rows as they are.
func (db *table) set(es ...entry) {
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, e := range es {
		db.rows[e.Member] = e
	}
}

// add changes a score and returns the row, with its next version.
func (db *table) add(m int64, delta float64) entry {
	db.mu.Lock()
	defer db.mu.Unlock()
	e := db.rows[m]
	e = entry{Member: m, Score: e.Score + delta, Version: e.Version + 1}
	db.rows[m] = e
	return e
}

func (db *table) remove(m int64) {
	db.mu.Lock()
	defer db.mu.Unlock()
	delete(db.rows, m)
}

// top is the naive leaderboard: ORDER BY score DESC, member LIMIT n.
func (db *table) top(n int) []entry {
	db.mu.Lock()
	defer db.mu.Unlock()
	all := make([]entry, 0, len(db.rows))
	for _, e := range db.rows {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Member, b.Member))
	})
	return all[:min(n, len(all))]
}

func (db *table) items(n int) []topn.Item[int64] {
	items := []topn.Item[int64]{}
	for i, e := range db.top(n) {
		items = append(items, topn.Item[int64]{Rank: i + 1, Member: e.Member, Score: e.Score})
	}
	return items
}

// source reads db as a query would, in no order.
func (db *table) source(_ context.Context, n int) ([]entry, error) {
	db.calls.Add(1)
	if err := db.fail.Load(); err != nil {
		return nil, *err
	}
	rows := db.top(n)
	rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return rows, nil
}

func (db *table) breakDown(err error) { db.fail.Store(&err) }
func (db *table) repair()             { db.fail.Store(nil) }

// numbered returns n rows, whose members and scores are 1 to n.
func numbered(n int) *table {
	db := newTable()
	for i := range n {
		db.set(entry{Member: int64(i + 1), Score: float64(i + 1), Version: 1})
	}
	return db
}

func newBoard(t testing.TB, rdb redis.UniversalClient, db *table, opts ...topn.Option) *topn.Board[int64] {
	t.Helper()
	b, err := topn.New(rdb, "likes", topn.Int64Codec(), db.source, opts...)
	require.NoError(t, err)
	return b
}

// loaded returns a board that is in Redis already.
func loaded(t testing.TB, rdb redis.UniversalClient, db *table, opts ...topn.Option) *topn.Board[int64] {
	t.Helper()
	b := newBoard(t, rdb, db, opts...)
	_, err := b.Load(t.Context(), 1)
	require.NoError(t, err)
	return b
}

// run runs b until t, or the returned function, ends it.
func run(t testing.TB, b *topn.Board[int64]) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// reread returns what another process sees in Redis now.
func reread(t testing.TB, rdb redis.UniversalClient, opts ...topn.Option) topn.Snapshot[int64] {
	t.Helper()
	b, err := topn.New(rdb, "likes", topn.Int64Codec(), func(context.Context, int) ([]entry, error) {
		return nil, fmt.Errorf("Redis has no board")
	}, opts...)
	require.NoError(t, err)
	s, err := b.Load(t.Context(), 1<<30)
	require.NoError(t, err)
	require.Equal(t, topn.FromRedis, s.From)
	return s
}

func realClient(t testing.TB, s *realserver.Server) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// everywhere runs test on miniredis in a bubble and on a real server. For the
// cluster see TestOnACluster.
func everywhere(t *testing.T, test func(t *testing.T, rdb redis.UniversalClient)) {
	t.Helper()
	t.Parallel()
	t.Run("bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, redistest.New(t)) })
	})
	t.Run("server", func(t *testing.T) { test(t, realClient(t, realserver.Redis(t))) })
}

// seeded returns numbers that the log says how to get again.
func seeded(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return seededWith(seed)
}

func seededWith(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// nowhere returns a client that no server answers.
func nowhere(t testing.TB) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{
		Addr: "127.0.0.1:0", MaxRetries: -1, DialerRetries: 1,
		Dialer: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody is there") },
	})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

func noStrings(context.Context, int) ([]topn.Entry[string], error) { return nil, nil }

// until waits until is true: in a bubble by its clock, elsewhere by polling.
func until(t testing.TB, is func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); !is(); <-tick.C {
		require.True(t, time.Now().Before(end), "it never happens")
	}
}

func realBoardServer(t testing.TB) *redis.Client { return realClient(t, realserver.Redis(t)) }
