package sqlstore

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

func FuzzArgs(f *testing.F) {
	f.Add("123456", "10")
	f.Add("\xff\x00\\x", "")
	f.Add(`{"base64":"AA=="}`, "验证码\u2028<&>")
	f.Fuzz(func(t *testing.T, a, b string) {
		want := []string{a, b}
		text, err := encodeArgs(want)
		require.NoError(t, err)
		require.True(t, json.Valid([]byte(text)))
		require.True(t, utf8.ValidString(text))
		require.NotContains(t, text, "\x00", "PostgreSQL doesn't take it")
		got, err := decodeArgs(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func FuzzDecodeArgs(f *testing.F) {
	for _, s := range []string{"", "[", "null", "[]", `["a",{"base64":"AA=="}]`, `[{"base64":"?"}]`, `[1]`, `[null]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		args, err := decodeArgs(text)
		if err != nil {
			require.Empty(t, args)
			return
		}
		again, err := encodeArgs(args)
		require.NoError(t, err)
		got, err := decodeArgs(again)
		require.NoError(t, err)
		require.Equal(t, args, got)
	})
}

func TestNoArgs(t *testing.T) {
	for _, none := range [][]string{nil, {}} {
		text, err := encodeArgs(none)
		require.NoError(t, err)
		require.Equal(t, "[]", text)
	}
	got, err := decodeArgs("[]")
	require.NoError(t, err)
	require.Nil(t, got)
}

// What a text column gets is text, and no two strings get the same.
func FuzzSafeText(f *testing.F) {
	for _, s := range []string{"", "a", `\x61`, "\x00", "\xff", `\`, "é😀"} {
		f.Add(s)
	}
	s := &Store{f: flavors[PostgreSQL]}
	f.Fuzz(func(t *testing.T, v string) {
		stored := safeText(v)
		require.True(t, utf8.ValidString(stored) && !strings.Contains(stored, "\x00"))
		got, err := s.string(stored)
		require.NoError(t, err)
		require.Equal(t, v, got)
	})
}

func TestCut(t *testing.T) {
	for _, tc := range []struct {
		s    string
		n    int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "abc"},
		{"aéé", 3, "aé"},
		{"aéé", 4, "aé"},
		{"😀😀", 7, "😀"},
		{"\xbf\xbf\xbf\xbf\xbf\xbf", 5, "\xbf\xbf\xbf\xbf\xbf"},
		{"", 0, ""},
		{"é", 1, ""},
	} {
		require.Equal(t, tc.want, cut(tc.s, tc.n), "cut(%q, %d)", tc.s, tc.n)
	}
}

func TestMeasure(t *testing.T) {
	from := time.UnixMicro(10_000_500)
	to := from.Add(7 * time.Millisecond)
	for _, tc := range []struct {
		name   string
		server int64
		want   skew
	}{
		{"while the call ran", 10_003_000, 0},
		{"in whole milliseconds", 10_000_000, 0},
		{"as it began", 10_000_500, 0},
		{"as it ended", 10_007_500, 0},
		{"five minutes ahead", 10_007_500 + 300e6, -300e6},
		{"five minutes behind", 10_000_000 - 300e6, 300e6},
	} {
		k := measure(from, to, tc.server)
		require.Equal(t, tc.want, k, tc.name)
		require.Equal(t, tc.server, k.server(k.local(tc.server)), tc.name)
	}
}

func TestMicros(t *testing.T) {
	for d, want := range map[time.Duration]int64{
		-time.Hour: 0, 0: 0, 1: 1, 999: 1, 1000: 1, 1001: 2, math.MaxInt64: math.MaxInt64/1000 + 1,
	} {
		require.Equal(t, want, micros(d), "%d ns", int64(d))
	}
}

func TestPlaceholders(t *testing.T) {
	cfg, err := newConfig(nil)
	require.NoError(t, err)
	text := func(d Dialect) string {
		f := flavors[d]
		s := &Store{cfg: cfg, f: f, names: newNames(f, cfg.prefix)}
		q := s.sql("a = ? AND b = ?", 1, 2).add(" AND c").in([]any{"x", "y"}).add(" FROM {jobs}{by id}")
		require.Len(t, q.args, strings.Count(q.text.String(), "?")+strings.Count(q.text.String(), "$"))
		return q.text.String()
	}
	require.Equal(t, "a = ? AND b = ? AND c IN (?, ?) FROM sms_jobs FORCE INDEX (PRIMARY)", text(MySQL))
	require.Equal(t, "a = ? AND b = ? AND c IN (?, ?) FROM sms_jobs", text(SQLite))
	require.Equal(t, "a = $1 AND b = $2 AND c = ANY ((SELECT $3::text::text[])::text[]) FROM sms_jobs", text(PostgreSQL))
	require.Equal(t, `{"a\"b","c\\d",""}`, textArray([]string{`a"b`, `c\d`, ""}))
}

// In batches, likes keep their order, and no batch holds two.
func TestBatchesKeepLikesApart(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 40 {
		items := make([]*item, rng.IntN(600))
		for i := range items {
			j := smsfailover.Job{Message: smsfailover.Message{
				ID:    string(rune('a' + rng.IntN(400))),
				TplID: "login", To: string(rune('a' + rng.IntN(400))),
			}}
			if rng.IntN(2) == 0 {
				j.IdemKey = string(rune('a' + rng.IntN(100)))
			}
			it, err := newItem(i, j)
			require.NoError(t, err)
			items[i] = it
		}
		batchOf := make(map[*item]int)
		for n, b := range batchesOf(items) {
			require.LessOrEqual(t, len(b), maxLook)
			require.True(t, slices.IsSortedFunc(b, func(a, b *item) int { return strings.Compare(a.dedupe, b.dedupe) }))
			for _, it := range b {
				batchOf[it] = n
			}
		}
		require.Len(t, batchOf, len(items))
		for i, a := range items {
			for _, b := range items[:i] {
				if a.ID == b.ID || a.dedupe == b.dedupe || a.idem != "" && a.idem == b.idem {
					require.Less(t, batchOf[b], batchOf[a])
				}
			}
		}
	}
}

// Where one string ends and the next begins is part of a hash.
func TestHash(t *testing.T) {
	require.NotEqual(t, hash("ab", "c"), hash("a", "bc"))
	require.NotEqual(t, hash("a", ""), hash("a"))
	require.Len(t, hash(""), 32)
}
