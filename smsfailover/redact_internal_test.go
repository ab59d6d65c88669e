package smsfailover

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestRedact(t *testing.T) {
	for _, tc := range []struct {
		name, text, want string
		to               string
		args             []string
	}{
		{"the number", "send to +8613800138000 failed", "send to *** failed", "+8613800138000", nil},
		{"without its plus", "to=8613800138000;", "to=***;", "+8613800138000", nil},
		{"without its country", "13800138000: blocked", "***: blocked", "+8613800138000", nil},
		{"grouped", "138-0013-8000 and (138) 0013 8000", "*** and (***", "+8613800138000", nil},
		{"in a URL", "GET /send?to=%2B8613800138000&x=1", "GET /send?to=***&x=1", "+8613800138000", nil},
		{"part of a longer one", "trace 99913800138000777", "trace ***", "+8613800138000", nil},
		{"another number", "request 20261123164900 at 10.0.0.1", "request 20261123164900 at 10.0.0.1", "+8613800138000", nil},
		{"a short code", "to 10086", "to ***", "10086", nil},
		{"the code", "bad template: 271828 is not", "bad template: *** is not", "+86", []string{"271828"}},
		{"one in the other", "ab abc", "*** ***", "+86", []string{"ab", "abc"}},
		{"overlapping", "xabcx", "x***x", "+86", []string{"ab", "bc"}},
		{"in JSON", `{"a":"\"q\" \u003c"}`, `{"a":"***"}`, "+86", []string{`"q" <`}},
		{"in JSON of ASCII only", `{"a":"\u5f20\u4E09\uD83D\uDE00"}`, `{"a":"***"}`, "+86", []string{"张三😀"}},
		{"in a URL, in small letters", "a=%e5%bc%a0+b", "a=***", "+86", []string{"张 b"}},
		{"in the path of a URL", "GET /a%20b", "GET /***", "+86", []string{"a b"}},
		{"in HTML", "<p>&lt;i&gt;</p>", "<p>***</p>", "+86", []string{"<i>"}},
		{"in Go", `got "a\tb"`, `got "***"`, "+86", []string{"a\tb"}},
		{"in capitals", "NO CODE AB12CD", "NO CODE ***", "+86", []string{"ab12cd"}},
		{"the code, spelled", "271 828 or 2-7-1-8-2-8", "*** or ***", "+86", []string{"271828"}},
		{"stars", "a * b ** c", "a *** b *** c", "+86", []string{"*", "**"}},
		{"empty arg", "abc", "abc", "+86", []string{""}},
		{"not UTF-8", "a\xffb", "a\uFFFDb", "+86", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, redact(tc.text, &Message{To: tc.to, Args: tc.args}))
		})
	}
}

// Neither the cut at what is looked at nor that at what is kept shows a half.
func TestRedactCuts(t *testing.T) {
	secret := strings.Repeat("0123456789abcdef", 200)
	m := &Message{To: "+8613800138000", Args: []string{secret}}
	for _, before := range []int{0, 1, 250, 255, 256, 257, 1000, maxText - 8, maxText - 1, maxText} {
		got := redact(strings.Repeat("é", before/2)+secret+m.To, m)
		require.LessOrEqual(t, len(got), maxCause)
		require.True(t, utf8.ValidString(got))
		require.NotContains(t, got, "0123")
		require.NotContains(t, got, "138")
	}
	// One that is cut off isn't found as a whole, and what is before it may be short.
	var long strings.Builder
	for i := range 700 {
		fmt.Fprint(&long, i, ",")
	}
	require.Equal(t, mask, redact(strings.Repeat(long.String(), 2), &Message{Args: []string{long.String()}}))
}

// A wrapped error keeps its meaning and loses its text, also to %+v.
func TestRedactedErrorsKeepTheirMeaning(t *testing.T) {
	m := &Message{To: "+8613800138000"}
	inner := &BusyError{Err: errors.New("to 13800138000")}
	err := redactError(inner, m)
	require.ErrorIs(t, err, ErrThrottled)
	busy, ok := errors.AsType[*BusyError](err)
	require.True(t, ok)
	require.Same(t, inner, busy)
	require.NotContains(t, err.Error(), "138")
	require.NoError(t, errors.Unwrap(err), "who prints a chain link by link finds the text there")
	require.NoError(t, redactError(nil, m))
}

// The secrets of several messages are found before anything is cut.
func TestRedactSeveral(t *testing.T) {
	ms := []*Message{{To: "+8613800138000", Args: []string{"271828"}}, {To: "+8613900139000", Args: []string{"314159"}}}
	require.Equal(t, "***: ***, ***: ***", redact("13800138000: 271828, 13900139000: 314159", ms...))
	got := redact(strings.Repeat("x", maxCause-3)+"314159", ms...)
	require.NotContains(t, got, "314")
}

// Whatever text and message: no arg, no number, valid and short.
func FuzzRedact(f *testing.F) {
	f.Add("send to +8613800138000 failed: code 271828", "+8613800138000", "271828", "5")
	f.Add("a\xff*** **", "10086", "*", "**")
	f.Add(strings.Repeat("1380013 8000", 500), "+86-138-0013-8000", "", "80")
	f.Fuzz(func(t *testing.T, text, to, one, two string) {
		m := Message{TplID: "t", To: to, Args: []string{one, two}}
		if m.Validate() != nil {
			t.Skip("it never comes this far")
		}
		got := redact(text, &m)
		if len(got) > maxCause || !utf8.ValidString(got) {
			t.Fatalf("%d bytes, valid %v", len(got), utf8.ValidString(got))
		}
		for _, secret := range []string{to, one, two} {
			// The mask, and what stands for invalid bytes, may make one up.
			if secret != "" && !strings.ContainsAny(secret, mask+"\uFFFD") && utf8.ValidString(text) && utf8.ValidString(secret) && strings.Contains(got, secret) {
				t.Fatalf("%q is in %q, of %q", secret, got, text)
			}
		}
	})
}
