package kafkax

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
)

func written(t *testing.T, m prometheus.Metric) *dto.Metric {
	t.Helper()
	var out dto.Metric
	require.NoError(t, m.Write(&out))
	return &out
}

// entryOf returns the only series of a metric.
func entryOf(t *testing.T, r *registry, id metricID) *entry {
	t.Helper()
	entries := r.families[id].snapshot()
	require.Len(t, entries, 1)
	return entries[0]
}

func TestHistogramsCountAsThoseOfClientGolang(t *testing.T) {
	for _, opts := range [][]Option{nil, {WithNativeHistograms(1.1)}, {WithLatencyBuckets(1)}} {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		rng := rand.New(rand.NewPCG(seed, 0))
		r := newTestRegistry(t, opts...)
		ours := r.scope().histogram(writerDeliveryDuration, "w", "t")
		bounds := r.families[writerDeliveryDuration].bounds
		naive := prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "naive", Buckets: bounds,
			NativeHistogramBucketFactor: r.families[writerDeliveryDuration].native, NativeHistogramMaxBucketNumber: nativeMaxBuckets,
		})
		for range 1000 {
			v, n := math.Exp(rng.NormFloat64()*4-3), rng.Uint64N(4)
			if rng.IntN(10) == 0 {
				v = bounds[rng.IntN(len(bounds))] // a bound belongs to its own bucket
			}
			ours.observeN(v, n)
			for range n {
				naive.Observe(v)
			}
		}
		got, want := written(t, entryOf(t, r, writerDeliveryDuration)).Histogram, written(t, naive).Histogram
		require.Equal(t, want.GetSampleCount(), got.GetSampleCount())
		require.InEpsilon(t, want.GetSampleSum(), got.GetSampleSum(), 1e-9)
		require.Equal(t, bucketsOf(want), bucketsOf(got))
		require.Equal(t, want.PositiveDelta, got.PositiveDelta)
		require.Equal(t, want.Schema, got.Schema)
		require.NotNil(t, got.CreatedTimestamp)
	}
}

func bucketsOf(h *dto.Histogram) map[float64]uint64 {
	counts := make(map[float64]uint64)
	for _, b := range h.Bucket {
		counts[b.GetUpperBound()] = b.GetCumulativeCount()
	}
	return counts
}

func TestAScrapeAmidObservationsIsConsistent(t *testing.T) {
	const goroutines, each = 4, 5000
	r := newTestRegistry(t)
	h := r.scope().histogram(writerDeliveryDuration, "w", "t")
	var observers sync.WaitGroup
	for i := range goroutines {
		observers.Go(func() {
			for j := range each {
				h.observeN(float64((i+j)%90), 2)
			}
		})
	}
	finished := make(chan struct{})
	go func() {
		observers.Wait()
		close(finished)
	}()
	var last uint64
	for open := true; open; {
		select {
		case <-finished:
			open = false
		default:
		}
		got := written(t, entryOf(t, r, writerDeliveryDuration)).Histogram
		require.GreaterOrEqual(t, got.GetSampleCount(), last)
		require.GreaterOrEqual(t, got.GetSampleCount(), got.Bucket[len(got.Bucket)-1].GetCumulativeCount())
		require.True(t, slices.IsSortedFunc(got.Bucket, func(a, b *dto.Bucket) int {
			return int(int64(a.GetCumulativeCount()) - int64(b.GetCumulativeCount()))
		}))
		last = got.GetSampleCount()
	}
	require.EqualValues(t, goroutines*each*2, last)
}

func FuzzBucket(f *testing.F) {
	for _, v := range []float64{0, .001, .0011, 60, 61, -1, math.Inf(1), math.NaN()} {
		f.Add(v)
	}
	h := &histogram{bounds: defaultLatencyBuckets}
	f.Fuzz(func(t *testing.T, v float64) {
		if got, want := h.bucket(v), sort.SearchFloat64s(h.bounds, v); got != want {
			t.Errorf("bucket(%v) = %d, want %d", v, got, want)
		}
	})
}

func TestNothingObservedChangesNothing(t *testing.T) {
	r := newTestRegistry(t)
	r.scope().histogram(writerDeliveryDuration, "w", "t").observeN(math.Inf(1), 0)
	got := written(t, entryOf(t, r, writerDeliveryDuration)).Histogram
	require.Zero(t, got.GetSampleCount())
	require.Zero(t, got.GetSampleSum(), "infinity times zero is not a number")
}
