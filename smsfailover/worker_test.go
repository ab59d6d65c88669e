package smsfailover_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

var brisk = smsfailover.WithBackoff(smsfailover.FullJitter(time.Second, time.Second))

// Trap smsfailover/7: a message that never works, for whatever reason, ends in the
// dead letters after so many tries, and the others don't suffer.
func TestAPoisonMessageIsBuried(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer func() error
		tries  int
		cause  string
	}{
		{"fails", func() error { return errDown }, 3, "connection refused"},
		{"panics", func() error { panic("boom for " + phone) }, 3, "the provider panicked: boom for ***"},
		{"is wrong", func() error { return smsfailover.ErrPermanent }, 1, smsfailover.ErrPermanent.Error()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
				var told []smsfailover.Event
				f := newFailover(t, p, s, brisk, smsfailover.WithMaxAttempts(3), smsfailover.WithHooks(smsfailover.Hooks{
					OnBuried: func(e smsfailover.Event) { told = append(told, e) },
				}))
				enqueue(t, s, code(phone, "1"))
				for i := range 100 {
					enqueue(t, s, code(phones(i), "1"))
				}
				p.set(func(_ context.Context, m sms) error {
					if m.to == phone {
						return tc.answer()
					}
					return nil
				})
				stop := run(t, f)
				until(t, time.Minute, func() bool { return len(p.taken()) == 100 })
				time.Sleep(time.Hour)
				stop()
				require.Len(t, p.asked(), 100+tc.tries)
				dead, err := s.Dead(t.Context(), smsfailover.Filter{})
				require.NoError(t, err)
				require.Len(t, dead, 1)
				require.Equal(t, phone, dead[0].To)
				require.Contains(t, dead[0].LastErr, tc.cause)
				require.Len(t, told, 1)
				require.Equal(t, dead[0].LastErr, told[0].Cause)
				require.EqualValues(t, 1, f.Stats().Buried)
			})
		})
	}
}

// enqueue puts m into s as somebody else would, and returns its ID.
func enqueue(t testing.TB, s smsfailover.Store, m smsfailover.Message) string {
	t.Helper()
	if m.ID == "" {
		m.ID = fmt.Sprintf("%s/%s/%s", m.To, m.TplID, m.Args)
	}
	out, err := s.Enqueue(t.Context(), smsfailover.Job{Message: m})
	require.NoError(t, err)
	require.Equal(t, []smsfailover.Outcome{smsfailover.Queued}, out)
	return m.ID
}

// The other poison: a message that takes its worker with it.
func TestAMessageOverWhichWorkersDieIsBuried(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, smsfailover.WithMaxClaims(3))
		enqueue(t, s, code(phone, "1"))
		enqueue(t, s, code(phones(1), "1"))
		for i := range 3 {
			n := 1 // the first one dies more often than the second
			if i == 0 {
				n = 2
			}
			jobs, err := s.Claim(t.Context(), "dies", n, time.Second)
			require.NoError(t, err)
			require.Len(t, jobs, n)
			if n == 2 {
				require.NoError(t, s.Release(t.Context(), time.Hour, jobs[1].Ref()))
			}
			time.Sleep(time.Second)
		}
		defer run(t, f)()
		until(t, 2*time.Hour, func() bool { return len(p.taken()) == 1 })
		require.Equal(t, phones(1), p.taken()[0].to)
		dead, err := s.Dead(t.Context(), smsfailover.Filter{})
		require.NoError(t, err)
		require.Len(t, dead, 1)
		require.Equal(t, "smsfailover: too many workers died over it: 3", dead[0].LastErr)
	})
}

// One death less than it takes, and failed attempts, which are claims too, don't
// bury; the send is counted among those that may be second ones.
func TestAttemptsAndReleasesAreNoDeaths(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		l := &perMinute{n: 1}
		f := newFailover(t, p, s, brisk, smsfailover.WithMaxClaims(1), smsfailover.WithLimiter(l, oneKey))
		p.fail(errDown)
		for i := range 4 {
			require.Equal(t, smsfailover.Queued, submit(t, f, code(phones(i), "1")))
		}
		stop := run(t, f)
		time.Sleep(20 * time.Minute)
		stop()
		p.set(nil)
		time.Sleep(10 * time.Minute) // until all are due
		require.Zero(t, depth(t, s).Dead)
		require.Zero(t, f.Stats().Reclaimed)
		require.Greater(t, f.Stats().Released, f.Stats().Retried)

		g := newFailover(t, p, s, smsfailover.WithMaxClaims(2))
		jobs, err := s.Claim(t.Context(), "dies", 1, time.Second)
		require.NoError(t, err)
		require.Len(t, jobs, 1)
		defer run(t, g)()
		until(t, 20*time.Minute, func() bool { return len(p.taken()) == 4 })
		require.EqualValues(t, 1, g.Stats().Reclaimed)
	})
}

