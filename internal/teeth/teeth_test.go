package teeth_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/ycvk/tinybook/internal/teeth"
)

func suite(t *testing.T) {
	t.Run("Scenario", func(t *testing.T) {
		t.Run("one", func(t *testing.T) { t.Error("broken") })
		t.Run("two", func(*testing.T) {})
	})
}

func TestBite(t *testing.T) {
	teeth.Bite(t, []teeth.Fault{
		{Name: "all of it", Caught: "Scenario", Says: "broken", Suite: suite},
		{Name: "a part", Caught: "Scenario/one", Says: "broken", Suite: suite},
	})
}

// What a suite doesn't catch, or not where and as it must, fails the test: here
// that of a process of its own.
func TestBiteFails(t *testing.T) {
	const inner = "TINYBOOK_TEETH_INNER"
	faults := map[string][]teeth.Fault{
		"Scenario/two doesn't fail":    {{Name: "a", Caught: "Scenario/two", Suite: suite}},
		"Other doesn't fail":           {{Name: "a", Caught: "Other", Suite: suite}},
		`Scenario doesn't say "bent"`:  {{Name: "a", Caught: "Scenario", Says: "bent", Suite: suite}},
		"no name of its own":           {{Name: "a", Caught: "Scenario", Suite: suite}, {Name: "a", Caught: "Scenario", Suite: suite}},
		"or nothing that catches it: ": {{Name: "a", Suite: suite}},
	}
	if says, isInner := os.LookupEnv(inner); isInner {
		teeth.Bite(t, faults[says])
		return
	}
	for says := range faults {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBiteFails$")
		cmd.Env = append(os.Environ(), inner+"="+says)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), says) {
			t.Errorf("want an error with %q: %v\n%s", says, err, out)
		}
	}
}
