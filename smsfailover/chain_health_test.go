package smsfailover_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// monitored returns a chain of two with a monitor each.
func monitored(t *testing.T, first, second smsfailover.Service, opts ...smsfailover.MonitorOption) (*smsfailover.Chain, *smsfailover.ErrorRateMonitor) {
	t.Helper()
	m := newMonitor(t, opts...)
	return newChain(t,
		smsfailover.Provider{Name: "first", Service: first, Monitor: m},
		smsfailover.Provider{Name: "second", Service: second, Cost: 1, Monitor: newMonitor(t)}), m
}

// A provider that breaks is left alone, is probed although the other one works,
// and gets its traffic back slowly.
func TestChainLeavesAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := answers(errDown), &provider{}
		c, m := monitored(t, first, second, smsfailover.WithRamp(100*time.Second))
		for range 100 {
			require.NoError(t, send(t.Context(), c, phone))
		}
		require.Len(t, first.asked(), 10, "then its monitor opened")
		require.Len(t, second.taken(), 100)
		requireState(t, m, smsfailover.StateOpen)

		first.set(nil)
		time.Sleep(5 * time.Second)
		for range 3 { // all its probes, before anything goes to the other
			require.NoError(t, send(t.Context(), c, phone))
		}
		require.Len(t, second.taken(), 100)
		requireState(t, m, smsfailover.StateClosed)

		const n = 1000
		for _, tc := range []struct{ low, high int }{{1, 120}, {430, 620}, {n, n}} {
			before := len(first.taken())
			for range n {
				require.NoError(t, send(t.Context(), c, phone))
			}
			share := len(first.taken()) - before
			require.True(t, tc.low <= share && share <= tc.high, "%d of %d messages at health %.2f", share, n, m.Health())
			time.Sleep(50 * time.Second)
		}
	})
}

// Where there is no other, a provider of low health gets everything: a message
// of a user who waits isn't held back by chance.
func TestChainUsesWhatThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &provider{}, answers(smsfailover.ErrThrottled)
		c, m := monitored(t, first, second)
		record(m, 72, 28)
		require.Less(t, m.Health(), 0.2)
		for range 100 {
			require.NoError(t, send(t.Context(), c, phone))
		}
		require.Len(t, first.taken(), 100)
	})
}

// A message that its limiter keeps back costs a probe nothing.
func TestLimitedProbeIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := broken(t, smsfailover.WithProbes(1, time.Hour))
		c := newChain(t, smsfailover.Provider{Name: "a", Service: &provider{}, Monitor: m, Limiter: waits(time.Second)})
		time.Sleep(5 * time.Second)
		for range 10 {
			require.ErrorIs(t, send(t.Context(), c, phone), smsfailover.ErrThrottled)
			require.Zero(t, m.Snapshot().Probes)
		}
	})
}

func TestPanicOfAProviderIsItsFailure(t *testing.T) {
	m := newMonitor(t)
	p := &provider{}
	p.set(func(context.Context, sms) error { panic("nil map") })
	c := newChain(t, smsfailover.Provider{Name: "a", Service: p, Monitor: m})
	require.Panics(t, func() { _ = send(t.Context(), c, phone) })
	require.Equal(t, uint64(1), m.Snapshot().Failed)
}

func TestChainHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := broken(t), newMonitor(t)
		c := newChain(t,
			smsfailover.Provider{Name: "one", Service: &provider{}, Monitor: one},
			smsfailover.Provider{Name: "two", Service: &provider{}, Monitor: two})
		require.InDelta(t, 1, c.Health(), 0)
		require.Zero(t, c.RetryAfter())
		time.Sleep(time.Second)
		record(two, 0, 10)
		require.Zero(t, c.Health())
		require.Equal(t, 4*time.Second, c.RetryAfter())
		time.Sleep(4 * time.Second)
		require.InDelta(t, 0.05, c.Health(), 1e-9)
		require.Zero(t, c.RetryAfter())

		free := newChain(t,
			smsfailover.Provider{Name: "one", Service: &provider{}, Monitor: broken(t)},
			smsfailover.Provider{Name: "free", Service: &provider{}})
		require.InDelta(t, 1, free.Health(), 0)
		require.Zero(t, free.RetryAfter())
	})
}

func TestChainSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, m := &provider{}, newMonitor(t)
		limiter := &perMinute{n: 7}
		c := newChain(t,
			smsfailover.Provider{Name: "a", Service: p, Monitor: m, Limiter: limiter, Cost: 3},
			smsfailover.Provider{Name: "b", Service: answers(smsfailover.ErrThrottled), Cost: 5})
		for _, err := range []error{nil, nil, errDown, errDown, smsfailover.ErrThrottled, smsfailover.ErrPermanent, context.DeadlineExceeded, nil} {
			p.fail(err)
			_ = send(t.Context(), c, phone)
		}
		record(m, 0, 20)
		_ = send(t.Context(), c, phones(1))
		got := c.Snapshot()
		require.Equal(t, smsfailover.StateOpen, got[0].Monitor.State)
		require.Equal(t, uint64(24), got[0].Monitor.Failed)
		got[0].Monitor = smsfailover.MonitorSnapshot{}
		require.Equal(t, []smsfailover.ProviderSnapshot{
			{Name: "a", Cost: 3, Sent: 2, Failed: 3, Throttled: 1, Permanent: 1, Unknown: 1, Limited: 1, Open: 1},
			{Name: "b", Cost: 5, Throttled: 4, Monitor: smsfailover.MonitorSnapshot{Health: 1}},
		}, got)
	})
}

// Many goroutines send through providers that come and go. A number is served by
// one provider, once, exactly when Send says so.
func TestChainUnderLoad(t *testing.T) {
	const goroutines, each = 16, 500
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var served sync.Map
	var twice atomic.Int64
	flaky := func(n uint64) *provider {
		p := &provider{}
		var calls atomic.Uint64
		p.set(func(_ context.Context, m sms) error {
			switch r := rand.New(rand.NewPCG(seed+n, calls.Add(1))); {
			case r.IntN(3) == 0:
				return []error{errDown, smsfailover.ErrThrottled, smsfailover.ErrPermanent, context.DeadlineExceeded}[r.IntN(4)]
			default:
				if _, had := served.LoadOrStore(m.to, n); had {
					twice.Add(1)
				}
				return nil
			}
		})
		return p
	}
	var providers []smsfailover.Provider
	for n := range uint64(3) {
		providers = append(providers, smsfailover.Provider{
			Name: fmt.Sprint(n), Service: flaky(n),
			Monitor: newMonitor(t, smsfailover.WithOpenFor(50*time.Microsecond), smsfailover.WithRamp(time.Millisecond)),
		})
	}
	c := newChain(t, providers...)
	var taken atomic.Uint64
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range each {
				number := phones(g*each + i)
				err := send(t.Context(), c, number)
				if _, had := served.Load(number); had != (err == nil) {
					t.Errorf("served: %v, Send: %v", had, err)
				}
				if err == nil {
					taken.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, twice.Load(), "numbers served twice")
	sent := uint64(0)
	for _, s := range c.Snapshot() {
		sent += s.Sent
		require.Zero(t, s.Monitor.Probes)
	}
	require.Equal(t, taken.Load(), sent)
	require.NotZero(t, sent)
}

type takesAll struct{}

func (takesAll) Send(context.Context, string, []string, ...string) error { return nil }

func TestChainAllocatesNothing(t *testing.T) {
	c := newChain(t,
		smsfailover.Provider{Name: "a", Service: takesAll{}, Monitor: newMonitor(t), Limiter: waits(0)},
		smsfailover.Provider{Name: "b", Service: takesAll{}})
	ctx, args, numbers := t.Context(), []string{"271828"}, []string{phone}
	if got := testing.AllocsPerRun(1000, func() { _ = c.Send(ctx, tpl, args, numbers...) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func BenchmarkChainSend(b *testing.B) {
	ctx, args, numbers := context.Background(), []string{"271828"}, []string{phone}
	for _, n := range []int{1, 4} {
		b.Run(fmt.Sprintf("providers=%d", n), func(b *testing.B) {
			var ps []smsfailover.Provider
			for i := range n {
				ps = append(ps, smsfailover.Provider{Name: fmt.Sprint(i), Service: takesAll{}, Monitor: newMonitor(b)})
			}
			c := newChain(b, ps...)
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Send(ctx, tpl, args, numbers...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
