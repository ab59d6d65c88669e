package topn_test

import (
	"context"
	"errors"
	"slices"
	"strings"
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

// Trap topn/1: ten processes all see each of forty changes within a tick and its
// jitter: nobody takes the mark away from the others.
func TestEveryProcessSeesEveryChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		db := numbered(20)
		writer := loaded(t, rdb, db, topn.WithN(10))
		var pods []*topn.Board[int64]
		for range 10 {
			pod := newBoard(t, redistest.Dial(t, server), db, topn.WithN(10), topn.WithTick(time.Second), topn.WithJitter(0.2))
			run(t, pod)
			pods = append(pods, pod)
		}
		time.Sleep(3 * time.Second)
		rng := seeded(t)
		for change := range 40 {
			_, err := writer.Apply(t.Context(), db.add(1+rng.Int64N(25), float64(rng.IntN(20))))
			require.NoError(t, err)
			time.Sleep(1200 * time.Millisecond)
			synctest.Wait()
			version := pods[0].Snapshot().Version
			for i, pod := range pods {
				s := pod.Snapshot()
				require.Equal(t, db.items(10), s.Items, "pod %d after change %d", i, change)
				require.Equal(t, version, s.Version)
				require.False(t, s.Stale)
			}
		}
		require.EqualValues(t, 1, db.calls.Load(), "who joins a board that is there asks no database")
	})
}

// Trap topn/2: a change that comes right after the answer to a tick or a reading, before
// anything is done with it, is seen with the next tick at the latest. For one that comes
// within a reading see TestChangeWithinAReading.
func TestChangeWhileThePlacesAreRead(t *testing.T) {
	for _, after := range []string{"get", "zrevrange"} {
		t.Run(after, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, rdb := redistest.NewServer(t)
				db := numbered(5)
				writer := loaded(t, rdb, db)
				reader := redistest.Dial(t, server)
				tap := tapped(reader)
				pod := newBoard(t, reader, db, topn.WithJitter(0))
				run(t, pod)
				synctest.Wait()
				changes := 0
				tap.after = func(cmd redis.Cmder) {
					if cmd.Name() != after || changes > 20 {
						return
					}
					changes++
					_, err := writer.Apply(t.Context(), db.add(1, 10))
					if err != nil {
						t.Errorf("Apply: %v", err)
					}
				}
				_, err := writer.Apply(t.Context(), db.add(2, 10))
				require.NoError(t, err)
				time.Sleep(30 * time.Second)
				synctest.Wait()
				require.Equal(t, 21, changes, "nothing came in between")
				require.Equal(t, db.items(5), pod.Snapshot().Items)
			})
		})
	}
}

// An idle tick is one GET, on a board with members and on one without.
func TestIdleTickIsOneGet(t *testing.T) {
	for _, members := range []int{0, 3, 500} {
		synctest.Test(t, func(t *testing.T) {
			server, rdb := redistest.NewServer(t)
			loaded(t, rdb, numbered(members))
			reader := redistest.Dial(t, server)
			tap := tapped(reader)
			pod := newBoard(t, reader, unasked(t), topn.WithJitter(0), topn.WithMaxStale(time.Hour))
			run(t, pod)
			synctest.Wait()
			require.Equal(t, []string{"get", "get", "zrevrange"}, tap.take())
			time.Sleep(1000 * time.Second)
			synctest.Wait()
			sent := tap.take()
			require.Len(t, sent, 1000)
			require.Equal(t, []string{"get"}, slices.Compact(sent))
			require.EqualValues(t, 1, pod.Stats().Reads)
		})
	}
}

// unasked returns a database that must not be asked.
func unasked(t testing.TB) *table {
	db := newTable()
	db.breakDown(errors.New("the database was asked"))
	t.Cleanup(func() {
		if n := db.calls.Load(); n > 0 {
			t.Errorf("the database was asked %d times", n)
		}
	})
	return db
}

// A board is read again after MaxStale even though nobody marked a change, as when
// the set was written by hand; with a Mark it's seen at once.
func TestUnmarkedChangesAreSeenInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		b := loaded(t, rdb, numbered(3), topn.WithJitter(0), topn.WithMaxStale(10*time.Second))
		run(t, b)
		byHand := func(score float64) {
			z := redis.Z{Score: score, Member: topn.Int64Codec().Encode(1)}
			require.NoError(t, rdb.ZAdd(t.Context(), "topn:{likes}:board", z).Err())
		}
		time.Sleep(100 * time.Millisecond)
		byHand(50)
		time.Sleep(9 * time.Second)
		require.Equal(t, 3.0, b.Top(1)[0].Score)
		require.False(t, b.Snapshot().Stale)
		time.Sleep(2 * time.Second)
		require.Equal(t, 50.0, b.Top(1)[0].Score)
		byHand(60)
		require.NoError(t, b.Mark(t.Context()))
		time.Sleep(time.Second)
		require.Equal(t, 60.0, b.Top(1)[0].Score)
	})
}

