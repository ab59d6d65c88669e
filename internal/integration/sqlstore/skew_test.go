package sqlstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/storetest"
)

// Trap smsfailover/21: the server's clock, which is what counts, is five minutes
// ahead of the pods', or behind. No lease ends early, nothing is due early or
// late, and the times that come back can be compared with time.Now. To the server
// it is the pods' clocks that are off.
func TestClocksApart(t *testing.T) {
	for _, e := range sqldb.Engines()[1:] { // SQLite has the clock of the pod
		for _, ahead := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
			t.Run(string(e)+"/ahead="+ahead.String(), func(t *testing.T) {
				t.Parallel() // they wait most of the time
				server := sqldb.StartSpec(t, e, realserver.Skewed(t, e.Spec(t), ahead))
				storetest.RunTimes(t, func(t *testing.T) storetest.Harness {
					h := harness(t, server.Fresh(t))
					h.Grain = 40 * time.Millisecond // the skew is known to within a call
					return h
				}, caps)
				t.Run("Dead", func(t *testing.T) { deadLettersByTime(t, server.Fresh(t)) })
			})
		}
	}
}

// A letter's own Due as Before leaves it out, and those that were buried earlier
// in: to the microsecond where the clocks agree, here within the time of a call.
func deadLettersByTime(t *testing.T, d *sqldb.DB) {
	s, _ := open(t, d)
	_, err := s.Enqueue(t.Context(), job(1))
	require.NoError(t, err)
	got, err := s.Claim(t.Context(), "worker", 1, time.Minute)
	require.NoError(t, err)
	before := time.Now()
	require.NoError(t, s.Bury(t.Context(), got[0].Ref(), "404"))
	letters, err := s.Dead(t.Context(), smsfailover.Filter{})
	require.NoError(t, err)
	require.Len(t, letters, 1)
	took := time.Since(before)
	require.WithinDuration(t, before, letters[0].Due, 2*took)
	for after, want := range map[time.Duration]int{-2 * took: 0, 2 * took: 1} {
		for quick, until := false, time.Now().Add(time.Minute); !quick; { // it measures the clocks anew, to within its time
			require.True(t, time.Now().Before(until), "no call as quick as the first ones")
			start := time.Now()
			letters, err := s.Dead(t.Context(), smsfailover.Filter{Before: before.Add(took + after)})
			require.NoError(t, err)
			if quick = time.Since(start) <= took; quick {
				require.Len(t, letters, want)
			}
		}
	}
}
