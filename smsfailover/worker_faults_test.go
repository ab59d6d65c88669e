package smsfailover_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// A losing store has no lease when a heartbeat asks.
type losing struct{ smsfailover.Store }

func (losing) Extend(_ context.Context, _ time.Duration, refs ...smsfailover.Ref) ([]smsfailover.Ref, error) {
	return refs, nil
}

// A worker whose lease is gone stops its send, tells the provider why, and leaves
// the message to whoever has it; those that had not begun never do.
func TestALostLeaseCancelsTheSend(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, losing{s}, smsfailover.WithWorkers(1, 2, 9*time.Second), smsfailover.WithSendTimeout(8*time.Second))
		var why error
		p.set(func(ctx context.Context, _ sms) error {
			<-ctx.Done()
			why = context.Cause(ctx)
			return errors.New("write: broken pipe")
		})
		enqueue(t, s, code(phone, "1"))
		enqueue(t, s, code(phones(1), "1"))
		stop := run(t, f)
		time.Sleep(3*time.Second + 1)
		synctest.Wait()
		stop()
		require.ErrorIs(t, why, smsfailover.ErrLost)
		require.Len(t, p.asked(), 1)
		require.Equal(t, smsfailover.Stats{LostLeases: 2}, f.Stats())
		require.Equal(t, 2, depth(t, s).Leased)
	})
}

// A provider that ignores its context holds its worker up, but not its message:
// the lease is not prolonged for ever.
func TestAProviderThatHangsKeepsNoMessage(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		lease := smsfailover.WithWorkers(1, 1, 30*time.Second)
		f, other := newFailover(t, p, s, lease), newFailover(t, p, s, lease)
		hang := make(chan struct{})
		wake := sync.OnceFunc(func() { close(hang) })
		p.set(func(context.Context, sms) error { <-hang; return nil })
		enqueue(t, s, code(phone, "1"))
		stop := run(t, f)
		t.Cleanup(wake) // before Run is stopped
		synctest.Wait()
		p.set(nil)
		defer run(t, other)()
		until(t, 2*time.Minute, func() bool { return len(p.taken()) == 1 })
		require.EqualValues(t, 1, other.Stats().Reclaimed, "it may be the second SMS, and counts as such")
		wake()
		stop()
		require.EqualValues(t, 1, f.Stats().LostLeases)
	})
}

// Where every worker hangs, what they had not begun goes on elsewhere; where one is
// left it stays, and so does what hung, with another claim.
func TestWorkersThatHangKeepNoMessageWaiting(t *testing.T) {
	for _, tc := range []struct {
		name       string
		hang, here int
	}{{"all hang", 2, 0}, {"one is left", 1, 8}} {
		inBubble(t, tc.name, func(t *testing.T) {
			p, s := &provider{}, smsfailover.NewMemStore()
			eight := smsfailover.WithWorkers(2, 8, 30*time.Second)
			f, other := newFailover(t, p, s, eight), newFailover(t, p, s, eight)
			hang := make(chan struct{})
			wake := sync.OnceFunc(func() { close(hang) })
			var calls atomic.Int64
			p.set(func(ctx context.Context, m sms) error {
				if calls.Add(1) <= int64(tc.hang) {
					<-hang
					return errDown
				}
				return takes(9*time.Second)(ctx, m)
			})
			for i := range 8 {
				enqueue(t, s, code(phones(i), "1"))
			}
			stop := run(t, f)
			t.Cleanup(wake)
			time.Sleep(2 * time.Minute)
			require.Len(t, p.taken(), tc.here)
			p.set(nil)
			defer run(t, other)()
			until(t, time.Minute, func() bool { return len(p.taken()) == 8 })
			wake()
			stop()
		})
	}
}

// A provider that ends the goroutine it is called in costs one claim.
func TestAProviderThatEndsTheGoroutine(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, smsfailover.WithWorkers(1, 1, 30*time.Second))
		p.set(func(context.Context, sms) error { runtime.Goexit(); return nil })
		enqueue(t, s, code(phone, "1"))
		defer run(t, f)()
		synctest.Wait()
		require.Len(t, p.asked(), 1)
		p.set(nil)
		until(t, time.Minute, func() bool { return len(p.taken()) == 1 })
		require.EqualValues(t, 1, f.Stats().Reclaimed)
	})
}

