package cachex_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
)

// The five cases that a login by SMS stands or falls with, under the default
// policy.

func TestCodeUsedTwice(t *testing.T) {
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		set(t, c, phone, right)
		require.NoError(t, c.Verify(t.Context(), phone, right))
		require.ErrorIs(t, c.Verify(t.Context(), phone, right), cachex.ErrNotFound)
	})
}

func TestCodeTriedTooOften(t *testing.T) {
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		set(t, c, phone, right)
		for left := 2; left >= 0; left-- {
			d, ok := errors.AsType[*cachex.DeniedError](c.Verify(t.Context(), phone, wrong))
			if !ok || !errors.Is(d, cachex.ErrMismatch) || d.Left != left {
				t.Fatalf("wrong code: %v, want ErrMismatch with %d left", d, left)
			}
		}
		require.ErrorIs(t, c.Verify(t.Context(), phone, right), cachex.ErrTooMany)
		time.Sleep(time.Minute)
		set(t, c, phone, right)
		require.NoError(t, c.Verify(t.Context(), phone, right))
	})
}

func TestMoreThanThreeSendsInAShortTime(t *testing.T) {
	p := cachex.DefaultPolicy()
	p.ResendAfter = 0
	p.Sends = []cachex.Budget{{Max: 3, Window: 10 * time.Minute}}
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		for range 3 {
			set(t, c, phone, right)
			time.Sleep(time.Minute)
		}
		_, err := c.Set(t.Context(), phone, right)
		d, ok := errors.AsType[*cachex.DeniedError](err)
		if !ok || !errors.Is(d, cachex.ErrLocked) || d.RetryAfter != 7*time.Minute {
			t.Fatalf("fourth Set in 10 minutes: %v, want ErrLocked for 7 minutes", err)
		}
		time.Sleep(d.RetryAfter)
		set(t, c, phone, right)
	}, cachex.WithPolicy("", p))
}

func TestExpiredCode(t *testing.T) {
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		ticket := set(t, c, phone, right)
		require.Equal(t, time.Now().Add(10*time.Minute), ticket.ExpiresAt)
		time.Sleep(10 * time.Minute)
		require.ErrorIs(t, c.Verify(t.Context(), phone, right), cachex.ErrNotFound)
	})
}

func TestManyGoroutinesAtOnce(t *testing.T) {
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		got := countErrors(64, func(int) error {
			_, err := c.Set(t.Context(), phone, right)
			return err
		})
		require.Equal(t, map[error]int{nil: 1, cachex.ErrTooSoon: 63}, got)
		got = countErrors(64, func(int) error { return c.Verify(t.Context(), phone, right) })
		require.Equal(t, map[error]int{nil: 1, cachex.ErrNotFound: 63}, got)
	})
}
