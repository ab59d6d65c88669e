package realserver

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// MariaDB starts a server whose user root has no password and may come from
// 127.0.0.1. It has no database yet: CREATE DATABASE comes first. Args are added
// to its command line.
func MariaDB(t testing.TB, args ...string) *Server {
	t.Helper()
	return Start(t, MariaDBSpec(args...))
}

// MariaDBSpec is what [MariaDB] starts.
func MariaDBSpec(args ...string) Spec {
	return Spec{
		Name:        "mariadb-server",
		Find:        InPath("mariadbd"),
		Ports:       1,
		Prepare:     prepareMariaDB,
		Args:        func(s *Server) []string { return append(mariaDBArgs(s), args...) },
		Ready:       mysqlReady,
		ReadyWithin: time.Minute,
	}
}

func prepareMariaDB(ctx context.Context, s *Server) error {
	install, err := InPath("mariadb-install-db")()
	if err != nil {
		return err
	}
	if err := os.Mkdir(tempOf(s), 0o700); err != nil {
		return err
	}
	cmd := s.command(ctx, install, append([]string{
		"--no-defaults", "--datadir=" + mariaDBData(s), "--auth-root-authentication-method=normal",
		"--skip-test-db", "--skip-name-resolve",
	}, stayRoot()...)...)
	cmd.Env = append(cmd.Environ(), "TMPDIR="+tempOf(s))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	return nil
}

func mariaDBData(s *Server) string { return filepath.Join(s.Dir, "data") }

// tempOf is where a server of MariaDB or MySQL has its temporary tables: when it
// starts it deletes what lies there, and others' would lie in /tmp.
func tempOf(s *Server) string { return filepath.Join(s.Dir, "tmp") }

func mariaDBArgs(s *Server) []string {
	return append([]string{
		"--no-defaults", "--datadir=" + mariaDBData(s), "--tmpdir=" + tempOf(s),
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(s.Ports[0]),
		// Relative to the data: a test's directory is too deep for a socket.
		"--socket=s.sock", "--pid-file=s.pid",
		"--skip-name-resolve", "--performance-schema=OFF", "--innodb-buffer-pool-size=64M",
	}, stayRoot()...)
}

// stayRoot lets MariaDB and MySQL run as root where the tests do, which they refuse
// unless told. Any other user must not say so.
func stayRoot() []string {
	if os.Geteuid() != 0 {
		return nil
	}
	return []string{"--user=root"}
}

// mysqlReady reads the greeting that the server sends to every client: three
// bytes of length, a number, and as many bytes, of which the first is the
// version of the protocol, or 255 where the server refuses the client.
func mysqlReady(ctx context.Context, s *Server) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.Addr())
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	greeting := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
	if _, err := io.ReadFull(conn, greeting); err != nil {
		return err
	}
	if !bytes.HasPrefix(greeting, []byte{10}) {
		return fmt.Errorf("greeting of another protocol: %q", greeting)
	}
	return nil
}
