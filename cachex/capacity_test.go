package cachex_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
)

// A Key that has a record needs no room, and room comes back the moment that
// any record ends.
func TestFullCacheFindsRoom(t *testing.T) {
	const capacity = 5000
	p := cachex.Policy{TTL: time.Hour, MaxAttempts: 3}
	synctest.Test(t, func(t *testing.T) {
		c := newLocal(t, cachex.WithCapacity(capacity), cachex.WithPolicy("", p))
		for i := range capacity {
			set(t, c, phones(i), right)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(p.TTL - (capacity+1)*time.Millisecond)
		const extended = capacity / 2
		for i := range capacity {
			_, err := c.Set(t.Context(), phones(capacity+i), right)
			require.ErrorIs(t, err, cachex.ErrFull)
			set(t, c, phones(extended), right)
			time.Sleep(time.Millisecond)
			if i != extended {
				set(t, c, phones(capacity+i), right)
			}
		}
		require.Equal(t, cachex.LocalStats{Records: capacity, Capacity: capacity, Full: capacity}, c.Stats())
		time.Sleep(p.TTL)
		require.Zero(t, c.Stats().Records)
	})
}

// Whatever ends a record before its time gives its room back as well.
func TestRoomComesBack(t *testing.T) {
	p := cachex.Policy{TTL: time.Hour, MaxAttempts: 3}
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		for range 10 {
			set(t, c, phone, right)
			_, err := c.Set(t.Context(), phones(1), right)
			require.ErrorIs(t, err, cachex.ErrFull)
			require.NoError(t, c.Verify(t.Context(), phone, right))

			ticket := set(t, c, phones(1), right)
			ok, err := c.Revoke(t.Context(), phones(1), ticket.Gen)
			require.NoError(t, err)
			require.True(t, ok)
		}
	}, cachex.WithCapacity(1), cachex.WithPolicy("", p))
}

// A code that is used may bring the end of its record closer; the room is back
// at the new end, not at the old.
func TestRoomComesBackAtNewEnd(t *testing.T) {
	p := cachex.Policy{TTL: time.Hour, ResendAfter: time.Minute, MaxAttempts: 3}
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		set(t, c, phone, right)
		set(t, c, phones(1), right)
		require.NoError(t, c.Verify(t.Context(), phones(1), right))
		time.Sleep(time.Minute - 1)
		_, err := c.Set(t.Context(), phones(2), right)
		require.ErrorIs(t, err, cachex.ErrFull)
		if _, ok := c.(*cachex.CodeTheineCache); ok {
			time.Sleep(theineLag)
		}
		time.Sleep(time.Nanosecond)
		set(t, c, phones(2), right)
	}, cachex.WithCapacity(2), cachex.WithPolicy("", p))
}

// Many goroutines fight for the last permits while records end: what was
// accepted is there, and never more than the capacity.
func TestCapacityUnderContention(t *testing.T) {
	const capacity, keys = 200, 2000
	p := cachex.Policy{TTL: time.Minute, MaxAttempts: 3}
	inMemory(t, func(t *testing.T, c cachex.CodeCache) {
		for range 5 {
			accepted := make([]bool, keys)
			got := countErrors(keys, func(i int) error {
				_, err := c.Set(t.Context(), phones(i), right)
				accepted[i] = err == nil
				return err
			})
			require.Equal(t, map[error]int{nil: capacity, cachex.ErrFull: keys - capacity}, got)
			for i := range keys {
				status, err := c.Status(t.Context(), phones(i))
				require.NoError(t, err)
				require.Equal(t, accepted[i], status.Live)
			}
			time.Sleep(p.TTL + theineLag)
		}
	}, cachex.WithCapacity(capacity), cachex.WithPolicy("", p))
}

func TestTheineClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTheine(t)
		ticket := set(t, c, phone, right)
		got := countErrors(64, func(i int) error {
			if i == 32 {
				c.Close()
			}
			_, err := c.Set(t.Context(), phones(i), right)
			return err
		})
		require.Equal(t, 64, got[nil]+got[cachex.ErrClosed])
		c.Close()
		_, err := c.Set(t.Context(), phone, right)
		require.ErrorIs(t, err, cachex.ErrClosed)
		require.ErrorIs(t, c.Verify(t.Context(), phone, right), cachex.ErrClosed)
		_, err = c.Revoke(t.Context(), phone, ticket.Gen)
		require.ErrorIs(t, err, cachex.ErrClosed)
		_, err = c.Status(t.Context(), phone)
		require.ErrorIs(t, err, cachex.ErrClosed)
	})
}

// Entries that are replaced, expire and are dropped at once lose no permit, and
// theine never evicts.
func TestTheinePermits(t *testing.T) {
	p := cachex.Policy{TTL: 3 * time.Second, MaxAttempts: 3, Guesses: cachex.Budget{Max: 9, Window: 5 * time.Second}}
	synctest.Test(t, func(t *testing.T) {
		c := newTheine(t, cachex.WithCapacity(50), cachex.WithPolicy("", p))
		for step := range 200 {
			countErrors(100, func(i int) error {
				_, err := c.Set(t.Context(), phones(i), right)
				_ = c.Verify(t.Context(), phones(i+step), wrong)
				if i%3 == 0 {
					_ = c.Verify(t.Context(), phones(i), right)
				}
				return err
			})
			time.Sleep(time.Duration(step%5) * 500 * time.Millisecond)
		}
		time.Sleep(p.Guesses.Window + theineLag)
		stats := c.Stats()
		require.Zero(t, stats.Records, "permits are lost")
		require.Zero(t, stats.Evicted)
		require.NotZero(t, stats.Full)
	})
}
