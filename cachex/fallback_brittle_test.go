package cachex_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
)

const (
	code  = "271828"
	other = "314159"
)

var (
	someone = cachex.Key{Biz: "login", To: "+8613800138000"}
	errDown = errors.New("the server is down")
)

// A fault is what a brittle cache does to a call.
type fault int32

const (
	healthy fault = iota
	down          // the call isn't done and fails
	lost          // the call is done, its answer is lost
)

// A brittle cache fails when told to.
type brittle struct {
	cachex.CodeCache
	fault atomic.Int32
	calls atomic.Int32
}

func (b *brittle) set(f fault) { b.fault.Store(int32(f)) }

// run calls f unless b is down, and returns what b's caller gets to see.
func (b *brittle) run(lostErr error, f func() error) error {
	b.calls.Add(1)
	switch fault(b.fault.Load()) {
	case down:
		return errDown
	case lost:
		_ = f()
		return lostErr
	}
	return f()
}

func (b *brittle) Set(ctx context.Context, k cachex.Key, code string) (t cachex.Ticket, err error) {
	err = b.run(errDown, func() error { t, err = b.CodeCache.Set(ctx, k, code); return err })
	if err != nil {
		t = cachex.Ticket{}
	}
	return t, err
}

func (b *brittle) Verify(ctx context.Context, k cachex.Key, code string) error {
	return b.run(fmt.Errorf("%w: %w", cachex.ErrUnknown, errDown), func() error { return b.CodeCache.Verify(ctx, k, code) })
}

func (b *brittle) Revoke(ctx context.Context, k cachex.Key, gen uint64) (ok bool, err error) {
	err = b.run(errDown, func() error { ok, err = b.CodeCache.Revoke(ctx, k, gen); return err })
	return ok, err
}

func (b *brittle) Status(ctx context.Context, k cachex.Key) (s cachex.Status, err error) {
	err = b.run(errDown, func() error { s, err = b.CodeCache.Status(ctx, k); return err })
	if err != nil {
		s = cachex.Status{}
	}
	return s, err
}

func newBrittle(t testing.TB, p cachex.Policy) *brittle {
	t.Helper()
	c, err := cachex.NewCodeLocalCache(cachex.WithPolicy("", p))
	require.NoError(t, err)
	return &brittle{CodeCache: c}
}

// pair is a Fallback whose two sides can be made to fail.
type pair struct {
	*cachex.Fallback
	primary, backup *brittle
}

func newPair(t testing.TB, p cachex.Policy, opts ...cachex.FallbackOption) pair {
	t.Helper()
	primary, backup := newBrittle(t, p), newBrittle(t, p)
	f, err := cachex.NewFallback(primary, backup, opts...)
	require.NoError(t, err)
	return pair{f, primary, backup}
}

func (p pair) mustSet(t testing.TB, code string) cachex.Ticket {
	t.Helper()
	ticket, err := p.Set(t.Context(), someone, code)
	require.NoError(t, err)
	return ticket
}

// free is a policy that lets a Set follow a Set.
func free() cachex.Policy {
	return cachex.Policy{TTL: 10 * time.Minute, MaxAttempts: 3}
}

// A setLoser does a Set and loses the answer.
type setLoser struct{ cachex.CodeCache }

func (s *setLoser) Set(ctx context.Context, k cachex.Key, code string) (cachex.Ticket, error) {
	_, err := s.CodeCache.Set(ctx, k, code)
	if errors.Is(err, cachex.ErrInput) || ctx.Err() != nil {
		return cachex.Ticket{}, err
	}
	return cachex.Ticket{}, errDown
}
