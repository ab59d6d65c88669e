// Package teeth tests conformance suites: one that passes something broken is
// worth nothing.
package teeth

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A Fault is something broken in one way, and the suite that is run on it.
type Fault struct {
	Name   string
	Caught string // the test of the suite that must fail, with its parents
	Says   string // and what it must say
	Suite  func(t *testing.T)
}

const chosen = "TINYBOOK_TEETH_FAULT"

// Bite fails t for each fault that its suite doesn't catch. Each runs in a process
// of its own, where the calling test runs that suite and nothing else.
func Bite(t *testing.T, faults []Fault) {
	t.Helper()
	if name, isChild := os.LookupEnv(chosen); isChild {
		only(t, faults, name)
		return
	}
	seen := make(map[string]bool)
	for _, f := range faults {
		if seen[f.Name] || f.Name == "" || f.Caught == "" {
			t.Fatalf("a fault has no name of its own, or nothing that catches it: %q", f.Name)
		}
		seen[f.Name] = true
	}
	for _, f := range faults {
		path := t.Name() + "/" + f.Caught
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			bite(t, f, path)
		})
	}
}

func only(t *testing.T, faults []Fault, name string) {
	t.Helper()
	for _, f := range faults {
		if f.Name == name {
			f.Suite(t)
			return
		}
	}
	t.Fatalf("no fault %q", name)
}

func bite(t *testing.T, f Fault, path string) {
	t.Helper()
	pattern := "^" + strings.ReplaceAll(path, "/", "$/^") + "$"
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+pattern)
	cmd.Env = append(os.Environ(), chosen+"="+f.Name)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--- FAIL: "+path) {
		t.Errorf("%s doesn't fail: %v\n%s", f.Caught, err, out)
	}
	if !strings.Contains(string(out), f.Says) {
		t.Errorf("%s doesn't say %q:\n%s", f.Caught, f.Says, out)
	}
}
