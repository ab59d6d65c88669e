package smsfailover_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

type traceKey struct{}

// Trap smsfailover/1: the context of the request ends with the request; it must
// neither cut off a send nor keep a queued message from going.
func TestTheEndOfARequestStopsNothing(t *testing.T) {
	for _, idem := range []string{"", "key"} {
		t.Run("idem="+idem, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
				f := newFailover(t, p, s)
				m := code(phone, "1")
				m.IdemKey = idem
				ctx, cancel := context.WithCancel(context.WithValue(t.Context(), traceKey{}, "trace"))
				p.set(func(ctx context.Context, m sms) error {
					require.Equal(t, "trace", ctx.Value(traceKey{}), "values are kept")
					return takes(time.Second)(ctx, m)
				})
				time.AfterFunc(time.Second/2, cancel)
				out, err := f.Submit(ctx, m)
				require.NoError(t, err)
				require.Equal(t, smsfailover.Delivered, out[0].Outcome)
				require.ErrorIs(t, ctx.Err(), context.Canceled)

				_, err = f.Submit(ctx, code(phones(1), "1"))
				require.ErrorIs(t, err, context.Canceled, "before anything was sent it is the caller's")
				require.Len(t, p.asked(), 1)
				require.Zero(t, depth(t, s).Live())
			})
		})
	}
	t.Run("queued", func(t *testing.T) {
		bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
			f := newFailover(t, p, s)
			defer run(t, f)()
			p.fail(errDown)
			ctx, cancel := context.WithCancel(t.Context())
			require.NoError(t, f.Send(ctx, tpl, nil, phone))
			cancel()
			p.set(nil)
			until(t, time.Minute, func() bool { return len(p.taken()) == 1 })
		})
	})
}

// A caller who leaves between storing and sending has had the message accepted.
func TestACallerWhoLeavesAfterStoringIsQueued(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		ctx, cancel := context.WithCancel(t.Context())
		l := limiterFunc(func(ctx context.Context) (time.Duration, error) {
			cancel()
			return 0, nil
		})
		f := newFailover(t, p, s, smsfailover.WithLimiter(l, oneKey))
		m := code(phone, "1")
		m.IdemKey = "key"
		out, err := f.Submit(ctx, m)
		require.NoError(t, err)
		require.Equal(t, smsfailover.Queued, out[0].Outcome)
		require.Empty(t, p.asked())
		require.Equal(t, smsfailover.Depth{Ready: 1, Oldest: time.Now()}, depth(t, s))
	})
}

// A caller who leaves in the middle of many hears which ones went.
func TestACallerWhoLeavesInTheMiddle(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, smsfailover.WithWorkers(2, 2, time.Minute))
		p.set(takes(time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		ms := make([]smsfailover.Message, 7)
		for i := range ms {
			ms[i] = code(phones(i), "1")
		}
		out, err := f.Submit(ctx, ms...)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "3 of 7 messages were not accepted")
		for i, r := range out {
			want := smsfailover.Delivered
			if i >= 4 {
				want = smsfailover.Rejected
			}
			require.Equal(t, want, r.Outcome, i)
		}
		require.Len(t, p.taken(), 4)
	})
}

type limiterFunc func(ctx context.Context) (time.Duration, error)

func (f limiterFunc) Take(ctx context.Context, _ string) (time.Duration, error) { return f(ctx) }

// Trap smsfailover/20: when some of several numbers fail, only those are queued,
// and nobody gets a second SMS for the others' sake.
func TestOnlyTheNumbersThatFailAreQueued(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := newFlaky(s)
		f := newFailover(t, p, store)
		p.set(func(_ context.Context, m sms) error {
			if m.to == phones(1) || m.to == phones(4) {
				return errDown
			}
			return nil
		})
		require.NoError(t, f.Send(t.Context(), tpl, []string{"1"}, phones(0), phones(1), phones(2), phones(3), phones(4)))
		require.Len(t, p.taken(), 3)
		require.Equal(t, 2, depth(t, s).Live())
		require.Equal(t, 1, store.called("enqueue"), "all that must wait in one call")

		p.set(nil)
		defer run(t, f)()
		until(t, time.Minute, func() bool { return len(p.taken()) == 5 })
		time.Sleep(time.Hour)
		perNumber := make(map[string]int)
		for _, m := range p.taken() {
			perNumber[m.to]++
		}
		require.Len(t, perNumber, 5)
	})
}

