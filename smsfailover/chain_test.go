package smsfailover_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

func newChain(t testing.TB, p ...smsfailover.Provider) *smsfailover.Chain {
	t.Helper()
	c, err := smsfailover.NewChain(p...)
	require.NoError(t, err)
	return c
}

func send(ctx context.Context, c *smsfailover.Chain, numbers ...string) error {
	return c.Send(ctx, tpl, []string{"271828"}, numbers...)
}

// answers returns a provider that always answers so.
func answers(err error) *provider {
	p := &provider{}
	p.fail(err)
	return p
}

// waits is a limiter that always says so.
type waits time.Duration

func (w waits) Take(context.Context, string) (time.Duration, error) { return time.Duration(w), nil }

type brokenLimiter struct{}

func (brokenLimiter) Take(context.Context, string) (time.Duration, error) {
	return 0, errors.New("no answer")
}

// broken returns a monitor that has just opened.
func broken(t testing.TB, opts ...smsfailover.MonitorOption) *smsfailover.ErrorRateMonitor {
	t.Helper()
	m := newMonitor(t, opts...)
	record(m, 0, 10)
	return m
}

// What the first provider says decides whether the second is asked.
func TestChainFallsOver(t *testing.T) {
	for _, tc := range []struct {
		name  string
		first smsfailover.Provider
		over  bool // the second one is asked
	}{
		{"taken", smsfailover.Provider{Service: answers(nil)}, false},
		{"transient", smsfailover.Provider{Service: answers(errDown)}, true},
		{"throttled", smsfailover.Provider{Service: answers(smsfailover.ErrThrottled)}, true},
		{"busy", smsfailover.Provider{Service: answers(&smsfailover.BusyError{After: time.Hour})}, true},
		{"permanent", smsfailover.Provider{Service: answers(fmt.Errorf("no such number: %w", smsfailover.ErrPermanent))}, false},
		{"timeout", smsfailover.Provider{Service: answers(context.DeadlineExceeded)}, false},
		{"a cancellation of its own", smsfailover.Provider{Service: answers(context.Canceled)}, false},
		{"limited", smsfailover.Provider{Service: answers(nil), Limiter: waits(time.Second)}, true},
		{"never let go", smsfailover.Provider{Service: answers(nil), Limiter: waits(math.MaxInt64)}, true},
		{"limiter fails", smsfailover.Provider{Service: answers(nil), Limiter: brokenLimiter{}}, true},
		{"open", smsfailover.Provider{Service: answers(nil), Monitor: broken(t)}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.first.Name = "first"
			second := &provider{}
			c := newChain(t, tc.first, smsfailover.Provider{Name: "second", Service: second})
			err := send(t.Context(), c, phone)
			if tc.over {
				require.NoError(t, err)
				require.Len(t, second.taken(), 1)
			} else {
				require.Empty(t, second.asked())
			}
		})
	}
}

func TestChainAsksByCost(t *testing.T) {
	var asked []string
	named := func(name string) *provider {
		p := &provider{}
		p.set(func(context.Context, sms) error {
			asked = append(asked, name)
			return errDown
		})
		return p
	}
	c := newChain(t,
		smsfailover.Provider{Name: "dear", Service: named("dear"), Cost: 9},
		smsfailover.Provider{Name: "cheap", Service: named("cheap"), Cost: -1},
		smsfailover.Provider{Name: "fair", Service: named("fair")},
		smsfailover.Provider{Name: "fair too", Service: named("fair too")},
	)
	require.Error(t, send(t.Context(), c, phone))
	require.Equal(t, []string{"cheap", "fair", "fair too", "dear"}, asked)
	var given []string
	for _, s := range c.Snapshot() {
		given = append(given, s.Name)
		require.Equal(t, uint64(1), s.Failed, s.Name)
	}
	require.Equal(t, []string{"dear", "cheap", "fair", "fair too"}, given)
}

// What a chain returns for a message that nobody took, in the words of a caller.
func TestChainErrorsHaveTheirClass(t *testing.T) {
	limited := smsfailover.Provider{Name: "limited", Service: answers(nil), Limiter: waits(3 * time.Second)}
	never := smsfailover.Provider{Name: "never", Service: answers(nil), Limiter: waits(math.MaxInt64)}
	throttled := smsfailover.Provider{Name: "throttled", Service: answers(smsfailover.ErrThrottled)}
	busy := smsfailover.Provider{Name: "busy", Service: answers(&smsfailover.BusyError{After: time.Minute})}
	down := smsfailover.Provider{Name: "down", Service: answers(errDown)}
	wrong := smsfailover.Provider{Name: "wrong", Service: answers(smsfailover.ErrPermanent)}
	late := smsfailover.Provider{Name: "late", Service: answers(context.DeadlineExceeded)}
	odd := smsfailover.Provider{Name: "odd", Service: answers(context.Canceled)}
	for _, tc := range []struct {
		name  string
		chain []smsfailover.Provider
		class smsfailover.Class
		after time.Duration // 0: not a BusyError
		text  string
	}{
		{"limited", []smsfailover.Provider{limited}, smsfailover.Throttled, 3 * time.Second, "limited: limited for 3s"},
		{"the shortest wait", []smsfailover.Provider{busy, never, limited}, smsfailover.Throttled, 3 * time.Second, "never: limited for ever"},
		{"a provider's wait", []smsfailover.Provider{busy}, smsfailover.Throttled, time.Minute, "busy: throttled"},
		{"throttled, for how long it doesn't say", []smsfailover.Provider{throttled, limited}, smsfailover.Throttled, time.Second, "throttled: throttled"},
		{"never by any", []smsfailover.Provider{never}, smsfailover.Permanent, 0, "never: limited for ever"},
		{"one has failed", []smsfailover.Provider{limited, down, throttled}, smsfailover.Transient, 0, "down: transient: connection refused"},
		{"wrong after one that failed", []smsfailover.Provider{down, wrong}, smsfailover.Permanent, 0, "wrong: permanent"},
		{"unknown", []smsfailover.Provider{limited, late}, smsfailover.Transient, 0, "late: result unknown: context deadline exceeded"},
		{"not the caller's cancellation", []smsfailover.Provider{odd}, smsfailover.Transient, 0, "odd: result unknown: context canceled"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := send(t.Context(), newChain(t, tc.chain...), phone)
			require.Equal(t, tc.class, smsfailover.Classify(err), "%v", err)
			require.ErrorContains(t, err, tc.text)
			busy, ok := errors.AsType[*smsfailover.BusyError](err)
			require.Equal(t, tc.after > 0, ok)
			if ok {
				require.Equal(t, tc.after, busy.After)
			}
		})
	}
}

