package realserver_test

import (
	"bufio"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

// A database is a server and the way to its own command-line client.
type database struct {
	name   string
	start  func(t testing.TB, args ...string) *realserver.Server
	client func(t testing.TB, s *realserver.Server, statement string) *exec.Cmd
}

var databases = []database{
	{"mariadb", realserver.MariaDB, func(t testing.TB, s *realserver.Server, statement string) *exec.Cmd {
		path, err := realserver.InPath("mariadb")()
		require.NoError(t, err)
		return mysqlClient(t, path, s, statement)
	}},
	{"mysql", realserver.MySQL, func(t testing.TB, s *realserver.Server, statement string) *exec.Cmd {
		return mysqlClient(t, filepath.Join(filepath.Dir(s.Program), "mysql"), s, statement)
	}},
	{"postgresql", realserver.PostgreSQL, func(t testing.TB, s *realserver.Server, statement string) *exec.Cmd {
		return exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(s.Program), "psql"), "--no-psqlrc",
			"--host=127.0.0.1", "--port="+strconv.Itoa(s.Ports[0]), "--username=postgres",
			"--tuples-only", "--no-align", "--quiet", "--command="+statement)
	}},
}

func mysqlClient(t testing.TB, path string, s *realserver.Server, statement string) *exec.Cmd {
	return exec.CommandContext(t.Context(), path, "--no-defaults", "--host=127.0.0.1",
		"--port="+strconv.Itoa(s.Ports[0]), "--protocol=tcp", "--user=root",
		"--skip-column-names", "--batch", "--execute="+statement)
}

// schema is where a table needs no further name.
func (d database) schema() string {
	if d.name == "postgresql" {
		return "CREATE SCHEMA d"
	}
	return "CREATE DATABASE d"
}

func (d database) ask(t testing.TB, s *realserver.Server, statement string) (string, error) {
	t.Helper()
	out, err := d.client(t, s, statement).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (d database) mustAsk(t testing.TB, s *realserver.Server, statement string) string {
	t.Helper()
	out, err := d.ask(t, s, statement)
	require.NoError(t, err, out)
	return out
}

func forEachDatabase(t *testing.T, test func(t *testing.T, d database)) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) { test(t, d) })
	}
}

func TestDatabaseSurvivesAKillAndLosesAllInAWipe(t *testing.T) {
	forEachDatabase(t, func(t *testing.T, d database) {
		s := d.start(t)
		d.mustAsk(t, s, d.schema())
		d.mustAsk(t, s, "CREATE TABLE d.t (n INT)")
		for i := range 3 {
			d.mustAsk(t, s, "INSERT INTO d.t VALUES ("+strconv.Itoa(i)+")")
			s.Kill()
			_, err := d.ask(t, s, "SELECT 1")
			require.Error(t, err, "a killed server answered")
			s.Restart()
			require.Equal(t, strconv.Itoa(i+1), d.mustAsk(t, s, "SELECT COUNT(*) FROM d.t"))
		}
		s.Stop()
		_, err := d.ask(t, s, "SELECT 1")
		require.Error(t, err, "a stopped server answered")
		s.Restart()
		require.Equal(t, "3", d.mustAsk(t, s, "SELECT COUNT(*) FROM d.t"))
		s.Wipe()
		s.Restart()
		out, err := d.ask(t, s, "SELECT COUNT(*) FROM d.t")
		require.Error(t, err, "a wiped server kept %q", out)
		require.Equal(t, "1", d.mustAsk(t, s, "SELECT 1"))
		if d.name != "postgresql" { // whose temporary files are among its data
			require.Equal(t, filepath.Join(s.Dir, "tmp"), d.mustAsk(t, s, "SELECT @@tmpdir"), "where others' files are")
		}
	})
}

// Each client has sent a first statement before the pause and sends the next
// one in it, on the same connection. PostgreSQL serves each client by a process
// of its own: to pause the first process is not enough.
func TestPausedDatabaseHoldsItsConnections(t *testing.T) {
	forEachDatabase(t, func(t *testing.T, d database) {
		s := d.start(t)
		say, hear := converse(t, d.session(t, s))
		say("SELECT 1;")
		require.Equal(t, "1", <-hear)
		resume := s.Pause()
		say("SELECT 2;")
		select {
		case answer, open := <-hear:
			t.Fatalf("a paused server answered %q (open: %v)", answer, open)
		case <-time.After(300 * time.Millisecond):
		}
		resume()
		require.Equal(t, "2", <-hear)

		s.Pause()
		s.Stop() // wakes it first
		s.Restart()
		require.Equal(t, "1", d.mustAsk(t, s, "SELECT 1"))
	})
}

// session is a client that reads statements from its standard input.
func (d database) session(t testing.TB, s *realserver.Server) *exec.Cmd {
	cmd := d.client(t, s, "")
	cmd.Args = cmd.Args[:len(cmd.Args)-1]
	if d.name != "postgresql" {
		cmd.Args = append(cmd.Args, "--unbuffered")
	}
	return cmd
}

// converse starts a client. Hear yields its lines and is closed at its end.
func converse(t *testing.T, cmd *exec.Cmd) (say func(string), hear <-chan string) {
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := make(chan string)
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(lines)
		for sc := bufio.NewScanner(out); sc.Scan(); {
			select {
			case lines <- sc.Text():
			case <-t.Context().Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = in.Close()
		<-read
		_ = cmd.Wait() // its server has gone before
	})
	return func(line string) {
		_, err := fmt.Fprintln(in, line)
		require.NoError(t, err)
	}, lines
}
