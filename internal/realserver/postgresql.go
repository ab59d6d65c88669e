package realserver

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// PostgreSQL starts a server whose user postgres needs no password and may come
// from 127.0.0.1, with a database postgres. Args, such as "-c", "name=value",
// are added to its command line.
func PostgreSQL(t testing.TB, args ...string) *Server {
	t.Helper()
	return Start(t, PostgreSQLSpec(args...))
}

// PostgreSQLSpec is what [PostgreSQL] starts.
func PostgreSQLSpec(args ...string) Spec {
	return Spec{
		Name:        "postgresql",
		Find:        FindPostgreSQL,
		User:        "postgres",
		Ports:       1,
		Prepare:     preparePostgreSQL,
		Args:        func(s *Server) []string { return append(postgreSQLArgs(s), args...) },
		Ready:       postgreSQLReady,
		ReadyWithin: time.Minute,
		StopSignal:  syscall.SIGINT, // SIGTERM waits until every client has gone
		Tidy:        tidyPostgreSQL,
	}
}

// FindPostgreSQL finds the newest server of the system, which Debian and its
// like keep out of the path.
func FindPostgreSQL() (string, error) {
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/postgres", "/usr/pgsql-*/bin/postgres"} {
		paths, err := filepath.Glob(pattern)
		if err == nil && len(paths) > 0 {
			return slices.MaxFunc(paths, byVersion), nil
		}
	}
	path, err := InPath("postgres")()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// byVersion compares paths that differ in a number: a longer one is larger.
func byVersion(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

func postgreSQLData(s *Server) string { return filepath.Join(s.Dir, "data") }

func preparePostgreSQL(ctx context.Context, s *Server) error {
	initdb := filepath.Join(filepath.Dir(s.Program), "initdb")
	out, err := s.command(ctx, initdb, "--pgdata="+postgreSQLData(s), "--username=postgres",
		"--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func postgreSQLArgs(s *Server) []string {
	return []string{
		"-D", postgreSQLData(s), "-p", strconv.Itoa(s.Ports[0]),
		"-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", // a test's directory is too deep for one
		"-c", "shared_buffers=32MB", "-c", "max_connections=200",
		// In the data, so that a killed server leaves nothing in /dev/shm.
		"-c", "dynamic_shared_memory_type=mmap",
	}
}

// tidyPostgreSQL removes the lock file of a killed server, which names a process
// that somebody else's may be by now, and the shared memory that it names: a
// few bytes, of which a system keeps only some thousands.
func tidyPostgreSQL(s *Server) error {
	lock := filepath.Join(postgreSQLData(s), "postmaster.pid")
	text, err := os.ReadFile(lock)
	if os.IsNotExist(err) {
		return nil // it had not come that far, or had ended in good order
	}
	if err != nil {
		return err
	}
	if err := removeSharedMemory(string(text)); err != nil {
		return err
	}
	return os.Remove(lock)
}
