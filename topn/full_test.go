package topn_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// A server that is out of memory refuses writes, but every process can still read.
func TestFullRedisIsRead(t *testing.T) {
	t.Parallel()
	rdb := realClient(t, realserver.Redis(t))
	db := numbered(20)
	b := loaded(t, rdb, db, quick, topn.WithMaxStale(40*time.Millisecond))
	require.NoError(t, rdb.ConfigSet(t.Context(), "maxmemory", "1").Err())
	_, err := b.Apply(t.Context(), db.add(1, 1))
	require.ErrorContains(t, err, "OOM", "the server isn't full")
	run(t, b)
	reads := b.Stats().Reads
	until(t, func() bool { return b.Stats().Reads > reads+3 })
	require.Zero(t, b.Stats().Failures)
	require.False(t, b.Snapshot().Stale)
	require.Len(t, reread(t, rdb).Items, 20, "a new process")
	require.EqualValues(t, 1, db.calls.Load())
}

// between calls a function between the commands of a pipeline, but for those that begin
// a connection.
type between struct{ call func() }

func (between) DialHook(next redis.DialHook) redis.DialHook { return next }

func (between) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (b between) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		var first error
		for i := range cmds {
			if i > 0 && !isGreeting(cmds[0]) {
				b.call()
			}
			if err := next(ctx, cmds[i:i+1]); first == nil {
				first = err
			}
		}
		return first
	}
}

// Trap topn/2: a change between the commands of one reading is seen a tick later.
func TestChangeWithinAReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		db := numbered(5)
		writer := loaded(t, rdb, db)
		slow := redistest.Dial(t, server)
		change := sync.OnceFunc(func() {
			_, err := writer.Apply(t.Context(), db.add(1, 100))
			require.NoError(t, err)
		})
		slow.AddHook(between{change})
		b := newBoard(t, slow, db)
		run(t, b)
		time.Sleep(100 * time.Millisecond)
		require.EqualValues(t, 1, b.Stats().Reads)
		require.EqualValues(t, 1, db.top(1)[0].Member, "nothing came in between")
		time.Sleep(1300 * time.Millisecond)
		require.Equal(t, db.items(5), b.Top(5))
		mark, err := rdb.Get(t.Context(), "topn:{likes}:mark").Int64()
		require.NoError(t, err)
		require.Equal(t, mark, b.Snapshot().Version, "of the places that are shown")
	})
}

// Trap topn/6: a server goes away and comes back with other places under the mark that
// was seen before, as one does that is restarted from an old copy and counts on.
func TestMarkComesBackAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		db := numbered(5)
		b := loaded(t, rdb, db)
		run(t, b)
		time.Sleep(2 * time.Second)
		server.SetError("LOADING")
		time.Sleep(2 * time.Second)
		require.True(t, b.Snapshot().Stale)
		_, err := server.ZAdd("topn:{likes}:board", 99, topn.Int64Codec().Encode(1))
		require.NoError(t, err)
		server.SetError("")
		time.Sleep(1300 * time.Millisecond)
		require.EqualValues(t, 99, b.Top(1)[0].Score)
		require.False(t, b.Snapshot().Stale)
	})
}
