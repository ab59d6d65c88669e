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
	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/smsfailover"
)

// carrier is a provider that keeps the codes it took, and fails while it has an
// error.
type carrier struct {
	err   error
	codes []string
}

func (c *carrier) Send(_ context.Context, _ string, args []string, _ ...string) error {
	if c.err == nil {
		c.codes = append(c.codes, args[0])
	}
	return c.err
}

// dim is a cache that can't always tell what it holds.
type dim struct {
	cachex.CodeCache
	err error
}

func (d *dim) Status(ctx context.Context, k cachex.Key) (cachex.Status, error) {
	if d.err != nil {
		return cachex.Status{}, d.err
	}
	return d.CodeCache.Status(ctx, k)
}

// lateWorld is a way of a code on which messages come late.
type lateWorld struct {
	cache    *dim
	carrier  *carrier
	store    *smsfailover.MemStore
	failover *smsfailover.Failover
	codes    *code.Service
}

func newLateWorld(t *testing.T) *lateWorld {
	t.Helper()
	local, err := cachex.NewCodeLocalCache()
	require.NoError(t, err)
	w := &lateWorld{cache: &dim{CodeCache: local}, carrier: &carrier{}, store: smsfailover.NewMemStore()}
	chain, err := smsfailover.NewChain(smsfailover.Provider{Name: "north", Service: w.carrier})
	require.NoError(t, err)
	w.failover, err = smsfailover.New(code.NewCurrent(chain, w.cache), w.store)
	require.NoError(t, err)
	_, _, guard := newService(t, wide())
	w.codes = code.New(guard, w.cache, w.failover)
	return w
}

// work lets the workers do what they can, and ends them.
func (w *lateWorld) work(t *testing.T) smsfailover.Depth {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.failover.Run(ctx) }()
	time.Sleep(2 * time.Minute)
	stop()
	require.NoError(t, <-done)
	depth, err := w.store.Depth(t.Context())
	require.NoError(t, err)
	return depth
}

func TestLateCodeGoesWhileItIsGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newLateWorld(t)
		w.carrier.err = errors.New("busy")
		require.NoError(t, w.codes.Send(t.Context(), phone, address))
		w.carrier.err = nil
		require.Zero(t, w.work(t))
		require.Len(t, w.carrier.codes, 1)
		require.NoError(t, w.codes.Verify(t.Context(), phone, w.carrier.codes[0]))
	})
}

func TestLateCodeIsNotSentWhenItIsNotGood(t *testing.T) {
	later := func(t *testing.T, w *lateWorld) { // asks again once the pause is over
		t.Helper()
		time.Sleep(time.Minute)
		require.NoError(t, w.codes.Send(t.Context(), phone, address))
	}
	for name, end := range map[string]func(t *testing.T, w *lateWorld){
		"replaced": later,
		"used": func(t *testing.T, w *lateWorld) {
			later(t, w)
			require.NoError(t, w.codes.Verify(t.Context(), phone, w.carrier.codes[0]))
		},
		"revoked": func(*testing.T, *lateWorld) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newLateWorld(t)
				w.carrier.err = smsfailover.ErrPermanent
				require.ErrorIs(t, w.codes.Send(t.Context(), phone, address), code.ErrNotSent)
				w.carrier.err = nil
				end(t, w)
				before := len(w.carrier.codes)
				n, err := w.failover.Redrive(t.Context(), smsfailover.Filter{})
				require.NoError(t, err)
				require.Equal(t, 1, n)
				require.Equal(t, smsfailover.Depth{Dead: 1}, w.work(t))
				require.Len(t, w.carrier.codes, before)
				dead, err := w.store.Dead(t.Context(), smsfailover.Filter{})
				require.NoError(t, err)
				require.Contains(t, dead[0].LastErr, code.ErrStale.Error())
			})
		})
	}
}

// While nobody can tell whether a code is good its message waits, and counts no
// try.
func TestCodeWaitsWhileNobodyCanTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newLateWorld(t)
		w.cache.err = errors.New("away")
		require.NoError(t, w.codes.Send(t.Context(), phone, address))
		depth := w.work(t)
		require.Equal(t, 1, depth.Ready+depth.Delayed)
		require.Empty(t, w.carrier.codes)
		w.cache.err = nil
		require.Zero(t, w.work(t))
		require.Len(t, w.carrier.codes, 1)
		require.Zero(t, w.failover.Stats().Retried)
	})
}

// A message that names no code, such as one from before codes were named, goes.
func TestMessageThatNamesNoCodeGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newLateWorld(t)
		_, err := w.failover.Submit(t.Context(), smsfailover.Message{
			TplID: sms.LoginTemplate, To: phone, Args: []string{"123456"}, IdemKey: "ABCDEF",
		})
		require.NoError(t, err)
		require.Equal(t, []string{"123456"}, w.carrier.codes)
	})
}
