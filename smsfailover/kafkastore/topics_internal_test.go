package kafkastore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

func newStore(t *testing.T, index smsfailover.Store, opts ...Option) *Store {
	t.Helper()
	s, err := New(DefaultConfig("localhost:1"), index, opts...)
	require.NoError(t, err)
	return s
}

func TestTopicFor(t *testing.T) {
	s := newStore(t, nil)
	for _, tc := range []struct {
		priority int
		delay    time.Duration
		want     string
	}{
		{0, 0, "sms.ready"},
		{-5, 0, "sms.ready.low"},
		{9, -time.Hour, "sms.ready.high"},
		{0, 5*time.Second - 1, "sms.ready"},
		{0, 5 * time.Second, "sms.5s"},
		{1, 29 * time.Second, "sms.5s"},
		{0, 30 * time.Second, "sms.30s"},
		{0, 3 * time.Minute, "sms.2m"},
		{0, 10 * time.Minute, "sms.10m"},
		{-1, 24 * time.Hour, "sms.10m"},
	} {
		require.Equal(t, tc.want, s.topicFor(tc.priority, tc.delay), "priority %d, due in %v", tc.priority, tc.delay)
	}
}

func TestTopicsOfEachKind(t *testing.T) {
	require.Equal(t, []string{
		"sms.ready.low", "sms.ready", "sms.ready.high", "sms.1.5s", "sms.1m30s", "sms.2h", "sms.dead",
	}, newStore(t, nil, WithTiers(1500*time.Millisecond, 90*time.Second, 2*time.Hour)).names.all())
	require.Equal(t, []string{
		"sms.ready.low", "sms.ready", "sms.ready.high", "sms.changed",
	}, newStore(t, smsfailover.NewMemStore()).names.all())
}

// However long a delay is, the hops lead to its end, and never past it.
func TestHopsLeadToTheEnd(t *testing.T) {
	s := newStore(t, nil)
	for _, delay := range []time.Duration{time.Second, 5 * time.Second, 47 * time.Second, 10 * time.Minute, 3*time.Hour + 17*time.Second} {
		hops := 0
		for left := delay; ; hops++ {
			topic := s.topicFor(0, left)
			stay := s.delayOf(topic)
			require.LessOrEqual(t, stay, left)
			if left-stay < s.opts.tiers[0] {
				break // it waits where it is
			}
			left -= stay
		}
		require.LessOrEqual(t, hops, 4+4+5+2+int(delay/(10*time.Minute)), "%v", delay)
	}
}
