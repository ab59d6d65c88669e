package topn_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// A gate is a Source that tells when it is asked, and answers when it is let.
type gate struct {
	db    *table
	asked chan struct{}
	open  chan struct{}
	read  bool // before it waits
}

func (g *gate) source(ctx context.Context, n int) ([]entry, error) {
	var rows []entry
	if g.read {
		rows, _ = g.db.source(ctx, n)
	}
	g.asked <- struct{}{}
	select {
	case <-g.open:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if g.read {
		return rows, nil
	}
	return g.db.source(ctx, n)
}

func newGate(db *table, read bool) *gate {
	return &gate{db: db, asked: make(chan struct{}, 1), open: make(chan struct{}), read: read}
}

func gated(t testing.TB, rdb redis.UniversalClient, g *gate, opts ...topn.Option) *topn.Board[int64] {
	t.Helper()
	b, err := topn.New(rdb, "likes", topn.Int64Codec(), g.source, opts...)
	require.NoError(t, err)
	return b
}

// Trap topn/8: a thousand writes while the Source reads, before its query or after
// it, on a board that is there or not: none is lost.
func TestRebuildLosesNoApply(t *testing.T) { everywhere(t, testRebuildAmongApplies) }

func testRebuildAmongApplies(t *testing.T, rdb redis.UniversalClient) {
	for _, warm := range []bool{true, false} {
		for _, read := range []bool{true, false} {
			flush(t, rdb)
			db := numbered(50)
			opts := []topn.Option{topn.WithN(20)}
			writer := newBoard(t, rdb, db, opts...)
			if warm {
				require.NoError(t, writer.Rebuild(t.Context()))
			}
			g := newGate(db, read)
			rebuilt := make(chan error, 1)
			go func() { rebuilt <- gated(t, rdb, g, opts...).Rebuild(t.Context()) }()
			<-g.asked
			rng := seeded(t)
			var writers sync.WaitGroup
			for range 4 {
				part := make([]entry, 250)
				for i := range part {
					part[i] = db.add(1+rng.Int64N(60), float64(rng.IntN(9)-4))
				}
				writers.Go(func() {
					for len(part) > 0 {
						n := min(10, len(part))
						_, err := writer.Apply(t.Context(), part[:n]...)
						if err != nil {
							t.Errorf("Apply: %v", err)
						}
						part = part[n:]
					}
				})
			}
			writers.Wait()
			close(g.open)
			require.NoError(t, <-rebuilt)
			require.Equal(t, db.items(20), reread(t, rdb, opts...).Items, "warm %v, read before %v", warm, read)
		}
	}
}

// Trap topn/8: what is added to a Counter board while its rows are sent is added to
// them; what was added before its Source returned is taken to be in them.
func TestRebuildOfACounterKeepsWhatComesAfterItsSource(t *testing.T) {
	everywhere(t, testRebuildAmongIncrements)
}

func testRebuildAmongIncrements(t *testing.T, rdb redis.UniversalClient) {
	db := numbered(3000)
	g := newGate(db, false)
	b := gated(t, rdb, g, counter, topn.WithRetain(3000))
	writer := newBoard(t, rdb, db, counter)
	sent := 0
	tapped(rdb).after = func(cmd redis.Cmder) {
		if !isScript(cmd, 7) {
			return
		}
		if sent++; sent != 2 { // the first 2000 rows are there, the others aren't
			return
		}
		require.NoError(t, writer.Incr(t.Context(), 3000, 7))
		require.NoError(t, writer.Incr(t.Context(), 4000, 1e6))
		require.NoError(t, writer.IncrBatch(t.Context(), map[int64]float64{1: 5e6}, &topn.Position{Stream: "s", First: 1, Last: 1}))
	}
	rebuilt := make(chan error, 1)
	go func() { rebuilt <- b.Rebuild(t.Context()) }()
	<-g.asked
	require.NoError(t, writer.Incr(t.Context(), 2999, 50), "before its Source returned")
	db.add(2999, 50)
	close(g.open)
	require.NoError(t, <-rebuilt)
	got := scores(reread(t, rdb, topn.WithN(4)).Items)
	require.Equal(t, map[int64]float64{1: 5e6 + 1, 4000: 1e6, 2999: 3049, 3000: 3007}, got)
	size, err := rdb.ZCard(t.Context(), "topn:{likes}:board").Result()
	require.NoError(t, err)
	require.EqualValues(t, 3002, size)
	require.Equal(t, 3, sent)
}

// A rebuild of more rows than one script takes.
func TestRebuildInParts(t *testing.T) { everywhere(t, testRebuildMany) }

func testRebuildMany(t *testing.T, rdb redis.UniversalClient) {
	for _, mode := range []topn.Mode{topn.Absolute, topn.Counter} {
		db := numbered(4321)
		opts := []topn.Option{topn.WithN(4400), topn.WithMode(mode)}
		b := newBoard(t, rdb, db, opts...)
		require.NoError(t, b.Rebuild(t.Context()))
		require.Equal(t, db.items(4321), reread(t, rdb, opts...).Items)
		left, err := rdb.Exists(t.Context(), "topn:{likes}:fresh", "topn:{likes}:freshversions", "topn:{likes}:delta").Result()
		require.NoError(t, err)
		require.Zero(t, left)
	}
}

// Rows that the Source doesn't have any more are gone after a Rebuild, and of a
// Source that says too much the best are kept.
func TestRebuildIsTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb, db := redistest.New(t), numbered(8)
		b := loaded(t, rdb, db, topn.WithN(5), topn.WithRetain(5))
		db.remove(8)
		db.add(1, 100)
		require.NoError(t, b.Rebuild(t.Context()))
		require.Equal(t, db.items(5), b.Top(9))
		require.Equal(t, db.items(5), reread(t, rdb, topn.WithN(6)).Items)

		greedy, err := topn.New(rdb, "greedy", topn.Int64Codec(), func(context.Context, int) ([]entry, error) {
			return append(numbered(30).top(30), entry{30, 1, 0}, entry{29, 99, 2}), nil
		}, topn.WithN(2), topn.WithRetain(3))
		require.NoError(t, err)
		require.NoError(t, greedy.Rebuild(t.Context()))
		require.Equal(t, []topn.Item[int64]{{1, 29, 99}, {2, 30, 30}}, greedy.Top(9))
		size, err := rdb.ZCard(t.Context(), "topn:{greedy}:board").Result()
		require.NoError(t, err)
		require.EqualValues(t, 4, size)
	})
}

