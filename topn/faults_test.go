package topn_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// twice sends every script again, as a client does that lost the first answer.
type twice struct{}

func (twice) DialHook(next redis.DialHook) redis.DialHook { return next }

func (twice) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" || cmd.Name() == "eval" {
			if err := next(ctx, cmd); err != nil {
				return err
			}
		}
		return next(ctx, cmd)
	}
}

func (twice) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// A call whose answer was lost and that the client sends again is one call.
func TestScriptsSentTwice(t *testing.T) {
	everywhere(t, func(t *testing.T, rdb redis.UniversalClient) {
		rdb.AddHook(twice{})
		db := numbered(5)
		for _, mode := range []topn.Mode{topn.Absolute, topn.Counter} {
			flush(t, rdb)
			b := loaded(t, rdb, db, topn.WithMode(mode))
			require.Equal(t, topn.FromRedis, b.Snapshot().From)
			require.NoError(t, b.Rebuild(t.Context()))
			if mode == topn.Counter {
				deltas := map[int64]float64{1: 10}
				require.NoError(t, b.IncrBatch(t.Context(), deltas, &topn.Position{Stream: "s", First: 1, Last: 2}))
				require.NoError(t, b.IncrBatch(t.Context(), deltas, &topn.Position{Stream: "s", First: 3, Last: 4}))
				db.add(1, 20)
			} else {
				_, err := b.Apply(t.Context(), db.add(1, 10), db.add(2, 5))
				require.NoError(t, err)
				_, err = b.Apply(t.Context(), db.add(2, 5))
				require.NoError(t, err)
			}
			require.Equal(t, db.items(5), reread(t, rdb).Items, mode)
		}
	})
}

// A reading that began before another and ends after it changes nothing: the places
// never go back.
func TestSlowReadingDoesNotReplaceANewerOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		db := numbered(5)
		loaded(t, rdb, db)
		slow := redistest.Dial(t, server)
		held, release := make(chan struct{}), make(chan struct{})
		first := true
		tapped(slow).after = func(cmd redis.Cmder) {
			if cmd.Name() == "zrevrange" && first {
				first = false
				close(held)
				<-release
			}
		}
		b := newBoard(t, slow, db)
		answer := make(chan error, 1)
		go func() {
			_, err := b.Load(t.Context(), 5)
			answer <- err
		}()
		<-held
		db.add(1, 100)
		require.NoError(t, b.Rebuild(t.Context()))
		require.Equal(t, db.items(5), b.Top(5))
		version := b.Snapshot().Version
		close(release)
		require.NoError(t, <-answer)
		require.Equal(t, db.items(5), b.Top(5))
		require.Equal(t, version, b.Snapshot().Version)
	})
}

// Redis goes away while the database answers: what it said is shown, and not asked
// for again.
func TestRedisGoesAwayDuringARebuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		db := numbered(300)
		b, err := topn.New(rdb, "likes", topn.Int64Codec(), func(ctx context.Context, n int) ([]entry, error) {
			server.SetError("ERR away")
			return db.source(ctx, n)
		})
		require.NoError(t, err)
		s, err := b.Load(t.Context(), 100)
		require.NoError(t, err)
		require.Equal(t, topn.FromSource, s.From)
		require.Equal(t, db.items(100), s.Items)
		require.EqualValues(t, 1, db.calls.Load())
		require.Zero(t, b.Stats().Rebuilds)
	})
}

// While another process rebuilds, one that is cold shows what the database says,
// asked once; when that process has died, its lease ends and this one rebuilds.
func TestColdProcessBesideARebuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb, db := redistest.New(t), numbered(5)
		require.NoError(t, rdb.Set(t.Context(), "topn:{likes}:lease", "of another", 20*time.Second).Err())
		b := newBoard(t, rdb, db, topn.WithOnError(func(err error) { t.Errorf("told of %v", err) }))
		s, err := b.Load(t.Context(), 5)
		require.NoError(t, err)
		require.Equal(t, topn.FromSource, s.From)
		require.False(t, s.Stale)
		run(t, b)
		time.Sleep(19 * time.Second)
		require.EqualValues(t, 1, db.calls.Load())
		require.Equal(t, db.items(5), b.Top(5))
		require.True(t, b.Snapshot().Stale, "nobody has looked for 19 s")
		time.Sleep(3 * time.Second)
		require.Equal(t, topn.FromRedis, b.Snapshot().From)
		require.False(t, b.Snapshot().Stale)
		require.EqualValues(t, 2, db.calls.Load())
	})
}

// What a process that died had built is gone with its lease, and disturbs neither
// writers nor the next rebuild.
func TestRebuildOfAProcessThatDied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, mode := range []topn.Mode{topn.Absolute, topn.Counter} {
			server, rdb := redistest.NewServer(t)
			dying := redistest.Dial(t, server)
			db := numbered(2500)
			died := errors.New("died")
			sent := 0
			dying.AddHook(failing{func(cmd redis.Cmder) error { // after two parts of three
				if isScript(cmd, 7) {
					sent++
				}
				if sent > 2 {
					return died
				}
				return nil
			}})
			opts := []topn.Option{topn.WithMode(mode), topn.WithRetain(2500), topn.WithN(5)}
			require.ErrorIs(t, newBoard(t, dying, db, opts...).Rebuild(t.Context()), died)
			left, err := rdb.Exists(t.Context(), "topn:{likes}:lease", "topn:{likes}:fresh").Result()
			require.NoError(t, err)
			require.EqualValues(t, 2, left)
			time.Sleep(30 * time.Second)
			keys, err := rdb.Keys(t.Context(), "*").Result()
			require.NoError(t, err)
			require.Empty(t, keys)

			other := numbered(7)
			b := newBoard(t, rdb, other, opts...)
			require.NoError(t, b.Rebuild(t.Context()))
			require.Equal(t, other.items(5), reread(t, rdb, opts...).Items)
			ttl, err := rdb.TTL(t.Context(), "topn:{likes}:board").Result()
			require.NoError(t, err)
			require.Equal(t, time.Duration(-1), ttl, "the board expires")
		}
	})
}

// failing fails commands before they reach a server.
type failing struct{ fault func(redis.Cmder) error }

func (failing) DialHook(next redis.DialHook) redis.DialHook { return next }

func (f failing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := f.fault(cmd); err != nil {
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}
}

func (failing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
