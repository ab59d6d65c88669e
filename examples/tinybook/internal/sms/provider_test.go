package sms_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/smsfailover"
)

func TestProviderSuffersFromItsFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, err := sms.NewOutbox(1000)
		require.NoError(t, err)
		p := sms.NewProvider("north", o)
		send := func() error { return p.Send(t.Context(), sms.LoginTemplate, []string{"123456"}, "+8613800138000") }

		require.NoError(t, send())
		require.Equal(t, "north", o.Messages()[0].Provider)

		p.Break(sms.Fault{Down: true})
		require.ErrorContains(t, send(), "north")
		require.NotErrorIs(t, send(), smsfailover.ErrThrottled)
		p.Break(sms.Fault{Throttled: true})
		require.ErrorIs(t, send(), smsfailover.ErrThrottled)
		p.Break(sms.Fault{Refuses: true})
		require.ErrorIs(t, send(), smsfailover.ErrPermanent)
		require.Len(t, o.Messages(), 1)

		p.Break(sms.Fault{DelayMS: 5000})
		start := time.Now()
		require.NoError(t, send())
		require.Equal(t, 5*time.Second, time.Since(start))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = p.Send(ctx, sms.LoginTemplate, []string{"1"}, "+86")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, o.Messages(), 2)

		p.Break(sms.Fault{Percent: 50})
		failed := 0
		for range 400 {
			if send() != nil {
				failed++
			}
		}
		require.InDelta(t, 200, failed, 100) // ten standard deviations
		require.Len(t, o.Messages(), 2+400-failed)

		p.Break(sms.Fault{})
		require.NoError(t, send())
	})
}

// A provider that hangs leaves time for another: its own time ends before that
// of the message.
func TestHurriedProviderEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, err := sms.NewOutbox(10)
		require.NoError(t, err)
		p := sms.NewProvider("north", o)
		hurried := sms.Hurried{Service: p, Timeout: time.Second}
		send := func() error {
			return hurried.Send(t.Context(), sms.LoginTemplate, []string{"123456"}, "+8613800138000")
		}
		require.NoError(t, send())
		p.Break(sms.Fault{DelayMS: 5000})
		start := time.Now()
		require.ErrorIs(t, send(), context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))
		require.Len(t, o.Messages(), 1)
	})
}

func TestFaultIsChecked(t *testing.T) {
	require.NoError(t, sms.Fault{Percent: 100, DelayMS: 60_000}.Validate())
	err := sms.Fault{Percent: 101, DelayMS: -1}.Validate()
	require.ErrorContains(t, err, "failPercent 101")
	require.ErrorContains(t, err, "delayMs -1")
	for _, tooLong := range []int{60_001, math.MaxInt} { // the last would overflow a duration
		require.ErrorContains(t, sms.Fault{DelayMS: tooLong}.Validate(), "delayMs")
	}
}

func TestSealer(t *testing.T) {
	older, newer := make([]byte, 32), make([]byte, 32)
	newer[0] = 1
	first, err := sms.NewSealer(older)
	require.NoError(t, err)
	both, err := sms.NewSealer(newer, older)
	require.NoError(t, err)
	sealed, err := first.Seal([]byte("123456"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "123456")
	plain, err := both.Open(sealed)
	require.NoError(t, err)
	require.Equal(t, "123456", string(plain))
	sealed, err = both.Seal([]byte("654321"))
	require.NoError(t, err)
	_, err = first.Open(sealed)
	require.ErrorIs(t, err, sms.ErrSealed)
	sealed[len(sealed)-1]++
	_, err = both.Open(sealed)
	require.ErrorIs(t, err, sms.ErrSealed)
	_, err = both.Open(nil)
	require.ErrorIs(t, err, sms.ErrSealed)
	_, err = sms.NewSealer()
	require.Error(t, err)
	_, err = sms.NewSealer([]byte("short"))
	require.Error(t, err)
}