// A delivery that can't be recorded is recorded later, while the lease lasts, and
// is no second SMS then. After that it counts as one that may be.
func TestADeliveryIsRecordedWhileTheLeaseLasts(t *testing.T) {
	for _, tc := range []struct {
		name   string
		outage time.Duration
		sent   int
		undone uint64
	}{{"short", 5 * time.Second, 1, 0}, {"long", 25 * time.Second, 2, 1}} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
				store := newFlaky(s)
				f := newFailover(t, p, store, smsfailover.WithWorkers(2, 2, 10*time.Second))
				p.set(func(context.Context, sms) error {
					store.fail(errStore)
					return nil
				})
				enqueue(t, s, code(phone, "1"))
				defer run(t, f)()
				synctest.Wait()
				require.Len(t, p.taken(), 1)
				p.set(nil)
				time.Sleep(tc.outage)
				store.fail(nil)
				until(t, time.Minute, func() bool { return depth(t, s) == smsfailover.Depth{} })
				require.Len(t, p.taken(), tc.sent)
				require.Equal(t, tc.undone, f.Stats().Undone)
				require.Equal(t, tc.undone, f.Stats().Reclaimed)
				require.Greater(t, f.Stats().StoreErrors, uint64(2))
			})
		})
	}
}

// The same for a live message that was stored first: its caller waits no longer
// than one call of the store may take, and it counts as delivered.
func TestALiveDeliveryThatIsNotRecorded(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := newFlaky(s)
		f := newFailover(t, p, store)
		p.set(func(context.Context, sms) error { store.fail(errStore, "done"); return nil })
		m := code(phone, "1")
		m.IdemKey = "key"
		began := time.Now()
		require.Equal(t, smsfailover.Delivered, submit(t, f, m))
		require.LessOrEqual(t, time.Since(began), 5*time.Second)
		require.EqualValues(t, 1, f.Stats().Undone)
	})
}

// A lost answer of Enqueue is an error, and yet the message may go: that is said,
// and a second try with its IdemKey is no second SMS.
func TestALostAnswerOfTheStore(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := newFlaky(s)
		f := newFailover(t, p, store)
		defer run(t, f)()
		store.mu.Lock()
		store.after = func(call string) error {
			if call == "enqueue" {
				return errStore
			}
			return nil
		}
		store.mu.Unlock()
		m := code(phone, "1")
		m.IdemKey = "key"
		_, err := f.Submit(t.Context(), m)
		require.ErrorIs(t, err, errStore)
		require.Empty(t, p.asked())
		store.mu.Lock()
		store.after = nil
		store.mu.Unlock()
		require.Equal(t, smsfailover.Duplicate, submit(t, f, m))
		time.Sleep(time.Hour)
		require.Len(t, p.taken(), 1)
	})
}

// While the store fails the workers ask now and then, and go on when it is back.
func TestTheWorkersOutliveTheStore(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := newFlaky(s)
		var log strings.Builder
		f := newFailover(t, p, store, smsfailover.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		store.fail(errStore)
		enqueue(t, s, code(phone, "1"))
		stop := run(t, f)
		time.Sleep(time.Minute)
		require.InDelta(t, 80, store.called("claim"), 40)
		store.fail(nil)
		until(t, 2*time.Second, func() bool { return len(p.taken()) == 1 })
		stop()
		require.Contains(t, log.String(), "call=claim")
		require.NotContains(t, log.String(), "13800138000")
	})
}

// A panic is logged with its stack, without number and args.
func TestAPanicIsLogged(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		var log strings.Builder
		f := newFailover(t, p, s, smsfailover.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		p.set(func(_ context.Context, m sms) error { panic("no template for " + m.to + " and " + m.args[0]) })
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phone, "271828")), "a live one too")
		require.EqualValues(t, 1, f.Stats().Panics)
		require.Contains(t, log.String(), "no template for *** and ***")
		require.Contains(t, log.String(), "failover_helpers_test.go")
		require.NotContains(t, log.String(), "271828")
	})
}

