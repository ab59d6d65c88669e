package platform_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

func TestLockDir(t *testing.T) {
	dir := t.TempDir()
	unlock, err := platform.LockDir(dir)
	require.NoError(t, err)
	_, err = platform.LockDir(dir)
	require.ErrorContains(t, err, dir+" is in use by another tinybook")
	other, err := platform.LockDir(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, other())
	require.NoError(t, unlock())
	unlock, err = platform.LockDir(dir)
	require.NoError(t, err)
	require.NoError(t, unlock())
	_, err = platform.LockDir(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// Every way to cut or change the file is noticed, and the error says which
// file it is and what to do.
func TestDamagedFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "redis.gob")
	r, err := platform.OpenEmbeddedRedis(file)
	require.NoError(t, err)
	require.NoError(t, r.Set(t.Context(), "k", "v", 0).Err())
	require.NoError(t, r.Sync(t.Context()))
	require.NoError(t, r.Close())
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	for n := range whole {
		changed := bytes.Clone(whole)
		changed[n] ^= 1
		for _, damaged := range [][]byte{whole[:n], changed} {
			require.NoError(t, os.WriteFile(file, damaged, 0o600))
			_, err := platform.OpenEmbeddedRedis(file)
			require.ErrorContains(t, err, file+" is damaged", "byte %d", n)
			require.ErrorContains(t, err, "delete it")
		}
	}
}

// What Sync has returned for is in the file, without Run and without Close.
func TestSyncIsDurable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "redis.gob")
	r, err := platform.OpenEmbeddedRedis(file)
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, r.Set(t.Context(), "k", "v", 0).Err())
	require.NoError(t, r.Sync(t.Context()))
	again, err := platform.OpenEmbeddedRedis(file)
	require.NoError(t, err)
	defer again.Close()
	require.Equal(t, "v", again.Get(t.Context(), "k").Val())
}

// A disk that fails for a while stops nothing.
func TestFailedSave(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Mkdir(dir, 0o700))
	var log bytes.Buffer
	r, err := platform.OpenEmbeddedRedis(filepath.Join(dir, "redis.gob"), platform.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	require.NoError(t, r.Set(t.Context(), "k", "v", 0).Err())
	require.NoError(t, os.Rename(dir, dir+"-away"))
	require.Error(t, r.Sync(t.Context()))
	require.NoError(t, r.Health(), "once may be a hiccup")
	for range 3 {
		require.Error(t, r.Sync(t.Context()))
	}
	require.ErrorContains(t, r.Health(), "4 saves in a row have failed")
	require.Equal(t, 1, strings.Count(log.String(), "level=ERROR"), "%s", &log)
	require.NoError(t, os.Rename(dir+"-away", dir))
	require.NoError(t, r.Sync(t.Context()))
	require.NoError(t, r.Health())
	require.Contains(t, log.String(), "kept again")
	require.NoError(t, r.Close())
}

func TestRunGoesOnWithoutItsFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Mkdir(dir, 0o700))
	file := filepath.Join(dir, "redis.gob")
	r, stop := openRedis(t, file)
	require.NoError(t, os.Rename(dir, dir+"-away"))
	require.NoError(t, r.Set(t.Context(), "k", "v", 0).Err())
	require.Eventually(t, func() bool { return r.Health() != nil }, 30*time.Second, 20*time.Millisecond)
	require.Equal(t, "v", r.Get(t.Context(), "k").Val())
	require.NoError(t, os.Rename(dir+"-away", dir))
	require.Eventually(t, func() bool { return r.Health() == nil }, 30*time.Second, 20*time.Millisecond)
	stop()
}

// Nobody else may read the accounts, whatever the directory allows.
func TestSQLiteFilesArePrivate(t *testing.T) {
	for name, before := range map[string]fs.FileMode{"new": 0, "from before": 0o644} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.Chmod(dir, 0o755))
			if before != 0 {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "tinybook.db"), nil, before))
			}
			db, err := platform.OpenSQLite(t.Context(), dir)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			require.NoError(t, db.Migrate(t.Context()))
			files, err := filepath.Glob(filepath.Join(dir, "*"))
			require.NoError(t, err)
			require.Len(t, files, 3, "the database, its log and its index")
			for _, file := range files {
				info, err := os.Stat(file)
				require.NoError(t, err)
				require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), file)
			}
		})
	}
}

func TestQuiet(t *testing.T) {
	const secret = "secret@example.com"
	require.NoError(t, platform.Quiet(nil))
	for _, tc := range []struct {
		err  error
		want string
	}{
		{&mysqldriver.MySQLError{Number: 1366, SQLState: [5]byte{'2', '2', '0', '0', '7'}, Message: "Incorrect value: '" + secret + "'"}, "MySQL error 1366 (22007)"},
		{errors.New("ERR unknown command, with args " + secret), "error of type *errors.errorString"},
		{errors.Join(errors.New(secret), syscall.ECONNREFUSED), "error of type *errors.joinError"},
	} {
		got := platform.Quiet(tc.err)
		require.EqualError(t, got, tc.want)
		require.ErrorIs(t, got, tc.err)
		require.EqualError(t, platform.Quiet(got), tc.want, "again")
	}
	db, err := platform.OpenSQLite(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer db.Close()
	err = platform.Quiet(db.Write.Exec("INSERT INTO nowhere VALUES (?)", secret).Error)
	require.EqualError(t, err, "SQLite error 1")
}
