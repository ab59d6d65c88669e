package cachex_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
)

// Trap cachex/1: eviction of a live code.
func TestNoLiveCodeIsEvicted(t *testing.T) {
	const capacity = 1000
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		accepted := make(map[int]bool)
		for i := range 4 * capacity {
			_, err := c.Set(t.Context(), phones(i), right)
			if err == nil {
				accepted[i] = true
				continue
			}
			require.ErrorIs(t, err, cachex.ErrFull)
		}
		require.Len(t, accepted, capacity)
		for i := range 4 * capacity {
			want := cachex.ErrNotFound
			if accepted[i] {
				want = nil
			}
			require.ErrorIs(t, c.Verify(t.Context(), phones(i), right), want)
		}
	}, cachex.WithCapacity(capacity))
}

// Trap cachex/2: attempts miscounted.
func TestTriesAreCountedExactly(t *testing.T) {
	p := cachex.DefaultPolicy()
	p.MaxAttempts = 7
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		set(t, c, phone, right)
		got := countErrors(64*20, func(int) error { return c.Verify(t.Context(), phone, wrong) })
		require.Equal(t, map[error]int{cachex.ErrMismatch: 7, cachex.ErrTooMany: 64*20 - 7}, got)
	}, cachex.WithPolicy("", p))
}

// Trap cachex/3: two right answers at once.
func TestOneOfManyRightAnswersWins(t *testing.T) {
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		for i := range 50 {
			set(t, c, phones(i), right)
			got := countErrors(64, func(int) error { return c.Verify(t.Context(), phones(i), right) })
			require.Equal(t, map[error]int{nil: 1, cachex.ErrNotFound: 63}, got)
		}
	})
}

// Trap cachex/4: resend resets budget.
func TestResendKeepsGuessBudget(t *testing.T) {
	p := cachex.DefaultPolicy()
	p.Sends = nil
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		compared := 0
		for range 100 {
			if _, err := c.Set(t.Context(), phone, right); err != nil {
				require.ErrorIs(t, err, cachex.ErrLocked)
			}
			for range p.MaxAttempts + 1 {
				if errors.Is(c.Verify(t.Context(), phone, wrong), cachex.ErrMismatch) {
					compared++
				}
			}
			time.Sleep(p.ResendAfter)
		}
		require.Equal(t, p.Guesses.Max, compared)
	}, cachex.WithPolicy("", p))
}

// Trap cachex/5: early/late expiry.
func TestExpiryIsExact(t *testing.T) {
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		time.Sleep(12345 * time.Nanosecond)
		set(t, c, phone, right)
		time.Sleep(10*time.Minute - 1)
		require.ErrorIs(t, c.Verify(t.Context(), phone, wrong), cachex.ErrMismatch)
		time.Sleep(time.Nanosecond)
		require.ErrorIs(t, c.Verify(t.Context(), phone, right), cachex.ErrNotFound)
	})
}

// Trap cachex/6: TTL <= ResendAfter. The first Set isn't refused, and the pause
// holds to its end, with no budget to keep the record that long.
func TestLifeShorterThanPause(t *testing.T) {
	for _, ttl := range []time.Duration{time.Millisecond, time.Second, time.Minute} {
		p := cachex.Policy{TTL: ttl, ResendAfter: time.Minute, MaxAttempts: 3}
		inMemory(t, func(t *testing.T, c cachex.CodeCache) {
			set(t, c, phone, right)
			tooSoon := func(want time.Duration) {
				t.Helper()
				_, err := c.Set(t.Context(), phone, right)
				d, ok := errors.AsType[*cachex.DeniedError](err)
				if !ok || !errors.Is(d, cachex.ErrTooSoon) || d.RetryAfter != want {
					t.Fatalf("second Set: %v, want ErrTooSoon for %v", err, want)
				}
			}
			tooSoon(time.Minute)
			time.Sleep(p.ResendAfter / 2)
			tooSoon(p.ResendAfter / 2)
			time.Sleep(p.ResendAfter/2 - time.Nanosecond)
			tooSoon(time.Nanosecond)
			time.Sleep(time.Nanosecond)
			set(t, c, phone, right)
		}, cachex.WithPolicy("", p))
	}
}