// What this process queues wakes its workers when it is due; what others queue is
// seen within a poll. An idle Run asks no more often than that.
func TestTheWorkersWakeUp(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := newFlaky(s)
		f := newFailover(t, p, store, smsfailover.WithPoll(time.Minute))
		defer run(t, f)()
		time.Sleep(time.Hour)
		idle := store.called("claim")
		require.LessOrEqual(t, idle, 1+2*60)
		require.GreaterOrEqual(t, idle, 60)

		p.fail(&smsfailover.BusyError{After: 3 * time.Second})
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phones(1), "1")))
		p.set(nil)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		require.Len(t, p.taken(), 1)
		before := store.called("claim")
		time.Sleep(time.Hour)
		require.LessOrEqual(t, store.called("claim")-before, 1+2*60, "what was due is behind it")

		began := time.Now()
		enqueue(t, s, code(phone, "1"))
		until(t, 2*time.Minute, func() bool { return len(p.taken()) == 2 })
		require.LessOrEqual(t, time.Since(began), time.Minute+time.Second)
	})
}

// What was claimed and not begun isn't begun any more once its lease may have
// ended: somebody else may have it.
func TestWhatLostItsTimeInHandIsNotSent(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := newFlaky(s)
		store.fail(errStore, "extend")
		f := newFailover(t, p, store, smsfailover.WithWorkers(1, 3, 10*time.Second), smsfailover.WithSendTimeout(9*time.Second))
		p.set(takes(6 * time.Second))
		for i := range 3 {
			enqueue(t, s, code(phones(i), "1"))
		}
		stop := run(t, f)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		rival, err := s.Claim(t.Context(), "rival", 3, time.Minute)
		require.NoError(t, err)
		require.Len(t, rival, 2, "the one in flight, and the one in hand")
		time.Sleep(10 * time.Second)
		stop()
		require.Len(t, p.asked(), 2)
		require.EqualValues(t, 2, f.Stats().LostLeases)
	})
}

// A limiter that wants a moment between two messages is used to the full, and the
// store hears little of it.
func TestAMomentIsWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		const n, gap = 1000, 10 * time.Millisecond
		var mu sync.Mutex
		var next time.Time
		l := limiterFunc(func(context.Context) (time.Duration, error) {
			mu.Lock()
			defer mu.Unlock()
			now := time.Now()
			if now.Before(next) {
				return next.Sub(now), nil
			}
			next = now.Add(gap)
			return 0, nil
		})
		store := newFlaky(s)
		f := newFailover(t, p, store, smsfailover.WithLimiter(l, oneKey))
		for i := range n {
			enqueue(t, s, code(phones(i), "1"))
		}
		began := time.Now()
		defer run(t, f)()
		until(t, time.Minute, func() bool { return len(p.taken()) == n })
		require.Less(t, time.Since(began), n*gap*11/10)
		require.Less(t, store.called("claim")+store.called("release"), n/2)
	})
}

// While a limiter can't be asked, nothing goes, and nothing is lost.
func TestALimiterThatFailsLetsNothingPass(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		var down atomic.Bool
		l := limiterFunc(func(context.Context) (time.Duration, error) {
			if down.Load() {
				return 0, errors.New("redis: connection pool timeout")
			}
			return 0, nil
		})
		f := newFailover(t, p, s, smsfailover.WithLimiter(l, oneKey))
		defer run(t, f)()
		down.Store(true)
		for i := range 200 {
			require.Equal(t, smsfailover.Queued, submit(t, f, code(phones(i), "1")))
		}
		time.Sleep(time.Hour)
		require.Empty(t, p.asked())
		require.Equal(t, 200, depth(t, s).Live())
		perSecond := float64(f.Stats().LimiterErrors) / 3600
		require.Less(t, perSecond, 100.0, "they are spread")
		down.Store(false)
		until(t, time.Minute, func() bool { return len(p.taken()) == 200 })
		require.Zero(t, f.Stats().Retried, "none was an attempt")
	})
}
