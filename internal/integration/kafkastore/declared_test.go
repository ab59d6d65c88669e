package kafkastore_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/storetest"
)

// falseVar has a process declare something false.
const falseVar = "TINYBOOK_KAFKASTORE_DECLARES"

type declaration struct {
	Indexed bool
	Caps    storetest.Caps
}

// A declaration that is false, whichever way, fails.
func TestFalseDeclarationsFail(t *testing.T) {
	if text := os.Getenv(falseVar); text != "" {
		var d declaration
		require.NoError(t, json.Unmarshal([]byte(text), &d))
		open := harness(nil)
		if d.Indexed {
			open = harness(func(*testing.T) smsfailover.Store { return smsfailover.NewMemStore() })
		}
		storetest.Run(t, open, d.Caps)
		return
	}
	for name, tc := range map[string]struct {
		declaration
		fails string // the scenario that shows it
	}{
		"durable, and says it isn't":     {declaration{Caps: storetest.Caps{}}, "DeclaredNotDurable"},
		"no duplicates, and says it has": {declaration{Caps: storetest.Caps{Durable: true, Dedupe: true}}, "SameIdemKey"},
		"duplicates, and says it hasn't": {declaration{true, storetest.Caps{Durable: true, Supersede: true}}, "DeclaredNoDedupe"},
		"supersedes nothing, and says it does": {
			declaration{Caps: storetest.Caps{Durable: true, Supersede: true}}, "SupersedeWaiting",
		},
		"supersedes, and says it doesn't": {declaration{true, storetest.Caps{Durable: true, Dedupe: true}}, "DeclaredNoSupersede"},
		"ordered, and says it isn't":      {declaration{Caps: storetest.Caps{Durable: true, Unordered: true}}, "DeclaredUnordered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := json.Marshal(tc.declaration)
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestFalseDeclarationsFail$/^"+tc.fails+"$", "-test.v")
			cmd.Env = append(os.Environ(), falseVar+"="+string(text))
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "it passed: %s", out)
			require.Contains(t, string(out), "--- FAIL: TestFalseDeclarationsFail/"+tc.fails)
		})
	}
}
