package ratelimittest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

const faultVar = "RATELIMITTEST_FAULT"

// A fault breaks a limiter in one way.
type fault struct {
	name   string
	caught string // the algorithm and the scenario that must fail
	says   string // and what it must say
	open   func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness
}

// TestFaulty runs the suite on the limiter with the fault that the environment
// names, for TestSuiteHasTeeth, and otherwise does nothing.
func TestFaulty(t *testing.T) {
	name := os.Getenv(faultVar)
	if name == "" {
		t.Skip("it runs in a process that TestSuiteHasTeeth starts")
	}
	for _, f := range faults() {
		if f.name == name {
			ratelimittest.RunBubble(t, f.open)
			return
		}
	}
	t.Fatalf("no fault %q", name)
}

// A suite that passes a broken limiter is worth nothing: each fault must fail
// it.
func TestSuiteHasTeeth(t *testing.T) {
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			a, scenario, _ := strings.Cut(f.caught, "/")
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFaulty$/^"+a+"$/^"+scenario+"$")
			cmd.Env = append(os.Environ(), faultVar+"="+f.name)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestFaulty/"+f.caught) {
				t.Errorf("%s doesn't fail: %v\n%s", f.caught, err, out)
			}
			if !strings.Contains(string(out), f.says) {
				t.Errorf("%s doesn't say %q:\n%s", f.caught, f.says, out)
			}
		})
	}
}
