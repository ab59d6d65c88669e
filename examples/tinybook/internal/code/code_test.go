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
)

const phone = "+8613800138000"

// provider remembers the code, and fails while broken.
type provider struct {
	code   string
	broken bool
	cancel context.CancelFunc
}

func (p *provider) Send(_ context.Context, _ string, args []string, _ ...string) error {
	p.code = args[0]
	if p.broken {
		p.cancel() // the client goes away meanwhile
		return errors.New("provider quotes " + args[0])
	}
	return nil
}

func TestSendThatFailsMayBeRepeatedAtOnce(t *testing.T) {
	cache, err := cachex.NewCodeLocalCache()
	require.NoError(t, err)
	p := &provider{}
	s := code.New(cache, p)
	for range 3 {
		var ctx context.Context
		ctx, p.cancel = context.WithCancel(t.Context())
		p.broken = true
		err = s.Send(ctx, phone)
		require.ErrorIs(t, err, code.ErrNotSent)
		require.NotContains(t, err.Error(), p.code)
		require.ErrorIs(t, s.Verify(t.Context(), phone, p.code), cachex.ErrNotFound)
	}
	p.broken = false
	require.NoError(t, s.Send(t.Context(), phone))
	require.ErrorIs(t, s.Send(t.Context(), phone), cachex.ErrTooSoon)
}

func TestCodeExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache, err := cachex.NewCodeLocalCache()
		require.NoError(t, err)
		p := &provider{}
		s := code.New(cache, p)
		require.NoError(t, s.Send(t.Context(), phone))
		require.Len(t, p.code, code.Length)
		first := p.code
		time.Sleep(time.Minute)
		require.NoError(t, s.Send(t.Context(), phone))
		if first != p.code {
			require.ErrorIs(t, s.Verify(t.Context(), phone, first), cachex.ErrMismatch)
		}
		time.Sleep(10 * time.Minute)
		require.ErrorIs(t, s.Verify(t.Context(), phone, p.code), cachex.ErrNotFound)
	})
}
