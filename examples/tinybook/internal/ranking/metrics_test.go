package ranking_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/internal/redistest"
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

// The figures of a node tell how old what it shows is, whether it is too old, and
// how many follow it.
func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreamed(t)
		require.NoError(t, s.metrics.Register(ranking.NewCollector(s.handler)))
		problems, err := testutil.GatherAndLint(s.metrics)
		require.NoError(t, err)
		require.Empty(t, problems)
		value := func(name string) float64 {
			t.Helper()
			v, _ := s.metric(t, "tinybook_ranking_"+name)
			return v
		}
		require.Less(t, value("age_seconds"), 2.0)
		require.Zero(t, value("stale"))
		require.Zero(t, value("streams"))
		got := events(t, s.open(t, "").Body)
		<-got
		require.Equal(t, 1.0, value("streams"))

		s.db.fail(io.ErrUnexpectedEOF)
		time.Sleep(time.Minute)
		age := value("age_seconds")
		require.Greater(t, age, 58.0)
		require.Less(t, age, 62.0)
		require.Equal(t, 1.0, value("stale"))
		s.handler.EndStreams()
		for range got {
		}
		synctest.Wait()
		require.Zero(t, value("streams"))
	})
}

// What isn't known yet has no age, and isn't current.
func TestMetricsOfWhatIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := ranking.NewHandler(newNode(t, redistest.New(t), &shelf{}))
		want := `
# HELP tinybook_ranking_stale Whether the ranking of this node may be old, or isn't known: 1, else 0.
# TYPE tinybook_ranking_stale gauge
tinybook_ranking_stale 1
`
		require.NoError(t, testutil.CollectAndCompare(ranking.NewCollector(h), strings.NewReader(want),
			"tinybook_ranking_age_seconds", "tinybook_ranking_stale"))
	})
}