// One number's refusal is told, and the others are served.
func TestAnErrorSaysHowManyOfHowMany(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s)
		p.set(func(_ context.Context, m sms) error {
			if m.to == phones(1) {
				return fmt.Errorf("no such number %s: %w", m.to, smsfailover.ErrPermanent)
			}
			return nil
		})
		err := f.Send(t.Context(), tpl, []string{"271828"}, phones(0), phones(1), phones(2))
		require.ErrorIs(t, err, smsfailover.ErrPermanent)
		require.ErrorContains(t, err, "1 of 3 messages were not accepted")
		require.NotContains(t, err.Error(), phones(1))
		require.Len(t, p.taken(), 2)

		require.ErrorIs(t, f.Send(t.Context(), tpl, nil), smsfailover.ErrInput)
		out, err := f.Submit(t.Context(), code(phones(5), "1"), code("", "1"), code(phones(6), "1"))
		require.ErrorIs(t, err, smsfailover.ErrInput)
		require.ErrorContains(t, err, "message 2 of 3")
		require.Len(t, out, 3)
		for _, r := range out {
			require.Equal(t, smsfailover.Rejected, r.Outcome)
		}
		require.Len(t, p.taken(), 2, "an invalid call sends nothing")
		out, err = f.Submit(t.Context())
		require.NoError(t, err)
		require.Empty(t, out)
	})
}

// Trap smsfailover/22: a message that was handed in before is no error to the
// user, and nothing is sent or stored for it.
func TestADuplicateIsNoError(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s)
		m := code(phone, "1")
		m.IdemKey = "order 1"
		require.Equal(t, smsfailover.Delivered, submit(t, f, m))
		require.Equal(t, smsfailover.Duplicate, submit(t, f, m), "after delivery")
		m.To, m.Args = phones(1), []string{"2"}
		require.Equal(t, smsfailover.Duplicate, submit(t, f, m), "the key decides")

		p.fail(errDown)
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phones(2), "1")))
		require.NoError(t, f.Send(t.Context(), tpl, []string{"1"}, phones(2)), "while it is queued")
		require.Equal(t, 1, depth(t, s).Live())
		require.Len(t, p.asked(), 2)
		require.EqualValues(t, 3, f.Stats().Duplicates)
	})
}

// Trap smsfailover/18: when neither the provider nor the store can be reached the
// caller hears it; when the store is back, all goes on.
func TestAStoreThatIsDownIsAnError(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := newFlaky(s)
		f := newFailover(t, p, store, smsfailover.WithPoll(time.Second))
		defer run(t, f)()
		p.fail(errDown)
		store.fail(errStore)
		for i := range 3 {
			out, err := f.Submit(t.Context(), code(phones(i), "1"))
			require.ErrorIs(t, err, errStore)
			require.NotContains(t, err.Error(), "13800138000")
			require.Equal(t, smsfailover.Rejected, out[0].Outcome)
		}
		// A message that was tried before the store went away.
		store.fail(nil)
		synctest.Wait()
		time.Sleep(2 * time.Second)
		p.set(func(context.Context, sms) error { store.fail(errStore); return errDown })
		out, err := f.Submit(t.Context(), code(phones(9), "1"))
		require.ErrorIs(t, err, errStore)
		require.ErrorIs(t, err, errDown, "both reasons")
		require.Equal(t, smsfailover.Rejected, out[0].Outcome)

		time.Sleep(time.Minute)
		store.fail(nil)
		require.Zero(t, depth(t, s))
		p.fail(errDown)
		time.Sleep(2 * time.Second)
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phone, "1")))
		p.set(nil)
		until(t, time.Minute, func() bool { return len(p.taken()) == 1 })
		require.NotZero(t, f.Stats().StoreErrors)
	})
}

// What was rejected and why, in each way into Submit.
func TestWhatCannotGoIsRejected(t *testing.T) {
	never := limiterFunc(func(context.Context) (time.Duration, error) { return math.MaxInt64, nil })
	anHour := limiterFunc(func(context.Context) (time.Duration, error) { return time.Hour, nil })
	for _, tc := range []struct {
		name  string
		err   error // the provider's
		opts  []smsfailover.Option
		life  time.Duration
		want  error
		tried int
		dead  int // when it was stored first
	}{
		{"permanent", fmt.Errorf("unknown template: %w", smsfailover.ErrPermanent), nil, 0, smsfailover.ErrPermanent, 1, 1},
		{"permanent by the classifier", errDown, []smsfailover.Option{smsfailover.WithClassifier(always(smsfailover.Permanent))}, 0, smsfailover.ErrPermanent, 1, 1},
		{"attempts spent", errDown, []smsfailover.Option{smsfailover.WithMaxAttempts(1)}, 0, errDown, 1, 1},
		{"backoff stops", errDown, []smsfailover.Option{smsfailover.WithBackoff(stop{})}, 0, errDown, 1, 1},
		{"never", nil, []smsfailover.Option{smsfailover.WithLimiter(never, oneKey)}, 0, smsfailover.ErrNever, 0, 1},
		{"expired", nil, nil, -time.Second, smsfailover.ErrExpired, 0, 0},
		{"limited beyond its end", nil, []smsfailover.Option{smsfailover.WithLimiter(anHour, oneKey)}, time.Minute, smsfailover.ErrExpired, 0, 0},
	} {
		for _, idem := range []string{"", "key"} {
			t.Run(tc.name+"/idem="+idem, func(t *testing.T) {
				bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
					p.fail(tc.err)
					f := newFailover(t, p, s, tc.opts...)
					m := code(phone, "271828")
					m.IdemKey = idem
					if tc.life != 0 {
						m.NotAfter = time.Now().Add(tc.life)
					}
					out, err := f.Submit(t.Context(), m)
					require.ErrorIs(t, err, tc.want)
					require.Equal(t, smsfailover.Rejected, out[0].Outcome)
					require.Len(t, p.asked(), tc.tried)
					d := depth(t, s)
					require.Zero(t, d.Live())
					if idem != "" {
						require.Equal(t, tc.dead, d.Dead)
					}
					require.EqualValues(t, 1, f.Stats().Rejected)
				})
			})
		}
	}
}

