package ranking_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// metric returns what the only series of a metric has: the sum of a histogram, or
// the value of a gauge.
func (s *streamed) metric(t *testing.T, name string) (value float64, count uint64) {
	t.Helper()
	families, err := s.metrics.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == name {
			require.Len(t, f.GetMetric(), 1, name)
			m := f.GetMetric()[0]
			return m.GetHistogram().GetSampleSum() + m.GetGauge().GetValue(), m.GetHistogram().GetSampleCount()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0, 0
}

// How long somebody looks at the ranking is no time that a request takes: it is
// answered with the first byte of its stream.
func TestStreamsAreNoLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreamed(t)
		got := events(t, s.open(t, "").Body)
		<-got
		for range 2 {
			took, answered := s.metric(t, "tinybook_http_request_duration_seconds")
			require.Equal(t, uint64(1), answered)
			require.Less(t, took, 1.0)
			inFlight, _ := s.metric(t, "tinybook_http_requests_in_flight")
			require.Zero(t, inFlight)
			time.Sleep(time.Hour)
			s.handler.EndStreams()
			for range got {
			}
			synctest.Wait()
		}
	})
}
