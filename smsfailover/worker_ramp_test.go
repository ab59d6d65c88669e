package smsfailover_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// Trap smsfailover/15: a provider that comes back finds 10 000 messages waiting,
// and is not trampled: in any 100 ms it gets no more than two claims of the size
// that its health allows, which rises over 30 seconds.
func TestARecoveringProviderIsNotTrampled(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		const n, batch, ramp = 10_000, 32, 30 * time.Second
		m, err := smsfailover.NewErrorRateMonitor(smsfailover.WithRamp(ramp))
		require.NoError(t, err)
		var closed time.Time
		m.OnChange(func(c smsfailover.MonitorChange) {
			if c.To == smsfailover.StateClosed {
				closed = c.At
			}
		})
		store := newFlaky(s)
		f := newFailover(t, p, store, smsfailover.WithMonitor(m), smsfailover.WithWorkers(8, batch, time.Minute))
		for i := range n {
			enqueue(t, s, code(phones(i), "1"))
		}
		p.fail(errDown)
		stop := run(t, f)
		defer stop()
		time.Sleep(10 * time.Minute)
		tried, claims := len(p.asked()), store.called("claim")
		require.Less(t, tried, 10+600/5*2, "a probe each 5 seconds, and what opened it")
		require.Less(t, claims, 10+2*600/5, "and the store is left alone too")

		p.set(takes(2 * time.Millisecond))
		until(t, 2*time.Minute, func() bool { return len(p.taken()) == n })
		synctest.Wait()
		sends := p.asked()[tried:]
		peak := 0
		for i, last := 0, 0; i < len(sends); i++ {
			for sends[i].at.Sub(sends[last].at) >= 100*time.Millisecond {
				last++
			}
			peak = max(peak, i-last+1)
			if since := sends[i].at.Sub(closed); since > 0 && since < ramp {
				health := 0.05 + 0.95*since.Seconds()/ramp.Seconds()
				most := 2 * int(math.Ceil(batch*health))
				require.LessOrEqual(t, i-last+1, most, "in the 100 ms before %v after the recovery", since)
			}
		}
		require.Less(t, peak, n*8/100, "in any 100 ms, also after the ramp")
		t.Logf("peak %d of %d in 100 ms; all sent %v after the recovery", peak, n, time.Since(closed))
	})
}

// A half-open monitor gets its probes, and no claim is wasted on more than them.
func TestTheWorkersProbe(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		m, err := smsfailover.NewErrorRateMonitor(smsfailover.WithMinSamples(1), smsfailover.WithProbes(1, time.Minute))
		require.NoError(t, err)
		f := newFailover(t, p, s, brisk, smsfailover.WithMonitor(m), smsfailover.WithWorkers(8, 100, time.Minute))
		p.fail(errDown)
		for i := range 100 {
			require.Equal(t, smsfailover.Queued, submit(t, f, code(phones(i), "1")))
		}
		require.Len(t, p.asked(), 1, "the first one opened it")
		defer run(t, f)()
		time.Sleep(time.Minute)
		require.InDelta(t, 11, len(p.asked()), 2, "one probe each 5 seconds")
		p.set(func(ctx context.Context, m sms) error { return takes(time.Second)(ctx, m) })
		until(t, time.Minute, func() bool { return m.Snapshot().State == smsfailover.StateClosed })
		require.LessOrEqual(t, len(p.asked()), 15)
		until(t, 5*time.Minute, func() bool { return len(p.taken()) == 100 })
	})
}

// The health of a provider that watches itself, like a Chain, is heeded too.
func TestAChainIsAskedHowItFeels(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		m, err := smsfailover.NewErrorRateMonitor(smsfailover.WithMinSamples(1))
		require.NoError(t, err)
		chain, err := smsfailover.NewChain(smsfailover.Provider{Name: "only", Service: p, Monitor: m})
		require.NoError(t, err)
		store := newFlaky(s)
		f := newFailover(t, chain, store)
		p.fail(errDown)
		for i := range 1000 {
			require.Equal(t, smsfailover.Queued, submit(t, f, code(phones(i), "1")))
		}
		stop := run(t, f)
		time.Sleep(time.Minute)
		require.Less(t, store.called("claim"), 60)
		require.Less(t, len(p.asked()), 60)
		p.set(nil)
		until(t, 5*time.Minute, func() bool { return len(p.taken()) == 1000 })
		stop()
	})
}