// A message that is stored under a claim of Submit's, and has to wait for an older
// one in flight, was never claimed: no worker died over it.
func TestWaitingForAnOlderOneIsNoDeath(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, smsfailover.WithMaxClaims(1))
		enqueue(t, s, code(phone, "1"))
		old, err := s.Claim(t.Context(), "another pod", 1, time.Minute)
		require.NoError(t, err)
		require.Len(t, old, 1)
		require.Equal(t, smsfailover.Superseded, submit(t, f, code(phone, "2")))
		require.NoError(t, s.Done(t.Context(), old[0].Ref()))

		defer run(t, f)()
		until(t, time.Minute, func() bool { return len(p.taken()) == 1 || depth(t, s).Dead > 0 })
		require.Len(t, p.taken(), 1, "it was buried, and nobody had tried it")
		require.Zero(t, f.Stats().Reclaimed)
	})
}

// Trap smsfailover/8: a dead letter keeps nobody from writing to that number.
func TestADeadLetterBlocksNoNumber(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, brisk, smsfailover.WithMaxAttempts(2))
		defer run(t, f)()
		p.fail(errDown)
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phone, "1")))
		until(t, time.Minute, func() bool { return depth(t, s).Dead == 1 })
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phone, "2")), "a new one to the same number")
		p.set(nil)
		until(t, time.Minute, func() bool { return len(p.taken()) == 1 })
		require.Equal(t, []string{"2"}, p.taken()[0].args)

		n, err := f.Redrive(t.Context(), smsfailover.Filter{})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		until(t, time.Second, func() bool { return len(p.taken()) == 2 })
		_, err = f.Redrive(t.Context(), smsfailover.Filter{Limit: -1})
		require.ErrorIs(t, err, smsfailover.ErrInput)
	})
}

// Trap smsfailover/9: a code that has expired in the queue is never sent.
func TestAnExpiredMessageIsNeverSent(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		var told []smsfailover.Event
		f := newFailover(t, p, s, smsfailover.WithHooks(smsfailover.Hooks{
			OnExpired: func(e smsfailover.Event) { told = append(told, e) },
		}))
		late, early := code(phone, "1"), code(phones(1), "1")
		late.NotAfter = time.Now().Add(time.Minute)
		early.NotAfter = time.Now().Add(time.Minute + 2*time.Second)
		id := enqueue(t, s, late)
		enqueue(t, s, early)
		time.Sleep(time.Minute)
		stop := run(t, f)
		until(t, time.Second, func() bool { return depth(t, s) == smsfailover.Depth{} })
		stop()
		require.Len(t, p.asked(), 1)
		require.Equal(t, phones(1), p.asked()[0].to)
		require.EqualValues(t, 1, f.Stats().Expired)
		require.Equal(t, []smsfailover.Event{{ID: id, TplID: tpl}}, told)
	})
}

// Who handed in a duplicate was told that it will arrive until the later NotAfter,
// also when a worker has claimed the message already.
func TestADuplicateProlongsWhatIsClaimed(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, smsfailover.WithWorkers(1, 8, 30*time.Second))
		p.set(takes(5 * time.Second))
		enqueue(t, s, code(phones(1), "1")) // keeps the worker from the other one
		time.Sleep(time.Nanosecond)
		m := code(phone, "1")
		m.NotAfter = time.Now().Add(2 * time.Second)
		enqueue(t, s, m)
		defer run(t, f)()
		time.Sleep(time.Second)
		require.Equal(t, 2, depth(t, s).Leased)
		m.NotAfter = time.Now().Add(time.Minute)
		require.Equal(t, smsfailover.Duplicate, submit(t, f, m))
		until(t, time.Minute, func() bool { return depth(t, s) == smsfailover.Depth{} })
		require.Len(t, p.taken(), 2)
		require.Zero(t, f.Stats().Expired)
	})
}

// A send that has begun doesn't last beyond NotAfter either.
func TestASendEndsAtNotAfter(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, brisk)
		p.set(takes(time.Hour))
		m := code(phone, "1")
		m.NotAfter = time.Now().Add(3 * time.Second)
		enqueue(t, s, m)
		defer run(t, f)()
		began := time.Now()
		until(t, time.Minute, func() bool { return depth(t, s) == smsfailover.Depth{} })
		require.Less(t, time.Since(began), 6*time.Second)
		require.Len(t, p.asked(), 1)
		require.Empty(t, p.taken())
		require.EqualValues(t, 1, f.Stats().Unknown)
	})
}

// Trap smsfailover/10: a newer code that comes while the older one is in flight
// goes after it, whatever becomes of the older one, which never goes again.
func TestTheNewerMessageGoesLast(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
	}{{"delivered", nil}, {"failed", errDown}, {"permanent", smsfailover.ErrPermanent}, {"throttled", smsfailover.ErrThrottled}} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
				f, other := newFailover(t, p, s, brisk), newFailover(t, p, s, brisk)
				p.set(func(_ context.Context, m sms) error {
					if m.args[0] == "old" {
						time.Sleep(5 * time.Second)
						return tc.err
					}
					return nil
				})
				enqueue(t, s, code(phone, "old"))
				defer run(t, f)()
				defer run(t, other)()
				synctest.Wait()
				require.Len(t, p.asked(), 1, "the old one is in flight")
				require.Equal(t, smsfailover.Superseded, submit(t, other, code(phone, "new")), "on another pod")
				time.Sleep(5 * time.Second)
				until(t, time.Minute, func() bool { return depth(t, s) == smsfailover.Depth{} })
				time.Sleep(time.Hour)
				asked := p.asked()
				require.Len(t, asked, 2)
				require.Equal(t, "old", asked[0].args[0])
				require.Equal(t, "new", asked[1].args[0])
				require.GreaterOrEqual(t, asked[1].at.Sub(asked[0].at), 5*time.Second)
			})
		})
	}
}