func always(c smsfailover.Class) func(error) smsfailover.Class {
	return func(error) smsfailover.Class { return c }
}

type stop struct{}

func (stop) Delay(int, time.Duration) time.Duration { return -1 }

// What was not tried costs no attempt, and says when it is due.
func TestWhatMustWaitIsQueuedAsItShould(t *testing.T) {
	limited := limiterFunc(func(context.Context) (time.Duration, error) { return time.Hour, nil })
	broken := limiterFunc(func(context.Context) (time.Duration, error) { return 0, errors.New("redis is down") })
	fixed := smsfailover.WithBackoff(smsfailover.Exponential(time.Minute, 2, 0, time.Hour))
	for _, tc := range []struct {
		name     string
		answer   error
		opts     []smsfailover.Option
		attempts int
		after    time.Duration
		tried    int
	}{
		{"failed", errDown, []smsfailover.Option{fixed}, 1, time.Minute, 1},
		{"canceled by the provider itself", context.Canceled, []smsfailover.Option{fixed}, 1, time.Minute, 1},
		{"throttled", smsfailover.ErrThrottled, nil, 0, time.Second, 1},
		{"busy", &smsfailover.BusyError{After: 9 * time.Second}, nil, 0, 9 * time.Second, 1},
		{"limited", nil, []smsfailover.Option{smsfailover.WithLimiter(limited, oneKey)}, 0, time.Hour, 0},
		{"limiter down", nil, []smsfailover.Option{smsfailover.WithLimiter(broken, oneKey)}, 0, time.Second, 0},
		{"monitor open", nil, []smsfailover.Option{smsfailover.WithMonitor(nil)}, 0, 0, 0},
	} {
		for _, idem := range []string{"", "key"} {
			t.Run(tc.name+"/idem="+idem, func(t *testing.T) {
				bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
					p.fail(tc.answer)
					opts := tc.opts
					if tc.name == "monitor open" {
						opts = []smsfailover.Option{smsfailover.WithMonitor(openMonitor(t))}
					}
					f := newFailover(t, p, s, opts...)
					m := code(phone, "1")
					m.IdemKey = idem
					began := time.Now()
					require.Equal(t, smsfailover.Queued, submit(t, f, m))
					require.Len(t, p.asked(), tc.tried)

					if tc.after > 0 {
						time.Sleep(tc.after - time.Nanosecond)
						jobs, err := s.Claim(t.Context(), "test", 1, time.Minute)
						require.NoError(t, err)
						require.Empty(t, jobs, "not due before %v", tc.after)
						time.Sleep(time.Nanosecond)
					}
					jobs, err := s.Claim(t.Context(), "test", 1, time.Minute)
					require.NoError(t, err)
					require.Len(t, jobs, 1)
					require.Equal(t, began.Add(tc.after).UTC(), jobs[0].Due.UTC())
					require.Equal(t, tc.attempts, jobs[0].Attempt)
					require.Equal(t, tc.attempts+1, jobs[0].Claims, "each attempt is a claim, and this is one")
					require.Equal(t, tc.attempts > 0, jobs[0].LastErr != "")
				})
			})
		}
	}
}

// openMonitor returns a monitor that is open for an hour.
func openMonitor(t testing.TB) *smsfailover.ErrorRateMonitor {
	t.Helper()
	m, err := smsfailover.NewErrorRateMonitor(smsfailover.WithMinSamples(1), smsfailover.WithOpenFor(time.Hour))
	require.NoError(t, err)
	m.RecordResult(false)
	require.NotZero(t, m.RetryAfter())
	return m
}

