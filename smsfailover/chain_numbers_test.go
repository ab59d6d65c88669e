package smsfailover_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

func TestChainWithoutNumbers(t *testing.T) {
	p := &provider{}
	c := newChain(t, smsfailover.Provider{Name: "a", Service: p})
	require.ErrorIs(t, send(t.Context(), c), smsfailover.ErrInput)
	require.Empty(t, p.asked())
}

// What one provider has served isn't served again by the next.
func TestChainServesEachNumberOnce(t *testing.T) {
	half, rest := &provider{}, &provider{}
	half.set(func(_ context.Context, m sms) error {
		if m.to == phones(1) || m.to == phones(3) {
			return errDown
		}
		return nil
	})
	c := newChain(t,
		smsfailover.Provider{Name: "half", Service: half},
		smsfailover.Provider{Name: "rest", Service: rest})
	require.NoError(t, send(t.Context(), c, phones(0), phones(1), phones(2), phones(3)))
	served := make(map[string]int)
	for _, m := range append(half.taken(), rest.taken()...) {
		served[m.to]++
	}
	require.Equal(t, map[string]int{phones(0): 1, phones(1): 1, phones(2): 1, phones(3): 1}, served)
}

func TestChainSaysWhichNumbersFailed(t *testing.T) {
	by := map[string]error{
		phones(1): fmt.Errorf("no such number: %w", smsfailover.ErrPermanent),
		phones(2): smsfailover.ErrThrottled,
		phones(3): errDown,
	}
	p := &provider{}
	p.set(func(_ context.Context, m sms) error { return by[m.to] })
	c := newChain(t, smsfailover.Provider{Name: "a", Service: p})
	for _, tc := range []struct {
		numbers []int
		failed  []int
		class   smsfailover.Class
	}{
		{[]int{0, 1, 2, 3}, []int{1, 2, 3}, smsfailover.Transient},
		{[]int{1, 0, 2}, []int{0, 2}, smsfailover.Throttled},
		{[]int{0, 1, 4, 1}, []int{1, 3}, smsfailover.Permanent},
	} {
		var numbers []string
		for _, i := range tc.numbers {
			numbers = append(numbers, phones(i))
		}
		err := send(t.Context(), c, numbers...)
		some, ok := errors.AsType[*smsfailover.NumbersError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, tc.failed, some.Index)
		require.Len(t, some.Errs, len(tc.failed))
		require.Equal(t, len(numbers), some.Total)
		require.Equal(t, tc.class, smsfailover.Classify(err))
	}
}

func TestChainGivesUpOnAllNumbers(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := &provider{}
	p.set(func(_ context.Context, m sms) error {
		if m.to == phones(1) {
			cancel()
			return errDown
		}
		return nil
	})
	c := newChain(t, smsfailover.Provider{Name: "a", Service: p})
	err := send(ctx, c, phones(0), phones(1), phones(2))
	some, ok := errors.AsType[*smsfailover.NumbersError](err)
	require.True(t, ok)
	require.Equal(t, []int{1, 2}, some.Index)
	require.Equal(t, smsfailover.Canceled, smsfailover.Classify(err))
	require.Len(t, p.asked(), 2)
}

// Providers like to repeat what they were given.
func TestChainErrorsKeepSecrets(t *testing.T) {
	const code = "271828"
	for _, leaky := range []error{
		fmt.Errorf("bad number %s", phone),
		fmt.Errorf("bad number %s, code %s", phone[1:], code),
		&url.Error{Op: "Post", URL: "https://sms.example/?to=" + url.QueryEscape(phone) + "&code=" + code, Err: errDown},
		fmt.Errorf("%w: %s never", smsfailover.ErrPermanent, phone),
		fmt.Errorf("%w: %s too often", smsfailover.ErrThrottled, phone),
		&smsfailover.BusyError{After: 1, Err: fmt.Errorf("%s is busy", phone)},
		fmt.Errorf("%w: %s", context.DeadlineExceeded, phone),
		fmt.Errorf("%w: %s", context.Canceled, phone),
	} {
		c := newChain(t, smsfailover.Provider{Name: "a", Service: answers(leaky)})
		for _, numbers := range [][]string{{phone}, {phone, phone}} {
			err := send(t.Context(), c, numbers...)
			require.Error(t, err)
			require.NotContains(t, err.Error(), phone[5:])
			require.NotContains(t, err.Error(), code)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	p := &provider{}
	p.set(func(context.Context, sms) error { cancel(); return fmt.Errorf("cut off while sending to %s", phone) })
	err := send(ctx, newChain(t, smsfailover.Provider{Name: "a", Service: p}), phone)
	require.NotContains(t, err.Error(), phone[5:])
	require.ErrorContains(t, err, "cut off while sending to ***")
}
