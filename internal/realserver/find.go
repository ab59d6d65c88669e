package realserver

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// RequireEnv is the one switch that makes a missing server a failure.
const RequireEnv = "TINYBOOK_REQUIRE_SERVERS"

// InPath finds a program by name, also where a system keeps its daemons.
func InPath(name string) func() (string, error) {
	return func() (string, error) {
		path, err := exec.LookPath(name)
		if err == nil {
			return path, nil
		}
		for _, dir := range []string{"/usr/sbin/", "/sbin/", "/usr/local/sbin/"} {
			if path, err := exec.LookPath(dir + name); err == nil {
				return path, nil
			}
		}
		return "", err
	}
}

func program(t testing.TB, spec Spec) string {
	t.Helper()
	path, err := spec.Find()
	if err != nil {
		Missing(t, spec.Name, err)
	}
	return path
}

// Missing ends a test that lacks something it needs: it skips, saying which
// command brings it, or fails where TINYBOOK_REQUIRE_SERVERS=1. Any other value
// but "" and "0" is a mistake and fails as well.
func Missing(t testing.TB, name string, cause error) {
	t.Helper()
	msg := fmt.Sprintf("%s is missing (%v); bring it with: go run ./internal/realserver/install %s", name, cause, name)
	switch v := os.Getenv(RequireEnv); v {
	case "", "0":
		t.Skip(msg)
	case "1":
		t.Fatalf("%s, and %s=1 says that it must be there", msg, RequireEnv)
	default:
		t.Fatalf("%s=%q: want 0 or 1", RequireEnv, v)
	}
}
