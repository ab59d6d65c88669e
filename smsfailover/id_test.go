package smsfailover_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// The IDs of messages without one are UUIDv7, all different, and rise with time.
func TestFreshIDsAreUUIDv7(t *testing.T) {
	f := newFailover(t, &provider{}, smsfailover.NewMemStore())
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := make(map[string]bool)
	last := ""
	for range 1000 {
		out, err := f.Submit(t.Context(), code(phone, "1"))
		require.NoError(t, err)
		id := out[0].ID
		require.Regexp(t, form, id)
		require.False(t, seen[id])
		seen[id] = true
		// 48 bits of milliseconds and 12 of their fraction: 244 ns.
		require.GreaterOrEqual(t, id[:18], last)
		last = id[:18]
	}
}

// A provider finds the same key at every try: the message's own, or else its ID.
func TestIdemKeyStaysTheSame(t *testing.T) {
	for _, idem := range []string{"", "order 1"} {
		bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
			f := newFailover(t, p, s, brisk)
			p.fail(errDown)
			m := code(phone, "1")
			m.ID, m.IdemKey = "m1", idem
			out, err := f.Submit(t.Context(), m)
			require.NoError(t, err)
			require.Equal(t, []smsfailover.Receipt{{ID: "m1", Outcome: smsfailover.Queued}}, out)
			defer run(t, f)()
			time.Sleep(10 * time.Second)
			p.set(nil)
			until(t, time.Minute, func() bool { return len(p.taken()) == 1 })
			want := "m1"
			if idem != "" {
				want = idem
			}
			require.Greater(t, len(p.asked()), 2)
			for _, m := range p.asked() {
				require.Equal(t, want, m.key)
			}
		})
	}
	_, ok := smsfailover.IdemKeyFrom(context.Background())
	require.False(t, ok)
}
