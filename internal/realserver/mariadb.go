package realserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// MariaDB starts a server whose user root has no password and may come from
// 127.0.0.1. It has no database yet: CREATE DATABASE comes first.
func MariaDB(t testing.TB) *Server {
	t.Helper()
	return Start(t, Spec{
		Name:        "mariadb-server",
		Find:        InPath("mariadbd"),
		Ports:       1,
		Prepare:     prepareMariaDB,
		Args:        mariaDBArgs,
		Ready:       mysqlReady,
		ReadyWithin: time.Minute,
	})
}

func prepareMariaDB(ctx context.Context, s *Server) error {
	install, err := InPath("mariadb-install-db")()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, install, "--no-defaults", "--user=root",
		"--datadir="+mariaDBData(s), "--auth-root-authentication-method=normal",
		"--skip-test-db", "--skip-name-resolve").CombinedOutput()
	if err != nil {
		return fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	return nil
}

func mariaDBData(s *Server) string { return filepath.Join(s.Dir, "data") }

func mariaDBArgs(s *Server) []string {
	return []string{
		"--no-defaults", "--user=root", "--datadir=" + mariaDBData(s),
		"--bind-address=127.0.0.1", "--port=" + strconv.Itoa(s.Ports[0]),
		// Relative to the data: a test's directory is too deep for a socket.
		"--socket=s.sock", "--pid-file=s.pid",
		"--skip-name-resolve", "--performance-schema=OFF", "--innodb-buffer-pool-size=64M",
	}
}

// mysqlReady waits for the greeting that the server sends to every client:
// three bytes of length, a number, and the version of the protocol.
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
	var head [5]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	if version := head[4]; version != 10 {
		return fmt.Errorf("greeting of protocol %d, want 10", version)
	}
	return nil
}