// One process at a time; one that died holds the others up for as long as its
// lease, and what it left is gone.
func TestRebuildLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb, db := redistest.New(t), numbered(3)
		g := newGate(db, true)
		ctx, die := context.WithCancelCause(t.Context())
		rebuilt := make(chan error, 1)
		go func() { rebuilt <- gated(t, rdb, g).Rebuild(ctx) }()
		<-g.asked
		other := newBoard(t, rdb, db)
		require.ErrorIs(t, other.Rebuild(t.Context()), topn.ErrRebuilding)
		time.Sleep(5 * time.Minute)
		require.ErrorIs(t, other.Rebuild(t.Context()), topn.ErrRebuilding, "a long query lost its lease")

		cause := errors.New("the process stops")
		die(cause)
		err := <-rebuilt
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, other.Rebuild(t.Context()), "a rebuild that ended holds others up")

		require.NoError(t, rdb.Set(t.Context(), "topn:{likes}:lease", "of a dead process", 30*time.Second).Err())
		require.ErrorIs(t, other.Rebuild(t.Context()), topn.ErrRebuilding)
		time.Sleep(30 * time.Second)
		require.NoError(t, other.Rebuild(t.Context()))
	})
}

// A process that lost its lease, as one that slept, changes nothing any more.
func TestRebuildWithoutItsLeaseChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, mode := range []topn.Mode{topn.Absolute, topn.Counter} {
			rdb := redistest.New(t)
			late := newGate(numbered(2), true)
			rebuilt := make(chan error, 1)
			go func() { rebuilt <- gated(t, rdb, late, topn.WithMode(mode)).Rebuild(t.Context()) }()
			<-late.asked
			require.NoError(t, rdb.Del(t.Context(), "topn:{likes}:lease").Err())
			db := numbered(5)
			require.NoError(t, newBoard(t, rdb, db, topn.WithMode(mode)).Rebuild(t.Context()))
			close(late.open)
			require.ErrorIs(t, <-rebuilt, topn.ErrRebuilding)
			require.Equal(t, db.items(5), reread(t, rdb).Items)
		}
	})
}

// Nor does it disturb the one that has the lease now.
func TestRebuildWithoutItsLeaseBesideAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, mode := range []topn.Mode{topn.Absolute, topn.Counter} {
			rdb := redistest.New(t)
			gates := []*gate{newGate(numbered(2000), true), newGate(numbered(5), true)}
			var ends []chan error
			for _, g := range gates {
				end := make(chan error, 1)
				ends = append(ends, end)
				go func() { end <- gated(t, rdb, g, topn.WithMode(mode), topn.WithRetain(2000)).Rebuild(t.Context()) }()
				<-g.asked
				if g == gates[0] {
					require.NoError(t, rdb.Del(t.Context(), "topn:{likes}:lease").Err())
				}
			}
			close(gates[0].open)
			require.ErrorIs(t, <-ends[0], topn.ErrRebuilding)
			close(gates[1].open)
			require.NoError(t, <-ends[1], "its lease was taken away")
			require.Equal(t, numbered(5).items(5), reread(t, rdb).Items)
		}
	})
}