// Trap topn/10: while Redis is away reads go on from the last snapshot, which says
// that it is Stale and how old it is; there is one attempt a tick; and it recovers.
func TestRedisIsAway(t *testing.T) {
	t.Parallel()
	s := realserver.Redis(t, "--appendonly", "yes", "--appendfsync", "always")
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { _ = rdb.Close() })
	var failures atomic.Int64
	db := numbered(5)
	b := loaded(t, rdb, db, topn.WithTick(50*time.Millisecond), topn.WithOnError(func(err error) {
		if !strings.Contains(err.Error(), `board "likes"`) {
			t.Errorf("an error that doesn't say of what: %v", err)
		}
		failures.Add(1)
	}))
	run(t, b)
	until(t, func() bool { return b.Stats().Ticks > 2 })
	require.False(t, b.Snapshot().Stale)

	s.Kill()
	until(t, func() bool { return b.Snapshot().Stale })
	at, seen, from := b.Snapshot().At, failures.Load(), time.Now()
	until(t, func() bool { return failures.Load() >= seen+5 })
	most := int64(time.Since(from)/(40*time.Millisecond)) + 1 // by the shortest ticks
	require.LessOrEqual(t, failures.Load()-seen, most, "a busy loop")
	require.Equal(t, at, b.Snapshot().At, "it says to be newer than it is")
	require.Equal(t, db.items(5), b.Snapshot().Items)
	got, err := b.Load(t.Context(), 5)
	require.NoError(t, err)
	require.Equal(t, db.items(5), got.Items)
	require.EqualValues(t, 1, db.calls.Load(), "the database was asked for a board that is known")
	_, err = b.Apply(t.Context(), entry{1, 9, 9})
	require.Error(t, err)

	s.Restart()
	until(t, func() bool { return !b.Snapshot().Stale })
	_, err = b.Apply(t.Context(), db.add(1, 100))
	require.NoError(t, err)
	until(t, func() bool { return b.Top(1)[0].Member == 1 })
	require.EqualValues(t, 1, db.calls.Load())
}

// Trap topn/10: ten seconds without Redis, by a bubble's clock: the attempts are as
// many as the ticks.
func TestRedisIsAwayForTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		db := numbered(5)
		b := loaded(t, rdb, db, topn.WithJitter(0))
		run(t, b)
		time.Sleep(5500 * time.Millisecond)
		server.SetError("ERR away") // which go-redis passes on at once
		before := b.Stats()
		time.Sleep(10 * time.Second)
		s := b.Snapshot()
		require.True(t, s.Stale)
		require.Equal(t, 10500*time.Millisecond, time.Since(s.At))
		require.Equal(t, db.items(5), s.Items)
		require.EqualValues(t, 10, b.Stats().Failures-before.Failures)
		require.EqualValues(t, 10, b.Stats().Ticks-before.Ticks)
		require.Equal(t, before.Sources, b.Stats().Sources)
		server.SetError("")
		time.Sleep(time.Second)
		require.False(t, b.Snapshot().Stale)
		require.Less(t, time.Since(b.Snapshot().At), time.Second)
	})
}

// Without a Run a snapshot is Stale after MaxStale, and the next Load reads again.
func TestLoadReadsWhatIsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb, db := redistest.New(t), numbered(5)
		b := loaded(t, rdb, db)
		_, err := b.Apply(t.Context(), db.add(1, 100))
		require.NoError(t, err)
		time.Sleep(30 * time.Second)
		s, err := b.Load(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, int64(5), s.Items[0].Member)
		require.False(t, s.Stale)
		time.Sleep(time.Nanosecond)
		require.True(t, b.Snapshot().Stale)
		s, err = b.Load(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, int64(1), s.Items[0].Member)
		require.False(t, s.Stale)
	})
}

// Trap topn/14: Run ends with its context, leaves nothing behind, and is refused
// while it runs.
func TestRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails for a goroutine that is left
		b := newBoard(t, redistest.New(t), numbered(3))
		for range 3 {
			stop := run(t, b)
			synctest.Wait()
			require.ErrorIs(t, b.Run(t.Context()), topn.ErrRunning)
			time.Sleep(1500 * time.Millisecond)
			stop()
			ticks := b.Stats().Ticks
			time.Sleep(time.Minute)
			require.Equal(t, ticks, b.Stats().Ticks)
			require.Len(t, b.Top(5), 3, "what was read stays")
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		ticks := b.Stats().Ticks
		require.NoError(t, b.Run(ended))
		require.Equal(t, ticks, b.Stats().Ticks)
	})
}

// Trap topn/14: Run returns while the Source hangs, since its context ends.
func TestRunEndsWhileTheSourceHangs(t *testing.T) {
	t.Parallel()
	rdb := realBoardServer(t)
	g := newGate(numbered(3), true)
	b := gated(t, rdb, g)
	stop := run(t, b)
	<-g.asked
	loads := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := b.Load(ctx, 1)
		loads <- err
	}()
	stop()
	select { // the Load goes on by itself, once Run has left it
	case <-g.asked:
	case err := <-loads:
		t.Fatalf("Load failed since a Run ended: %v", err)
	case <-time.After(20 * time.Second):
		t.Fatal("Load hangs")
	}
	cancel()
	require.ErrorIs(t, <-loads, context.Canceled)
	require.Zero(t, b.Stats().Failures)
}

// Trap topn/14: Run leaves nothing behind: it waits for the end of a query that it
// shared with a Load and that nobody else waits for.
func TestRunOutlivesItsQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := numbered(3)
		ended := false
		b, err := topn.New(redistest.New(t), "likes", topn.Int64Codec(), func(ctx context.Context, n int) ([]entry, error) {
			<-ctx.Done()
			time.Sleep(5 * time.Second) // it takes its time to notice
			ended = true
			return db.source(ctx, n)
		})
		require.NoError(t, err)
		ctx, leave := context.WithCancel(t.Context())
		answer := make(chan error, 1)
		go func() {
			_, err := b.Load(ctx, 3)
			answer <- err
		}()
		synctest.Wait()
		stop := run(t, b)
		synctest.Wait() // its tick has joined
		leave()
		require.ErrorIs(t, <-answer, context.Canceled)
		synctest.Wait()
		require.False(t, ended, "the query was cancelled though Run waits for it")
		stop()
		require.True(t, ended, "Run returned before its query")
	})
}
