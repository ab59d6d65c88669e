package sms_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/smsfailover"
)

func TestOutboxKeepsTheNewest(t *testing.T) {
	o, err := sms.NewOutbox(3)
	require.NoError(t, err)
	p := sms.NewProvider("only", o)
	require.Empty(t, o.Messages())
	for i := range 5 {
		require.NoError(t, p.Send(t.Context(), sms.LoginTemplate, []string{fmt.Sprint(i)}, "+8613800138000"))
		all := o.Messages()
		require.Len(t, all, min(i+1, 3))
		for j, m := range all {
			require.Equal(t, fmt.Sprint(i-j), m.Code)
		}
	}
	require.NoError(t, p.Send(t.Context(), sms.LoginTemplate, []string{"x"}, "1", "2"))
	all := o.Messages()
	require.Equal(t, []string{"2", "1"}, []string{all[0].To, all[1].To})
	require.Contains(t, all[0].Body, "x")
	require.False(t, all[0].At.IsZero())
}

func TestOutboxRefuses(t *testing.T) {
	_, err := sms.NewOutbox(0)
	require.ErrorContains(t, err, "limit 0")
	o, err := sms.NewOutbox(1)
	require.NoError(t, err)
	p := sms.NewProvider("only", o)
	require.ErrorIs(t, p.Send(t.Context(), "unknown", []string{"1"}, "+86"), smsfailover.ErrPermanent)
	require.ErrorIs(t, p.Send(t.Context(), sms.LoginTemplate, nil, "+86"), smsfailover.ErrPermanent)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, p.Send(ctx, sms.LoginTemplate, []string{"1"}, "+86"), context.Canceled)
	require.Empty(t, o.Messages())
}
