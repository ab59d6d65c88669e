package smsfailover_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// badOptions are wrong in a way each, with what the error must say.
func badOptions() map[string]smsfailover.Option {
	return map[string]smsfailover.Option{
		"WithLimiter(<nil>, func(smsfailover.Message) string)": smsfailover.WithLimiter(nil, oneKey),
		"WithLimiter(*smsfailover_test.perMinute, func":        smsfailover.WithLimiter((*perMinute)(nil), nil),
		"WithMonitor(nil)":                                  smsfailover.WithMonitor(nil),
		"WithMonitor(the zero ErrorRateMonitor)":            smsfailover.WithMonitor(&smsfailover.ErrorRateMonitor{}),
		"WithClassifier(nil)":                               smsfailover.WithClassifier(nil),
		"WithBackoff(<nil>)":                                smsfailover.WithBackoff(nil),
		"1s is less than base 1m0s":                         smsfailover.WithBackoff(smsfailover.FullJitter(time.Minute, time.Second)),
		"WithMaxAttempts(0): want 1 to":                     smsfailover.WithMaxAttempts(0),
		"WithMaxClaims(-1): want 1 to":                      smsfailover.WithMaxClaims(-1),
		"WithWorkers: n(0): want 1 to 1024":                 smsfailover.WithWorkers(0, 1, time.Second),
		"WithWorkers: batch(5000): want 1 to 4096":          smsfailover.WithWorkers(1, 5000, time.Second),
		"WithWorkers: lease(0s): want 1ms to 24h0m0s":       smsfailover.WithWorkers(1, 1, 0),
		"WithPoll(25h0m0s): want 1ms to 24h0m0s":            smsfailover.WithPoll(25 * time.Hour),
		"WithSendTimeout(0s): want 1ms":                     smsfailover.WithSendTimeout(0),
		"WithQueue: maxDepth(-1)":                           smsfailover.WithQueue(-1, 0, smsfailover.Reject),
		"WithQueue: maxAge(-1ns)":                           smsfailover.WithQueue(0, -1, smsfailover.Reject),
		"WithQueue: Overflow(7): want Reject or DropOldest": smsfailover.WithQueue(1, 0, 7),
		"WithSealer(<nil>)":                                 smsfailover.WithSealer(nil),
		"WithLogger(nil)":                                   smsfailover.WithLogger(nil),
		"option 0 is nil":                                   nil,
	}
}

func TestBadOptions(t *testing.T) {
	var all []smsfailover.Option
	p, s := &provider{}, smsfailover.NewMemStore()
	for want, opt := range badOptions() {
		_, err := smsfailover.New(p, s, opt)
		require.ErrorContains(t, err, want)
		require.ErrorIs(t, err, smsfailover.ErrInput)
		if opt != nil {
			all = append(all, opt)
		}
	}
	_, err := smsfailover.New(nil, (*smsfailover.MemStore)(nil), all...)
	for want, opt := range badOptions() {
		if opt != nil {
			require.ErrorContains(t, err, want, "all faults in one error")
		}
	}
	require.ErrorContains(t, err, "the provider is nil (<nil>)")
	require.ErrorContains(t, err, "the store is nil (*smsfailover.MemStore)")
}

// A send must not outlast the lease it is made under.
func TestSendTimeoutAndLease(t *testing.T) {
	p, s := &provider{}, smsfailover.NewMemStore()
	_, err := smsfailover.New(p, s, smsfailover.WithSendTimeout(30*time.Second))
	require.ErrorContains(t, err, "WithSendTimeout(30s): want less than the lease, 30s")
	_, err = smsfailover.New(p, s, smsfailover.WithSendTimeout(30*time.Second), smsfailover.WithWorkers(1, 1, time.Minute))
	require.NoError(t, err)
	_, err = smsfailover.New(p, s, smsfailover.WithWorkers(1, 1, time.Second))
	require.NoError(t, err, "the default is shorter for a short lease")
}

func TestStrings(t *testing.T) {
	for want, v := range map[string]fmt.Stringer{
		"reject":      smsfailover.Reject,
		"drop oldest": smsfailover.DropOldest,
		"Overflow(9)": smsfailover.Overflow(9),
		"delivered":   smsfailover.Delivered,
		"queued":      smsfailover.Queued,
		"duplicate":   smsfailover.Duplicate,
		"superseded":  smsfailover.Superseded,
		"rejected":    smsfailover.Rejected,
		"Outcome(9)":  smsfailover.Outcome(9),
		"success":     smsfailover.Success,
		"transient":   smsfailover.Transient,
		"throttled":   smsfailover.Throttled,
		"permanent":   smsfailover.Permanent,
		"canceled":    smsfailover.Canceled,
		"Class(9)":    smsfailover.Class(9),
	} {
		require.Equal(t, want, v.String())
	}
}
