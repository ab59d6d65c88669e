package topn_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
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
		require.Len(t, b.Top(300), 100, "more than N")
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

// A snapshot that is older than MaxStale and can't be refreshed is served, and
// tried again once a tick, not with every call; beside a Run not at all.
func TestLoadOfWhatCannotBeRefreshed(t *testing.T) {
	for name, breakIt := range map[string]func(*miniredis.Miniredis){
		"Redis is away": func(s *miniredis.Miniredis) { s.SetError("ERR away") },
		"another process rebuilds": func(s *miniredis.Miniredis) {
			s.FlushAll()
			_ = s.Set("topn:{likes}:lease", "of another")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, rdb := redistest.NewServer(t)
				db := numbered(5)
				b := loaded(t, rdb, db, topn.WithJitter(0))
				breakIt(server)
				tap := tapped(rdb)
				loads := func() {
					time.Sleep(time.Minute)
					for range 1000 {
						s, err := b.Load(t.Context(), 5)
						require.NoError(t, err)
						require.True(t, s.Stale)
						require.Equal(t, db.items(5), s.Items)
						time.Sleep(10 * time.Millisecond)
					}
				}
				loads()
				require.LessOrEqual(t, len(tap.take()), 11*6, "commands in 10 s")
				run(t, b)
				loads()
				sent := tap.take()
				require.LessOrEqual(t, len(sent), 71*6)
				require.EqualValues(t, 1, db.calls.Load())
			})
		})
	}
}

// What a process that died had built is gone with its lease, and disturbs neither
// writers nor the next rebuild, also where its lease was lost sooner.
func TestRebuildOfAProcessThatDied(t *testing.T) {
	for _, mode := range []topn.Mode{topn.Absolute, topn.Counter} {
		for _, parts := range []int{0, 1, 2} { // of three that were sent
			synctest.Test(t, func(t *testing.T) {
				server, rdb := redistest.NewServer(t)
				opts := []topn.Option{topn.WithMode(mode), topn.WithRetain(2500), topn.WithN(5)}
				other := numbered(7)
				b := newBoard(t, rdb, other, opts...)

				rebuildAndDie(t, redistest.Dial(t, server), parts, opts)
				left, err := rdb.Exists(t.Context(), "topn:{likes}:lease").Result()
				require.NoError(t, err)
				require.EqualValues(t, 1, left, "it gave its lease back: it did not die")
				time.Sleep(30 * time.Second)
				keys, err := rdb.Keys(t.Context(), "*").Result()
				require.NoError(t, err)
				require.Empty(t, keys)
				require.NoError(t, b.Rebuild(t.Context()))
				require.Equal(t, other.items(5), reread(t, rdb, opts...).Items)

				rebuildAndDie(t, redistest.Dial(t, server), parts, opts)
				require.NoError(t, rdb.Del(t.Context(), "topn:{likes}:lease").Err())
				require.NoError(t, b.Rebuild(t.Context()))
				require.Equal(t, other.items(5), reread(t, rdb, opts...).Items)
				for _, key := range []string{"board", "versions"} {
					ttl, err := rdb.TTL(t.Context(), "topn:{likes}:"+key).Result()
					require.NoError(t, err)
					if key == "board" || mode == topn.Absolute {
						require.Equal(t, time.Duration(-1), ttl, "the %s expires, or isn't there", key)
					}
				}
			})
		}
	}
}

// rebuildAndDie sends so many parts of three of a rebuild, and then nothing more.
func rebuildAndDie(t *testing.T, rdb *redis.Client, parts int, opts []topn.Option) {
	t.Helper()
	died := errors.New("died")
	sent := 0
	rdb.AddHook(failing{func(cmd redis.Cmder) error {
		if isScript(cmd, 7) && cmd.Name() == "evalsha" {
			sent++
		}
		if sent > parts {
			return died
		}
		return nil
	}})
	require.ErrorIs(t, newBoard(t, rdb, numbered(2500), opts...).Rebuild(t.Context()), died)
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
