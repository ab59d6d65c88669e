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

// Trap ratelimit/1: the suite's WorstWindow; hits of the same instant all count.
// Trap ratelimit/2: its WorstWindowOverTheEdge; the first hit's end ends no other.
// Trap ratelimit/3: its WorstWindowAtTheBoundary; see TestWorstWindows too.
// Trap ratelimit/5: its MoreThanTheLimit, BadArguments and LimitZero.
// Trap ratelimit/6: its AtMostKeepsFractions.
// Trap ratelimit/12: its RefundTwice, RefundAfterReset and RefundAfterTheWindow.
// Trap ratelimit/14: its RetryAfterIsTrue.
func TestLocalConformsInABubble(t *testing.T) {
	ratelimittest.RunBubble(t, openLocal)
}

func TestLocalConformsOnARealClock(t *testing.T) {
	t.Parallel()
	ratelimittest.Run(t, openLocal)
}
