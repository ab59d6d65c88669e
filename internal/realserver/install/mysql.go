package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/ycvk/tinybook/internal/realserver"
)

// findMySQL finds a MySQL that also runs: a cache may have come from a system
// that has the libraries which this one lacks.
func findMySQL() (string, error) {
	path, err := realserver.InCache(realserver.MySQLPath("bin", "mysqld")...)()
	if err != nil {
		return "", err
	}
	if out, err := exec.Command(path, "--no-defaults", "--version").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", path, err, out)
	}
	return path, nil
}

// mysql brings the libraries that MySQL links, unpacks it and makes an empty
// server's data.
func mysql(ctx context.Context) error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return errors.New("it is built for linux/amd64 only")
	}
	if err := mysqlLibraries(ctx); err != nil {
		return err
	}
	path, err := realserver.CachePath(realserver.MySQLPath()...)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		return nil // the libraries were what it lacked
	}
	return publish(realserver.MySQLPath(), func(tmp, base string) error {
		if err := unpackMySQL(ctx, tmp, base); err != nil {
			return err
		}
		return makeMySQLData(ctx, base)
	})
}

// mysqlLibraries installs what mysqld links and few systems have.
func mysqlLibraries(ctx context.Context) error {
	for _, lib := range []string{"libaio.so.1", "libnuma.so.1"} {
		found, err := filepath.Glob("/usr/lib/x86_64-linux-gnu/" + lib)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return debian("libaio1", "libnuma1")(ctx)
		}
	}
	return nil
}

func unpackMySQL(ctx context.Context, tmp, base string) error {
	if err := maven(ctx, tmp, realserver.MySQLPOM, "unpack-dependencies", base); err != nil {
		return err
	}
	for _, name := range []string{"mysqld", "mysql"} {
		if err := os.Chmod(filepath.Join(base, "bin", name), 0o755); err != nil {
			return err
		}
	}
	return nil
}

func makeMySQLData(ctx context.Context, base string) error {
	init := base + ".sql"
	if err := os.WriteFile(init, realserver.MySQLInit, 0o644); err != nil {
		return err
	}
	data := filepath.Join(base, "data")
	command := append([]string{filepath.Join(base, "bin", "mysqld")}, realserver.MySQLArgs(base, data)...)
	if err := quietly(ctx, append(command, "--initialize-insecure", "--init-file="+init)...); err != nil {
		return err
	}
	// The server's identity: each copy is to draw its own.
	return os.Remove(filepath.Join(data, "auto.cnf"))
}
