package realserver

import (
	"context"
	"crypto/sha256"
	_ "embed" // mysql/*
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// MySQLPOM names the build of MySQL that the tests run, as Maven wants it.
//
//go:embed mysql/pom.xml
var MySQLPOM []byte

// MySQLInit lets root come from 127.0.0.1, which is no localhost to a server that
// looks no names up.
//
//go:embed mysql/init.sql
var MySQLInit []byte

// mySQLOptions make data, and every later start on them repeats them. A small
// redo log and no performance schema keep the data small: each server has its
// own copy.
var mySQLOptions = []string{"--performance-schema=OFF", "--innodb-redo-log-capacity=32M"}

// MySQLPath is where the install command unpacks MySQL in its cache, as
// [CachePath] wants it. Its folder data is an empty server's, to be copied.
func MySQLPath(elem ...string) []string {
	sum := sha256.Sum256(slices.Concat(MySQLPOM, MySQLInit, []byte(strings.Join(mySQLOptions, " "))))
	return append([]string{fmt.Sprintf("mysql-%x", sum[:6])}, elem...)
}

// MySQL starts a MySQL 8.0 whose user root has no password and may come from
// 127.0.0.1. It has no database yet: CREATE DATABASE comes first. Args are added
// to its command line. For speed it writes no binary log unless they say so.
func MySQL(t testing.TB, args ...string) *Server {
	t.Helper()
	return Start(t, MySQLSpec(args...))
}

// MySQLSpec is what [MySQL] starts.
func MySQLSpec(args ...string) Spec {
	return Spec{
		Name:        "mysql",
		Find:        InCache(MySQLPath("bin", "mysqld")...),
		Ports:       1,
		Prepare:     prepareMySQL,
		Args:        func(s *Server) []string { return append(mySQLArgs(s), args...) },
		Ready:       mysqlReady,
		ReadyWithin: time.Minute,
	}
}

// prepareMySQL copies the data that the install command has made once: to make
// them anew takes longer than the rest of a start.
func prepareMySQL(_ context.Context, s *Server) error {
	if err := os.Mkdir(tempOf(s), 0o700); err != nil {
		return err
	}
	return os.CopyFS(mySQLData(s), os.DirFS(filepath.Join(mySQLBase(s), "data")))
}

func mySQLBase(s *Server) string { return filepath.Dir(filepath.Dir(s.Program)) }
func mySQLData(s *Server) string { return filepath.Join(s.Dir, "data") }

func mySQLArgs(s *Server) []string {
	return append(MySQLArgs(mySQLBase(s), mySQLData(s)),
		"--bind-address=127.0.0.1", "--port="+strconv.Itoa(s.Ports[0]), "--mysqlx=OFF", "--tmpdir="+tempOf(s),
		// Relative to the data: a test's directory is too deep for a socket.
		"--socket=s.sock", "--pid-file=s.pid",
		"--skip-name-resolve", "--disable-log-bin", "--innodb-buffer-pool-size=64M",
	)
}

// MySQLArgs is the part of the command line that is the same for the making of
// data and for every start on them.
func MySQLArgs(base, data string) []string {
	return slices.Concat([]string{"--no-defaults", "--basedir=" + base, "--datadir=" + data},
		mySQLOptions, stayRoot())
}
