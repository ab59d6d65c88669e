package smsfailover_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// The first test of the original TinyBook: what the limiter refuses is stored,
// and sent when the limiter lets it.
func TestLimitedMessageGoesThroughTheQueue(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, smsfailover.WithLimiter(&perMinute{n: 1}, oneKey))
		defer run(t, f)()
		began := time.Now()
		require.NoError(t, f.Send(t.Context(), tpl, []string{"1"}, phones(1)))
		require.NoError(t, f.Send(t.Context(), tpl, []string{"2"}, phones(2)))
		require.Len(t, p.taken(), 1)
		require.Equal(t, 1, depth(t, s).Live())

		time.Sleep(59 * time.Second)
		require.Len(t, p.asked(), 1, "the limit holds for the queue too")
		until(t, 3*time.Second, func() bool { return len(p.taken()) == 2 })
		require.Equal(t, phones(2), p.taken()[1].to)
		require.GreaterOrEqual(t, p.taken()[1].at.Sub(began), time.Minute)
		until(t, time.Second, func() bool { return depth(t, s) == smsfailover.Depth{} })
		require.Equal(t, smsfailover.Stats{Direct: 1, Queued: 1, Delivered: 1}, f.Stats())
	})
}

// The second one: a number that is queued already. The original asked for an
// error; here the newer message takes the older one's place, and a repeated one
// changes nothing: either way it is one row and one SMS.
func TestDuplicatePhoneIsOneRowAndOneSMS(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		p.fail(errDown)
		f := newFailover(t, p, s, smsfailover.WithBackoff(smsfailover.FullJitter(time.Minute, time.Minute)))
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phone, "1")))
		require.Equal(t, smsfailover.Duplicate, submit(t, f, code(phone, "1")))
		require.Equal(t, smsfailover.Superseded, submit(t, f, code(phone, "2")))
		require.Equal(t, 1, depth(t, s).Live())

		p.set(nil)
		defer run(t, f)()
		until(t, 2*time.Minute, func() bool { return len(p.taken()) == 1 })
		time.Sleep(time.Hour)
		require.Len(t, p.taken(), 1)
		require.Equal(t, []string{"2"}, p.taken()[0].args, "the newest")
	})
}

// The third one: over the threshold of 1 % nothing is sent at once any more.
func TestErrorRateOverTheThresholdQueues(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		m, err := smsfailover.NewErrorRateMonitor(smsfailover.WithThreshold(0.01), smsfailover.WithMinSamples(10))
		require.NoError(t, err)
		f := newFailover(t, p, s, smsfailover.WithMonitor(m))
		for i := range 98 {
			require.Equal(t, smsfailover.Delivered, submit(t, f, code(phones(i), "1")))
		}
		p.fail(errDown)
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phones(98), "1")), "it failed")
		require.Len(t, p.asked(), 99)
		require.True(t, m.CheckErrorRate(), "1 of 99 is over the threshold")
		p.set(nil)
		for i := 100; i < 110; i++ {
			require.Equal(t, smsfailover.Queued, submit(t, f, code(phones(i), "1")))
		}
		require.Len(t, p.asked(), 99, "nothing is tried over the threshold")
		defer run(t, f)()
		until(t, time.Minute, func() bool { return len(p.taken()) == 98+11 })
		require.Equal(t, smsfailover.StateClosed, m.Snapshot().State)
	})
}
