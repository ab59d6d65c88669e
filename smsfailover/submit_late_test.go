package smsfailover_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// A request may end while its message is at the provider: if that fails, the
// message is queued all the same, as if the caller were still there.
func TestAMessageThatFailsAfterTheRequestIsQueued(t *testing.T) {
	for _, idem := range []string{"", "key"} {
		bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
			f := newFailover(t, p, s)
			p.set(func(context.Context, sms) error { time.Sleep(time.Second); return errDown })
			ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
			defer cancel()
			m := code(phone, "1")
			m.IdemKey = idem
			out, err := f.Submit(ctx, m)
			require.NoError(t, err)
			require.Equal(t, smsfailover.Queued, out[0].Outcome)
			require.Equal(t, 1, depth(t, s).Delayed)
			p.set(nil)
			defer run(t, f)()
			time.Sleep(4 * time.Second)
			require.Len(t, p.taken(), 1)
		})
	}
}

// A message that was stored first isn't tried by its caller any more once its
// lease could end before the provider has answered: a worker may have it then.
func TestWhatWaitedForItsTurnIsLeftToTheWorkers(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, smsfailover.WithWorkers(1, 1, 10*time.Second), smsfailover.WithSendTimeout(4*time.Second))
		p.set(takes(3500 * time.Millisecond))
		ms := []smsfailover.Message{code(phones(0), "1"), code(phones(1), "1"), code(phones(2), "1")}
		for i := range ms {
			ms[i].IdemKey = ms[i].To
		}
		out, err := f.Submit(t.Context(), ms...)
		require.NoError(t, err)
		require.Equal(t, smsfailover.Delivered, out[0].Outcome)
		require.Equal(t, smsfailover.Delivered, out[1].Outcome)
		require.Equal(t, smsfailover.Queued, out[2].Outcome)
		require.Len(t, p.asked(), 2)
		require.Equal(t, 1, depth(t, s).Ready, "and not held any longer")
	})
}

// While the monitor is open, no message takes a token of the limiter, which the
// first ones after it would miss.
func TestAnOpenMonitorCostsNoTokens(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		m := newMonitor(t)
		tokens := 0
		l := limiterFunc(func(context.Context) (time.Duration, error) { tokens++; return 0, nil })
		f := newFailover(t, p, s, smsfailover.WithMonitor(m), smsfailover.WithLimiter(l, oneKey))
		record(m, 0, 10)
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phone, "1")))
		require.Zero(t, tokens)
		stop := run(t, f)
		until(t, time.Minute, func() bool { return len(p.taken()) == 1 })
		require.Equal(t, 1, tokens)
		stop()
	})
}
