package smsfailover_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// After which errors may the SMS be on its way?
func TestUnknownResults(t *testing.T) {
	opErr := func(op string, err error) error { return &net.OpError{Op: op, Net: "tcp", Err: err} }
	for _, tc := range []struct {
		name string
		err  error
		want bool
	}{
		{"time was up", fmt.Errorf("send: %w", context.DeadlineExceeded), true},
		{"time was up, in HTTP", &url.Error{Op: "Post", URL: "https://sms.example", Err: context.DeadlineExceeded}, true},
		{"the read timed out", opErr("read", syscall.ETIMEDOUT), true},
		{"the connection was reset", opErr("read", syscall.ECONNRESET), true},
		{"the pipe broke", opErr("write", syscall.EPIPE), true},
		{"no answer came", &url.Error{Op: "Post", URL: "https://sms.example", Err: io.EOF}, true},
		{"half an answer came", io.ErrUnexpectedEOF, true},
		{"another chain doesn't know", &smsfailover.ChainError{Refusals: []smsfailover.Refusal{{Unknown: true}}}, true},
		{"another chain knows", &smsfailover.ChainError{Refusals: []smsfailover.Refusal{{Err: errDown}}}, false},
		{"nobody was there", opErr("dial", syscall.ECONNREFUSED), false},
		{"nobody picked up", opErr("dial", context.DeadlineExceeded), false},
		{"the provider answered", errors.New("500 internal error"), false},
		{"it wants less", fmt.Errorf("%w: %w", smsfailover.ErrThrottled, context.DeadlineExceeded), false},
		{"it never will", fmt.Errorf("%w: %w", smsfailover.ErrPermanent, io.EOF), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			second := answers(smsfailover.ErrThrottled)
			c := newChain(t,
				smsfailover.Provider{Name: "first", Service: answers(tc.err)},
				smsfailover.Provider{Name: "second", Service: second})
			err := send(t.Context(), c, phone)
			require.Error(t, err)
			got := c.Snapshot()[0].Unknown == 1
			require.Equal(t, tc.want, got)
			if tc.want {
				require.Empty(t, second.asked())
				e, ok := errors.AsType[*smsfailover.ChainError](err)
				require.True(t, ok)
				require.True(t, e.Timeout())
				require.True(t, e.Refusals[0].Unknown)
			}
		})
	}
}

// twoProviders returns a chain whose first provider times out.
func twoProviders(t *testing.T, prefer bool) (c *smsfailover.Chain, first, second *provider) {
	t.Helper()
	first, second = answers(context.DeadlineExceeded), &provider{}
	return newChain(t,
		smsfailover.Provider{Name: "first", Service: first, PreferAvailability: prefer},
		smsfailover.Provider{Name: "second", Service: second, Cost: 1}), first, second
}

func TestRetryOfAnUnknownResultStaysWithItsProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, first, second := twoProviders(t, false)
		require.Error(t, send(t.Context(), c, phone))
		for _, err := range []error{errDown, smsfailover.ErrThrottled, context.DeadlineExceeded} {
			first.fail(err)
			time.Sleep(smsfailover.StickyFor / 4)
			require.Error(t, send(t.Context(), c, phone), "the retry must wait for the first provider")
		}
		require.Empty(t, second.asked())
		require.Len(t, first.asked(), 4)

		first.fail(errDown)
		require.NoError(t, c.Send(t.Context(), tpl, []string{"another code"}, phone), "another message may go elsewhere")
		require.NoError(t, send(t.Context(), c, phones(7)), "so may another number")

		time.Sleep(smsfailover.StickyFor / 4)
		require.NoError(t, send(t.Context(), c, phone), "a second SMS is better than none")
		require.Len(t, second.taken(), 3)
	})
}

// A provider that hangs keeps a message for StickyFor, not for good: by then the
// others come first for it, and for no other message.
func TestMessageLeavesAProviderThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, first, second := twoProviders(t, false)
		require.Error(t, send(t.Context(), c, phone))
		time.Sleep(smsfailover.StickyFor)
		require.NoError(t, send(t.Context(), c, phone))
		require.Len(t, first.asked(), 1)
		require.Len(t, second.taken(), 1)
		require.Error(t, send(t.Context(), c, phones(7)), "another message begins with the first")
	})
}

// Where all providers hang, a message goes round: each has it alone for its time.
func TestMessageGoesRoundProvidersThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, first, second := twoProviders(t, false)
		second.fail(context.DeadlineExceeded)
		for range 4 {
			require.Error(t, send(t.Context(), c, phone))
			time.Sleep(smsfailover.StickyFor / 2)
			require.Error(t, send(t.Context(), c, phone))
			time.Sleep(smsfailover.StickyFor / 2)
		}
		require.Len(t, first.asked(), 4)
		require.Len(t, second.asked(), 4)
	})
}

func TestUnknownResultIsForgottenOnceKnown(t *testing.T) {
	for name, err := range map[string]error{"taken": nil, "permanent": smsfailover.ErrPermanent} {
		inBubble(t, name, func(t *testing.T) {
			c, first, second := twoProviders(t, false)
			require.Error(t, send(t.Context(), c, phone))
			first.fail(err)
			require.Equal(t, smsfailover.Classify(err), smsfailover.Classify(send(t.Context(), c, phone)))
			first.fail(errDown)
			require.NoError(t, send(t.Context(), c, phone))
			require.Len(t, second.taken(), 1)
		})
	}
}

func TestUnknownResultAfterTheCallerGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, first, second := twoProviders(t, false)
		first.set(takes(time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		require.ErrorIs(t, send(ctx, c, phone), context.Canceled)
		first.fail(errDown)
		require.Error(t, send(t.Context(), c, phone))
		require.Empty(t, second.asked())
	})
}

// A held message isn't tried while its provider is cut off, and that is no failed
// attempt.
func TestHeldMessageWaitsForItsProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMonitor(t)
		first, second := answers(context.DeadlineExceeded), &provider{}
		c := newChain(t,
			smsfailover.Provider{Name: "first", Service: first, Monitor: m},
			smsfailover.Provider{Name: "second", Service: second})
		require.Error(t, send(t.Context(), c, phone))
		record(m, 0, 10)
		busy, ok := errors.AsType[*smsfailover.BusyError](send(t.Context(), c, phone))
		require.True(t, ok)
		require.Equal(t, 5*time.Second, busy.After)
		require.Empty(t, second.asked())
	})
}

func TestAvailabilityIsPreferredToOneSMS(t *testing.T) {
	c, first, second := twoProviders(t, true)
	require.NoError(t, send(t.Context(), c, phone))
	require.Len(t, first.asked(), 1)
	require.Len(t, second.taken(), 1)
	require.Equal(t, uint64(1), c.Snapshot()[0].Unknown)
}
