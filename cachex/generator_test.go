package cachex_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
)

func TestDigits(t *testing.T) {
	for _, n := range []int{1, 4, 6, 63, 64} {
		seen := make(map[string]bool)
		for range 1000 {
			code, err := cachex.Digits(n)()
			require.NoError(t, err)
			require.Regexp(t, "^[0-9]+$", code)
			require.Len(t, code, n)
			seen[code] = true
		}
		require.Greater(t, len(seen), min(n*5, 900), "n = %d", n)
	}
	for _, n := range []int{-1, 0, 65, 1 << 30} {
		code, err := cachex.Digits(n)()
		require.ErrorIs(t, err, cachex.ErrInput)
		require.Empty(t, code)
	}
}