func TestChainStopsWhenTheCallerGivesUp(t *testing.T) {
	errGone := errors.New("gone home")
	for _, tc := range []struct {
		name  string
		first func(cancel context.CancelCauseFunc) smsfailover.Provider
		asked int // calls of the first provider
	}{
		{"before", func(cancel context.CancelCauseFunc) smsfailover.Provider {
			cancel(errGone)
			return smsfailover.Provider{Service: answers(nil)}
		}, 0},
		{"during", func(cancel context.CancelCauseFunc) smsfailover.Provider {
			p := &provider{}
			p.set(func(ctx context.Context, _ sms) error { cancel(errGone); return ctx.Err() })
			return smsfailover.Provider{Service: p}
		}, 1},
		{"during, and the provider says something else", func(cancel context.CancelCauseFunc) smsfailover.Provider {
			p := &provider{}
			p.set(func(context.Context, sms) error { cancel(errGone); return errDown })
			return smsfailover.Provider{Service: p}
		}, 1},
		{"during, where a second SMS is preferred", func(cancel context.CancelCauseFunc) smsfailover.Provider {
			p := &provider{}
			p.set(func(ctx context.Context, _ sms) error { cancel(errGone); return ctx.Err() })
			return smsfailover.Provider{Service: p, PreferAvailability: true}
		}, 1},
		{"in the limiter", func(cancel context.CancelCauseFunc) smsfailover.Provider {
			return smsfailover.Provider{Service: answers(nil), Limiter: cancelling{cancel, errGone}}
		}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			first, second := tc.first(cancel), &provider{}
			first.Name, first.Monitor = "first", newMonitor(t)
			c := newChain(t, first, smsfailover.Provider{Name: "second", Service: second})
			err := send(ctx, c, phone)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, errGone)
			require.Equal(t, smsfailover.Canceled, smsfailover.Classify(err))
			require.Empty(t, second.asked())
			require.Len(t, first.Service.(*provider).asked(), tc.asked)
			s := first.Monitor.Snapshot()
			require.Zero(t, s.OK+s.Failed, "it says nothing about the provider")
		})
	}
}

type cancelling struct {
	cancel context.CancelCauseFunc
	cause  error
}

func (c cancelling) Take(ctx context.Context, _ string) (time.Duration, error) {
	c.cancel(c.cause)
	return 0, ctx.Err()
}

// A deadline of the caller is the provider's failure, and no second one is asked.
func TestChainDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, m := &provider{}, newMonitor(t)
		slow.set(takes(time.Hour))
		second := &provider{}
		c := newChain(t,
			smsfailover.Provider{Name: "slow", Service: slow, Monitor: m, PreferAvailability: true},
			smsfailover.Provider{Name: "second", Service: second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := send(ctx, c, phone)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, smsfailover.Transient, smsfailover.Classify(err))
		require.Empty(t, second.asked())
		require.Equal(t, uint64(1), m.Snapshot().Failed)
	})
}

func TestNewChainNamesEveryBadProvider(t *testing.T) {
	m := newMonitor(t)
	_, err := smsfailover.NewChain(
		smsfailover.Provider{Name: "a", Service: &provider{}, Monitor: m},
		smsfailover.Provider{Name: "a", Service: &provider{}},
		smsfailover.Provider{Service: &provider{}},
		smsfailover.Provider{Name: "b"},
		smsfailover.Provider{Name: "c", Service: (*provider)(nil)},
		smsfailover.Provider{Name: "d", Service: &provider{}, Monitor: m},
		smsfailover.Provider{Name: "e", Service: &provider{}, Limiter: (*perMinute)(nil)},
		smsfailover.Provider{Name: "f", Service: &provider{}, Monitor: &smsfailover.ErrorRateMonitor{}},
	)
	require.ErrorIs(t, err, smsfailover.ErrInput)
	for _, want := range []string{
		`provider 1 ("a") has the name of another`, `provider 2 ("") has no name`,
		`provider 3 ("b") has no service`, `provider 4 ("c") has no service`,
		`provider 5 ("d") has the monitor of another`, `provider 6 ("e") has a limiter that is a nil pointer`,
		`provider 7 ("f") has a monitor that NewErrorRateMonitor didn't make`,
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = smsfailover.NewChain()
	require.ErrorIs(t, err, smsfailover.ErrInput)
}
