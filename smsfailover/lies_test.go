package smsfailover_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// What a provider says of how long it is busy is taken with a grain of salt: not
// for ever, and not for no time at all.
func TestBusyWithinReason(t *testing.T) {
	for _, tc := range []struct {
		name        string
		says, after time.Duration
	}{
		{"for ever", math.MaxInt64, 24 * time.Hour},
		{"for a week", 7 * 24 * time.Hour, 24 * time.Hour},
		{"for a minute", time.Minute, time.Minute},
		{"for a nanosecond", 1, time.Millisecond},
		{"it doesn't say", 0, time.Second},
		{"it was until a minute ago", -time.Minute, time.Second},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			p, s := &provider{}, smsfailover.NewMemStore()
			p.fail(&smsfailover.BusyError{After: tc.says})
			chain := newChain(t, smsfailover.Provider{Name: "first", Service: p})
			for i, service := range []smsfailover.Service{p, chain} {
				submit(t, newFailover(t, service, s), code(phones(i), "1"))
			}
			require.Equal(t, smsfailover.Throttled, smsfailover.Classify(send(t.Context(), chain, phone)))
			time.Sleep(tc.after - 1)
			require.Equal(t, 2, depth(t, s).Delayed)
			time.Sleep(time.Nanosecond)
			require.Equal(t, 2, depth(t, s).Ready)
		})
	}
}

// A pointer that is nil in an error that isn't is a mistake of the provider, and
// must not end the process.
func TestAnErrorThatPanicsIsAFailure(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s)
		p.fail((*rude)(nil))
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phone, "1")))
		stop := run(t, f)
		until(t, time.Minute, func() bool { return f.Stats().Panics == 2 })
		p.set(nil)
		until(t, time.Minute, func() bool { return len(p.taken()) == 1 })
		stop()
	})
}

// A provider that cancels its own requests has failed: nobody else cancels a send,
// so that a monitor must not look away.
func TestACancellationByTheProviderIsItsFailure(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		m := newMonitor(t)
		f := newFailover(t, p, s, smsfailover.WithMonitor(m))
		p.fail(context.Canceled)
		for i := range 20 {
			require.Equal(t, smsfailover.Queued, submit(t, f, code(phones(i), "1")))
		}
		require.Equal(t, smsfailover.StateOpen, m.Snapshot().State)
		require.Len(t, p.asked(), 10)
	})
}

// What had to be stored for other reasons wasn't because of the monitor.
func TestTheReasonToStoreIsTrue(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := newFlaky(s)
		store.fail(errStore, "enqueue")
		m := newMonitor(t)
		f := newFailover(t, p, store, smsfailover.WithMonitor(m))
		keyed := code(phone, "1")
		keyed.IdemKey = "key"
		_, err := f.Submit(t.Context(), keyed)
		require.ErrorIs(t, err, errStore)
		require.NotContains(t, err.Error(), "rest")
		record(m, 0, 10)
		_, err = f.Submit(t.Context(), keyed)
		require.ErrorContains(t, err, "it had to wait: smsfailover: the provider is given a rest")
	})
}
