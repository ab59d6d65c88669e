package kafkax

import (
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

func TestHotPathsAllocateNothing(t *testing.T) {
	s := newTestRegistry(t).scope()
	h := s.histogram(writerDeliveryDuration, "w", "t")
	for name, use := range map[string]func(){
		"observe": func() { h.observeN(.02, 100) },
		"find":    func() { s.counter(writerMessages, "w", "t", resultDelivered).inc() },
		"folded":  func() { s.gauge(writerLastSuccess, "w", "t").set(1) },
	} {
		require.Zero(t, testing.AllocsPerRun(100, use), name)
	}
}

func TestAScrapeAllocatesLittle(t *testing.T) {
	reg := prometheus.NewRegistry()
	require.NoError(t, reg.Register(ourGauges()))
	gather := func() {
		if _, err := reg.Gather(); err != nil {
			t.Error(err)
		}
	}
	gather() // sorts
	if perSeries := testing.AllocsPerRun(3, gather) / benchSeries; perSeries > 4 {
		t.Errorf("a scrape allocates %.2f times a series, want 4 at most", perSeries)
	}
}

// A client that goes must not pay for those that stay.
func TestClosingAScopeLeavesOthersAlone(t *testing.T) {
	r := newTestRegistry(t)
	s := r.scope()
	for i := range 2000 {
		s.gauge(readerPosition, "r", "g", "t", strconv.Itoa(i))
	}
	require.Less(t, testing.AllocsPerRun(10, func() {
		other := r.scope()
		other.gauge(readerPosition, "other", "g", "t", "0")
		other.counter(readerWait, "other", "g")
		other.close()
	}), 100.0)
	require.Len(t, r.families[readerPosition].snapshot(), 2000)
	require.Empty(t, r.families[readerWait].snapshot())
}
