package platform_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

func openRedis(t *testing.T, file string) (*platform.Redis, func()) {
	t.Helper()
	r, err := platform.OpenEmbeddedRedis(file)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return r, func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, r.Close())
	}
}

func TestEmbeddedRedisExpires(t *testing.T) {
	r, stop := openRedis(t, "")
	defer stop()
	require.NoError(t, r.Set(t.Context(), "k", "v", 300*time.Millisecond).Err())
	require.Eventually(t, func() bool {
		return errors.Is(r.Get(t.Context(), "k").Err(), redis.Nil)
	}, 10*time.Second, 20*time.Millisecond)
}

func TestEmbeddedRedisIsPrivate(t *testing.T) {
	r, stop := openRedis(t, "")
	defer stop()
	addr := r.UniversalClient.(*redis.Client).Options().Addr
	stranger := redis.NewClient(&redis.Options{Addr: addr})
	defer stranger.Close()
	require.ErrorContains(t, stranger.Get(t.Context(), "k").Err(), "NOAUTH")
}

func TestEmbeddedRedisIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "redis.gob")
	ctx := t.Context()
	r, stop := openRedis(t, file)
	require.NoError(t, r.Set(ctx, "text", "\xff\x00", time.Hour).Err())
	require.NoError(t, r.Set(ctx, "short", "x", time.Nanosecond+time.Millisecond).Err())
	require.NoError(t, r.HSet(ctx, "hash", "a", "1", "b", "2").Err())
	require.NoError(t, r.ZAdd(ctx, "zset", redis.Z{Score: 1.5, Member: "m"}).Err())
	require.NoError(t, r.SAdd(ctx, "set", "a", "b").Err())
	require.NoError(t, r.RPush(ctx, "list", "a", "b").Err())
	// Kept while it runs, for the case that it is killed.
	require.Eventually(t, func() bool { _, err := os.Stat(file); return err == nil }, 10*time.Second, 20*time.Millisecond)
	stop()
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	r, stop = openRedis(t, file)
	defer stop()
	require.Equal(t, "\xff\x00", r.Get(ctx, "text").Val())
	ttl := r.PTTL(ctx, "text").Val()
	require.True(t, 50*time.Minute < ttl && ttl <= time.Hour, "%v", ttl)
	require.Equal(t, redis.Nil, r.Get(ctx, "short").Err())
	require.Equal(t, map[string]string{"a": "1", "b": "2"}, r.HGetAll(ctx, "hash").Val())
	require.Equal(t, 1.5, r.ZScore(ctx, "zset", "m").Val())
	require.ElementsMatch(t, []string{"a", "b"}, r.SMembers(ctx, "set").Val())
	require.Equal(t, []string{"a", "b"}, r.LRange(ctx, "list", 0, -1).Val())

	broken := filepath.Join(t.TempDir(), "broken")
	require.NoError(t, os.WriteFile(broken, []byte("x"), 0o600))
	_, err = platform.OpenEmbeddedRedis(broken)
	require.ErrorContains(t, err, broken)
}

// Transactions that read and then write must neither fail nor lose updates.
func TestSQLiteTransactions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%20")
	require.NoError(t, os.Mkdir(dir, 0o700))
	db, err := platform.OpenSQLite(t.Context(), dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.Write.Exec("CREATE TABLE n (v INTEGER)").Error)
	require.NoError(t, db.Write.Exec("INSERT INTO n VALUES (0)").Error)
	errs := make(chan error, 16*20)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 20 {
				errs <- db.Write.Transaction(func(tx *gorm.DB) error {
					var v int
					if err := tx.Raw("SELECT v FROM n").Scan(&v).Error; err != nil {
						return err
					}
					return tx.Exec("UPDATE n SET v = ?", v+1).Error
				})
				errs <- db.Read.Raw("SELECT v FROM n").Scan(new(int)).Error
			}
		})
	}
	go func() { all.Wait(); close(errs) }()
	for err := range errs {
		require.NoError(t, err)
	}
	var v int
	require.NoError(t, db.Read.Raw("SELECT v FROM n").Scan(&v).Error)
	require.Equal(t, 16*20, v)
	require.Error(t, db.Read.Exec("UPDATE n SET v = 0").Error, "the readers can't write")
	var mode string
	require.NoError(t, db.Read.Raw("PRAGMA journal_mode").Scan(&mode).Error)
	require.Equal(t, "wal", mode)
	_, err = os.Stat(filepath.Join(dir, "tinybook.db"))
	require.NoError(t, err)
}

func TestMySQLConfig(t *testing.T) {
	cfg, err := platform.MySQL{Addr: "127.0.0.1:3308", User: "u", Password: "p@:/", Name: "n"}.DriverConfig()
	require.NoError(t, err)
	require.True(t, cfg.ClientFoundRows)
	require.Equal(t, "u:p@:/@tcp(127.0.0.1:3308)/n?clientFoundRows=true&timeout=5s", cfg.FormatDSN())
	cfg, err = platform.MySQL{DSN: "u:p@tcp(h:1)/n", Addr: "ignored"}.DriverConfig()
	require.NoError(t, err)
	require.True(t, cfg.ClientFoundRows)
	require.Equal(t, "h:1", cfg.Addr)
	_, err = platform.MySQL{DSN: "u:secret@@@"}.DriverConfig()
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

// A message that was queued outlives a crash of the machine, as what Redis holds
// does: a commit is on the disk.
func TestQueueIsOnTheDisk(t *testing.T) {
	db, err := platform.OpenSQLite(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer db.Close()
	pool, _, err := db.Queue(t.Context())
	require.NoError(t, err)
	var mode string
	var synchronous int
	require.NoError(t, pool.QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode))
	require.NoError(t, pool.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&synchronous))
	require.Equal(t, "wal", mode)
	const full = 2
	require.Equal(t, full, synchronous)
}