// A query that takes many times the lease doesn't lose it, nor what was written
// meanwhile.
func TestRebuildFromASlowSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		g := newGate(numbered(5), true)
		rebuilt := make(chan error, 1)
		go func() { rebuilt <- gated(t, rdb, g).Rebuild(t.Context()) }()
		<-g.asked
		writer := newBoard(t, rdb, newTable())
		applied, err := writer.Apply(t.Context(), entry{1, 100, 2})
		require.NoError(t, err)
		require.Equal(t, 1, applied)
		time.Sleep(5 * time.Minute)
		applied, err = writer.Apply(t.Context(), entry{2, 200, 2}, entry{1, 50, 1})
		require.NoError(t, err)
		require.Equal(t, 1, applied)
		close(g.open)
		require.NoError(t, <-rebuilt)
		got := scores(reread(t, rdb).Items)
		require.Equal(t, map[int64]float64{1: 100, 2: 200, 3: 3, 4: 4, 5: 5}, got)
	})
}

// A part of what is being built is evicted, as keys that expire may be, while the
// Source is asked or between the parts: no half of a board takes the old one's place.
func TestRebuildOfWhichAPartIsEvicted(t *testing.T) {
	t.Parallel()
	testEvicted(t, realBoardServer(t))
}

func testEvicted(t *testing.T, rdb redis.UniversalClient) {
	lost, sent, after := "", 0, 0
	tapped(rdb).after = func(cmd redis.Cmder) {
		if lost == "" || !isScript(cmd, 7) {
			return
		}
		if sent++; sent == after {
			require.NoError(t, rdb.Del(t.Context(), "topn:{likes}:"+lost).Err())
		}
	}
	for mode, keys := range map[topn.Mode][]string{
		topn.Absolute: {"fresh", "freshversions", "lease"},
		topn.Counter:  {"fresh", "delta", "lease"},
	} {
		for i := range 2 * len(keys) {
			key := keys[i/2]
			flush(t, rdb)
			lost = ""
			opts := []topn.Option{topn.WithMode(mode), topn.WithRetain(3000)}
			db := numbered(10)
			require.NoError(t, newBoard(t, rdb, db, opts...).Rebuild(t.Context()))
			lost, sent, after = key, 0, 2+i%2 // of three parts
			require.ErrorIs(t, newBoard(t, rdb, numbered(2500), opts...).Rebuild(t.Context()), topn.ErrRebuilding, "%v, %s", mode, key)
			lost = ""
			require.Equal(t, 3, sent)
			require.Equal(t, db.items(10), reread(t, rdb).Items, "%v, %s", mode, key)
			if key != "lease" { // else they expire
				left, err := rdb.Exists(t.Context(), "topn:{likes}:fresh", "topn:{likes}:lease").Result()
				require.NoError(t, err)
				require.Zero(t, left)
			}
		}
	}
}

// An armed codec calls a function once while it encodes a member.
type armedCodec struct {
	topn.Codec[int64]
	member int64
	call   *func()
}

func (c armedCodec) Encode(m int64) string {
	if call := *c.call; m == c.member && call != nil {
		*c.call = nil
		call()
	}
	return c.Codec.Encode(m)
}

// What is added to a Counter board counts from right after the Source's answer, before
// anything is done with the rows.
func TestRebuildCountsWhatComesAfterItsSource(t *testing.T) {
	everywhere(t, func(t *testing.T, rdb redis.UniversalClient) {
		var call func()
		b, err := topn.New(rdb, "likes", armedCodec{topn.Int64Codec(), 1, &call}, numbered(2).source, counter)
		require.NoError(t, err)
		for _, warm := range []bool{false, true} {
			call = func() { require.NoError(t, b.Incr(t.Context(), 2, 10)) }
			require.NoError(t, b.Rebuild(t.Context()))
			require.Equal(t, map[int64]float64{1: 1, 2: 12}, scores(b.Top(2)), "warm: %v", warm)
		}
	})
}

// The rows of a Counter board have no versions: whatever is there is ignored.
func TestCounterIgnoresVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := topn.New(redistest.New(t), "likes", topn.Int64Codec(), func(context.Context, int) ([]entry, error) {
			return []entry{{1, 1, -1}, {2, 5, 9}, {2, 7, 3}}, nil
		}, counter)
		require.NoError(t, err)
		s, err := b.Load(t.Context(), 5)
		require.NoError(t, err)
		require.Equal(t, map[int64]float64{1: 1, 2: 7}, scores(s.Items), "of rows of one member the last counts")
	})
}
