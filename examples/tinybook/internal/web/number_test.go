package web_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

func TestNumbersHaveOneSpelling(t *testing.T) {
	for _, n := range []int64{0, 1, 7, 10, 1<<63 - 1} {
		got, ok := web.Number(strconv.FormatInt(n, 10))
		require.True(t, ok, n)
		require.Equal(t, n, got)
	}
	for _, text := range []string{
		"", "+2", "02", "007", "00", "-0", "-1", " 1", "1 ", "1_0", "0x1", "1e2", "1.0", "٣", "9223372036854775808",
	} {
		got, ok := web.Number(text)
		require.False(t, ok, text)
		require.Zero(t, got, text)
	}
}
