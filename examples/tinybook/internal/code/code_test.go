package code_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/examples/tinybook/internal/code"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/smsfailover"
)

const (
	phone   = "+8613800138000"
	address = "192.0.2.1"
)

// sender remembers the message, and refuses it while broken.
type sender struct {
	last   smsfailover.Message
	broken bool
	cancel context.CancelFunc
}

func (s *sender) Submit(_ context.Context, m ...smsfailover.Message) ([]smsfailover.Receipt, error) {
	s.last = m[0]
	if s.broken {
		s.cancel() // the client goes away meanwhile
		return []smsfailover.Receipt{{Outcome: smsfailover.Rejected}}, smsfailover.ErrQueueFull
	}
	return []smsfailover.Receipt{{Outcome: smsfailover.Delivered}}, nil
}

func (s *sender) code() string { return s.last.Args[0] }

func newService(t *testing.T, limits code.Limits) (*code.Service, *sender, *code.Guard) {
	t.Helper()
	cache, err := cachex.NewCodeLocalCache()
	require.NoError(t, err)
	limiter, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{limits.Site})
	require.NoError(t, err)
	guard := code.NewGuard(limiter, limits, []byte("a secret"))
	s := &sender{}
	return code.New(guard, cache, s), s, guard
}

func wide() code.Limits {
	l := ratelimit.PerMinute(1000)
	return code.Limits{Phone: l, Address: l, Site: l}
}

// A message that nobody takes costs nothing: the phone may ask again at once,
// and no limit has counted it.
func TestSendThatFailsMayBeRepeatedAtOnce(t *testing.T) {
	limits := wide()
	limits.Phone = ratelimit.PerDay(1)
	limits.Address = ratelimit.PerDay(1)
	s, out, guard := newService(t, limits)
	for range 3 {
		var ctx context.Context
		ctx, out.cancel = context.WithCancel(t.Context())
		out.broken = true
		err := s.Send(ctx, phone, address)
		require.ErrorIs(t, err, code.ErrNotSent)
		require.ErrorIs(t, err, smsfailover.ErrQueueFull)
		require.NotContains(t, err.Error(), out.code())
		require.ErrorIs(t, s.Verify(t.Context(), phone, out.code()), cachex.ErrNotFound)
		r, err := guard.Site(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1000, r.Remaining)
	}
	out.broken = false
	require.NoError(t, s.Send(t.Context(), phone, address))
	limited, ok := errors.AsType[*code.LimitedError](s.Send(t.Context(), phone, address))
	require.True(t, ok)
	require.Equal(t, "phone", limited.Scope)
	require.InDelta(t, 24*time.Hour, limited.RetryAfter, float64(time.Minute))
}

// What is refused for one limit is taken from none.
func TestRefusedCodeCostsNothing(t *testing.T) {
	limits := wide()
	limits.Address = ratelimit.PerDay(2)
	s, _, guard := newService(t, limits)
	require.NoError(t, s.Send(t.Context(), phone, address))
	require.ErrorIs(t, s.Send(t.Context(), phone, address), cachex.ErrTooSoon)
	require.NoError(t, s.Send(t.Context(), phone+"1", address), "the refused one was given back")
	for range 5 {
		limited, ok := errors.AsType[*code.LimitedError](s.Send(t.Context(), phone+"2", address))
		require.True(t, ok)
		require.Equal(t, "address", limited.Scope)
	}
	r, err := guard.Site(t.Context())
	require.NoError(t, err)
	require.Equal(t, 998, r.Remaining)
	require.NoError(t, s.Send(t.Context(), phone+"2", "192.0.2.2"))
}

func TestCodeExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, out, _ := newService(t, wide())
		require.NoError(t, s.Send(t.Context(), phone, address))
		require.Len(t, out.code(), code.Length)
		require.Equal(t, time.Now().Add(10*time.Minute), out.last.NotAfter)
		first := out.last
		time.Sleep(time.Minute)
		require.NoError(t, s.Send(t.Context(), phone, address))
		require.NotEqual(t, first.IdemKey, out.last.IdemKey)
		if first.Args[0] != out.code() {
			require.ErrorIs(t, s.Verify(t.Context(), phone, first.Args[0]), cachex.ErrMismatch)
		}
		time.Sleep(10 * time.Minute)
		require.ErrorIs(t, s.Verify(t.Context(), phone, out.code()), cachex.ErrNotFound)
	})
}

// A code that was used stays used, also when that can't be kept.
func TestSyncedAnswersAfterItsFile(t *testing.T) {
	cache, err := cachex.NewCodeLocalCache()
	require.NoError(t, err)
	var failing error
	syncs := 0
	s := code.NewSynced(cache, func(context.Context) error { syncs++; return failing })
	k := cachex.Key{Biz: "login", To: phone}
	_, err = s.Set(t.Context(), k, "123456")
	require.NoError(t, err)
	require.Equal(t, 1, syncs)
	failing = errors.New("the disk is full")
	require.ErrorIs(t, s.Verify(t.Context(), k, "123456"), cachex.ErrUnknown)
	failing = nil
	require.ErrorIs(t, s.Verify(t.Context(), k, "123456"), cachex.ErrNotFound)
	failing = errors.New("the disk is full")
	other := cachex.Key{Biz: "login", To: "x"}
	for range 3 { // no pause for a code that nobody was sent
		_, err = s.Set(t.Context(), other, "123456")
		require.ErrorIs(t, err, failing)
	}
	failing = nil
	ctx, cancel := context.WithCancel(t.Context())
	gone := code.NewSynced(cache, func(ctx context.Context) error { cancel(); return ctx.Err() })
	_, err = gone.Set(ctx, other, "123456") // nor for a client that goes meanwhile
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, s.Verify(t.Context(), other, "123456"), cachex.ErrNotFound)
	_, err = s.Set(t.Context(), other, "123456")
	require.NoError(t, err)
}