// Trap smsfailover/17: nothing passes the limiter by: not what is queued, not
// what comes in meanwhile, on two pods.
func TestTheLimitHoldsForAllThatIsSent(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		const limit, queued, live = 20, 300, 100
		l := &perMinute{n: limit}
		var asks atomic.Int64
		p.set(func(context.Context, sms) error {
			if asks.Add(1)%5 == 0 {
				return errDown
			}
			return nil
		})
		opts := []smsfailover.Option{brisk, smsfailover.WithLimiter(l, oneKey), smsfailover.WithWorkers(1, 32, 30*time.Second)}
		a, b := newFailover(t, p, s, opts...), newFailover(t, p, s, opts...)
		for i := range queued {
			enqueue(t, s, code(phones(i), "1"))
		}
		defer run(t, a)()
		defer run(t, b)()
		began := time.Now()
		for i := range live {
			f := a
			if i%2 == 0 {
				f = b
			}
			submit(t, f, code(phones(1000+i), "1"))
			time.Sleep(time.Second)
		}
		until(t, time.Hour, func() bool { return len(p.taken()) == queued+live })
		asked := p.asked()
		for i := limit; i < len(asked); i++ {
			require.GreaterOrEqual(t, asked[i].at.Sub(asked[i-limit].at), time.Minute, "sends %d to %d", i-limit, i)
		}
		least := time.Duration(len(asked)/limit) * time.Minute
		require.Less(t, time.Since(began), least*5/4, "and the limit is used")
		t.Logf("%d sends in %v, at least %v; released %d and %d", len(asked), time.Since(began), least, a.Stats().Released, b.Stats().Released)
	})
}

// Trap smsfailover/19: a stop loses nothing and leaves nothing behind: sends in
// flight end, what has not begun is free at once, and no goroutine remains, which
// the bubble would tell.
func TestAStopLeavesNoLeaseBehind(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, smsfailover.WithWorkers(4, 16, time.Minute))
		p.set(takes(3 * time.Second))
		for i := range 40 {
			enqueue(t, s, code(phones(i), "1"))
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		time.Sleep(time.Second)
		require.ErrorIs(t, f.Run(t.Context()), smsfailover.ErrRunning)
		require.Equal(t, 16, depth(t, s).Leased)

		cancel()
		synctest.Wait()
		require.Equal(t, 4, depth(t, s).Leased, "only those in flight")
		require.NoError(t, <-ended)
		require.Len(t, p.taken(), 4)
		d := depth(t, s)
		require.Equal(t, 36, d.Ready, "the rest can be had at once")
		require.Equal(t, 36, d.Live())
		require.EqualValues(t, 12, f.Stats().Released)

		jobs, err := s.Claim(t.Context(), "test", 100, time.Minute)
		require.NoError(t, err)
		for _, j := range jobs {
			require.Equal(t, 1, j.Claims, "a release takes the claim back")
		}
		require.NoError(t, s.Release(t.Context(), 0, refs(jobs)...))
		p.set(nil)
		defer run(t, f)() // it can run again
		until(t, time.Second, func() bool { return len(p.taken()) == 40 })
	})
}

func refs(jobs []smsfailover.Job) []smsfailover.Ref {
	out := make([]smsfailover.Ref, len(jobs))
	for i, j := range jobs {
		out[i] = j.Ref()
	}
	return out
}

// Leases are prolonged as long as a send takes.
func TestALongSendKeepsItsLease(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := newFlaky(s)
		f := newFailover(t, p, store, smsfailover.WithWorkers(1, 3, 10*time.Second), smsfailover.WithSendTimeout(9*time.Second))
		other := newFailover(t, p, s)
		p.set(takes(8 * time.Second))
		for i := range 3 {
			enqueue(t, s, code(phones(i), "1"))
		}
		stop := run(t, f)
		synctest.Wait()
		defer run(t, other)()
		fails := 0
		store.mu.Lock()
		store.before = func(call string) error { // one heartbeat in two fails
			if fails++; call == "extend" && fails%2 == 0 {
				return errStore
			}
			return nil
		}
		store.mu.Unlock()
		time.Sleep(30 * time.Second)
		require.Len(t, p.taken(), 3)
		require.Len(t, p.asked(), 3, "nobody else had them")
		require.EqualValues(t, 3, f.Stats().Delivered)
		stop()
	})
}
