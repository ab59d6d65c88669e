package topn_test

import (
	"cmp"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/topn"
)

func FuzzInt64CodecKeepsOrder(f *testing.F) {
	for _, n := range []int64{0, 1, -1, 9, 10, 99, 100, math.MaxInt64, math.MinInt64} {
		f.Add(n, n+1)
	}
	c := topn.Int64Codec()
	f.Fuzz(func(t *testing.T, a, b int64) {
		ea, eb := c.Encode(a), c.Encode(b)
		if got, err := c.Decode(ea); err != nil || got != a {
			t.Errorf("Decode(Encode(%d)) = %d, %v", a, got, err)
		}
		if cmp.Compare(ea, eb) != -cmp.Compare(a, b) {
			t.Errorf("%d and %d are %q and %q, want the smaller ahead", a, b, ea, eb)
		}
	})
}

func FuzzInt64CodecDecode(f *testing.F) {
	for _, s := range []string{"", "1", "00000000000000000000", "18446744073709551615", "18446744073709551616", "+0000000000000000001"} {
		f.Add(s)
	}
	c := topn.Int64Codec()
	f.Fuzz(func(t *testing.T, s string) {
		n, err := c.Decode(s)
		if err == nil && c.Encode(n) != s {
			t.Errorf("Decode(%q) = %d, which is %q", s, n, c.Encode(n))
		}
	})
}

func TestInt64CodecRefusesWhatItNeverWrote(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "1", strings.Repeat("0", 19), strings.Repeat("0", 21), "18446744073709551616", "99999999999999999999",
		"-0000000000000000001", "+0000000000000000001", " 0000000000000000001", "0000000000_000000001", "0x000000000000000001",
	} {
		_, err := topn.Int64Codec().Decode(s)
		require.Error(t, err, "%q", s)
		if s != "" && s != "1" {
			require.NotContains(t, err.Error(), s, "a member in an error")
		}
	}
}

func TestStringCodecKeepsBytes(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"a", "\xff\x00", "日本"} {
		got, err := topn.StringCodec().Decode(topn.StringCodec().Encode(s))
		require.NoError(t, err)
		require.Equal(t, s, got)
	}
}
