package smsfailover_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

func TestBusyErrorIsThrottledWhateverItHolds(t *testing.T) {
	for _, tc := range []struct {
		err  *smsfailover.BusyError
		text string
	}{
		{&smsfailover.BusyError{After: 90 * time.Second}, "smsfailover: busy for 1m30s"},
		{&smsfailover.BusyError{After: math.MaxInt64}, "smsfailover: busy for ever"},
		{&smsfailover.BusyError{After: 1234567890}, "smsfailover: busy for 1.235s"},
		{&smsfailover.BusyError{After: 1234567}, "smsfailover: busy for 1.234567ms"},
		{
			&smsfailover.BusyError{After: time.Second, Err: smsfailover.ErrPermanent},
			"smsfailover: busy for 1s: the provider will never take this message",
		},
	} {
		require.EqualError(t, tc.err, tc.text)
		require.Equal(t, smsfailover.Throttled, smsfailover.Classify(tc.err))
	}
}

func TestRefusalsInWords(t *testing.T) {
	for _, tc := range []struct {
		r    smsfailover.Refusal
		text string
	}{
		{smsfailover.Refusal{Provider: "a", Class: smsfailover.Transient}, "a: transient"},
		{smsfailover.Refusal{Provider: "a", Class: smsfailover.Transient, Unknown: true}, "a: result unknown"},
		{smsfailover.Refusal{Provider: "a", Reason: smsfailover.ReasonLimited, After: time.Second}, "a: limited for 1s"},
		{smsfailover.Refusal{Provider: "a", Reason: smsfailover.ReasonLimiter, After: time.Second}, "a: limiter failed"},
		{smsfailover.Refusal{Provider: "a", Reason: smsfailover.ReasonOpen, After: time.Minute}, "a: cut off by its monitor for 1m0s"},
		// An error that nobody masked isn't shown.
		{smsfailover.Refusal{Provider: "a", Class: smsfailover.Permanent, Err: errors.New(phone)}, "a: permanent"},
	} {
		require.Equal(t, tc.text, tc.r.String())
	}
	require.Equal(t, "refused", smsfailover.ReasonProvider.String())
	require.Equal(t, "Reason(9)", smsfailover.Reason(9).String())
}

func TestEmptyNumbersErrorWrapsNothing(t *testing.T) {
	require.NoError(t, errors.Unwrap(&smsfailover.NumbersError{}))
}
