package ratelimit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

func newLocal(t testing.TB, a ratelimit.Algorithm, limits ...ratelimit.Limit) *ratelimit.Local {
	t.Helper()
	l, err := ratelimit.NewLocal(a, limits)
	require.NoError(t, err)
	return l
}

func openLocal(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
	return ratelimittest.Harness{Limiter: newLocal(t, a, limits...)}
}

// Traps ratelimit/1, 2, 3, 5, 6, 12 and 14 for a Local: see ratelimittest.
func TestLocalConformsInABubble(t *testing.T) {
	ratelimittest.RunBubble(t, openLocal)
}

func TestLocalConformsOnARealClock(t *testing.T) {
	t.Parallel()
	ratelimittest.Run(t, openLocal)
}