// Trap cachex/11: biased generator.
func TestDigitsAreUnbiased(t *testing.T) {
	const n, codes = 6, 1_000_000
	var seen [n][10]int
	generate := cachex.Digits(n)
	for range codes {
		code, err := generate()
		if err != nil || len(code) != n {
			t.Fatalf("code %q, %v", code, err)
		}
		for i := range n {
			seen[i][code[i]-'0']++ // out of range unless a digit
		}
	}
	// Chi-square with 9 degrees of freedom is over 66.7 with a probability of
	// less than 1e-10.
	for place, counts := range seen {
		chi2, want := 0.0, float64(codes)/10
		for _, count := range counts {
			chi2 += math.Pow(float64(count)-want, 2) / want
		}
		if chi2 > 66.7 {
			t.Errorf("place %d: chi-square %.1f, counts %v", place, chi2, counts)
		}
	}
}

// Trap cachex/12: key confusion.
func FuzzKeysDontMix(f *testing.F) {
	for _, s := range [][4]string{
		{"a:b", "c", "a", "b:c"},
		{"a\x00", "b", "a", "\x00b"},
		{"ab", "c", "a", "bc"},
		{"{a}", "b", "a", "{b}"},
		{"", "a", "a", ""},
		{"a", "b", "a", "b"},
	} {
		f.Add(s[0], s[1], s[2], s[3])
	}
	f.Fuzz(func(t *testing.T, biz1, to1, biz2, to2 string) {
		a, b := cachex.Key{Biz: biz1, To: to1}, cachex.Key{Biz: biz2, To: to2}
		c := newLocal(t, cachex.WithCapacity(10))
		if _, err := c.Set(t.Context(), a, right); err != nil {
			require.ErrorIs(t, err, cachex.ErrInput)
			return
		}
		status, err := c.Status(t.Context(), b)
		if err != nil {
			require.ErrorIs(t, err, cachex.ErrInput)
			return
		}
		require.Equal(t, a == b, status.Live)
	})
}

// Trap cachex/14: plaintext in dump/log/error.
func TestErrorsGiveNothingAway(t *testing.T) {
	long := strings.Repeat(right, 20)
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		var errs []error
		add := func(err error) {
			require.Error(t, err)
			errs = append(errs, err)
		}
		set(t, c, phone, right)
		for _, code := range []string{wrong, wrong, wrong, right, long, ""} {
			add(c.Verify(t.Context(), phone, code))
		}
		for _, k := range []cachex.Key{phone, {To: phone.To}, {Biz: phone.Biz}, phones(2)} {
			_, err := c.Set(t.Context(), k, right)
			add(err)
		}
		_, err := c.Set(t.Context(), phones(1), long)
		add(err)
		text := errors.Join(errs...).Error()
		for _, secret := range []string{phone.To, phones(1).To, phones(2).To, right, wrong} {
			require.NotContains(t, text, secret)
		}
	}, cachex.WithCapacity(1))
}

// Trap cachex/16: failed SMS.
func TestRevokeOfOldSetIsNoOp(t *testing.T) {
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		old := set(t, c, phone, wrong)
		time.Sleep(time.Minute)
		now := set(t, c, phone, right)
		ok, err := c.Revoke(t.Context(), phone, old.Gen)
		require.NoError(t, err)
		require.False(t, ok, "an old gen was taken back")

		ok, err = c.Revoke(t.Context(), phone, now.Gen)
		require.NoError(t, err)
		require.True(t, ok)
		require.ErrorIs(t, c.Verify(t.Context(), phone, wrong), cachex.ErrNotFound)
		set(t, c, phone, right)
	})
}