// Two messages of one lane never change places: the second waits while the first
// is in flight, and takes its place when it had to be queued.
func TestMessagesToOneNumberKeepTheirOrder(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s)
		p.set(func(ctx context.Context, m sms) error {
			if m.args[0] == "1" {
				time.Sleep(5 * time.Second)
				return errDown
			}
			return nil
		})
		var wg sync.WaitGroup
		outcomes := make([]smsfailover.Outcome, 3)
		for i := range outcomes {
			wg.Go(func() { outcomes[i] = submit(t, f, code(phone, fmt.Sprint(i+1))) })
			synctest.Wait()
		}
		require.Equal(t, smsfailover.Delivered, submit(t, f, code(phones(1), "9")), "others don't wait")
		wg.Wait()
		require.Equal(t, []smsfailover.Outcome{smsfailover.Queued, smsfailover.Superseded, smsfailover.Superseded}, outcomes)

		defer run(t, f)()
		until(t, time.Minute, func() bool { return len(p.taken()) == 2 })
		require.Equal(t, []string{"3"}, p.taken()[1].args)
		time.Sleep(time.Hour)
		require.Len(t, p.asked(), 3)
	})
}

// A message that takes the place of one that nobody has in hand goes as soon as a
// worker can, and not when the lease it was stored under ends.
func TestASupersedingMessageIsFreeAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, smsfailover.WithBackoff(smsfailover.Exponential(time.Hour, 2, 0, time.Hour)))
		defer run(t, f)()
		p.fail(errDown)
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phone, "old")))
		p.set(nil)
		require.Equal(t, smsfailover.Superseded, submit(t, f, code(phone, "new")))
		until(t, time.Second, func() bool { return len(p.taken()) == 1 })
		require.Equal(t, []string{"new"}, p.taken()[0].args)
	})
}

// A caller who leaves the line, or whose turn comes while it leaves, holds nobody
// up.
func TestLeavingTheLineHoldsNobodyUp(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		p.set(takes(time.Second))
		f := newFailover(t, p, s)
		var wg sync.WaitGroup
		served := 0
		var mu sync.Mutex
		for i := range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*500*time.Millisecond+time.Millisecond)
			defer cancel()
			wg.Go(func() {
				_, err := f.Submit(ctx, code(phone, fmt.Sprint(i)))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					served++
					return
				}
				require.ErrorIs(t, err, context.DeadlineExceeded)
			})
			synctest.Wait()
		}
		wg.Wait()
		require.Len(t, p.taken(), served)
		require.Greater(t, served, 3)
		require.Less(t, served, 20)
		require.Equal(t, smsfailover.Delivered, submit(t, f, code(phone, "last")), "the lane is free")
	})
}

// Within one call, too, the last of a lane wins and none overtakes.
func TestOneCallWithSeveralMessagesToOneNumber(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s)
		ms := []smsfailover.Message{code(phone, "1"), code(phones(1), "1"), code(phone, "2"), code(phone, "3")}
		out, err := f.Submit(t.Context(), ms...)
		require.NoError(t, err)
		require.Len(t, out, 4)
		var to []string
		for _, m := range p.taken() {
			if m.to == phone {
				to = append(to, m.args[0])
			}
		}
		require.Equal(t, []string{"1", "2", "3"}, to)

		p.fail(errDown)
		time.Sleep(time.Minute)
		out, err = f.Submit(t.Context(), ms...)
		require.NoError(t, err)
		want := []smsfailover.Outcome{smsfailover.Queued, smsfailover.Queued, smsfailover.Superseded, smsfailover.Superseded}
		for i, r := range out {
			require.Equal(t, want[i], r.Outcome, i)
			require.Len(t, r.ID, 36)
		}
		require.Equal(t, 2, depth(t, s).Live())
	})
}

// A Submit of many sends as many at once as there are workers, and no more.
func TestManyMessagesGoSomeAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		p.set(takes(time.Second))
		f := newFailover(t, p, s, smsfailover.WithWorkers(5, 5, time.Minute))
		to := make([]string, 20)
		for i := range to {
			to[i] = phones(i)
		}
		began := time.Now()
		require.NoError(t, f.Send(t.Context(), tpl, nil, to...))
		require.Equal(t, 4*time.Second, time.Since(began))
		require.Equal(t, 5, p.most)
	})
}

// However many messages are wrong, the error names a few.
func TestTheErrorOfManyWrongMessagesIsShort(t *testing.T) {
	f := newFailover(t, &provider{}, smsfailover.NewMemStore())
	receipts, err := f.Submit(t.Context(), make([]smsfailover.Message, 1000)...)
	require.ErrorIs(t, err, smsfailover.ErrInput)
	require.ErrorContains(t, err, "message 8 of 1000")
	require.Less(t, len(err.Error()), 4000)
	require.Len(t, receipts, 1000)
}
