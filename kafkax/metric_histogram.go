package kafkax

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// A histogram counts values in buckets: its own classic ones, or client_golang's
// where native ones are wanted too.
type histogram struct {
	bounds []float64
	counts []atomic.Uint64 // one more than bounds; not cumulative
	sum    atomic.Uint64   // the bits of a float64
	native prometheus.Histogram
}

const (
	nativeMaxBuckets = 160       // as OpenTelemetry has it: a relative error of 5 % over six decades
	nativeMinReset   = time.Hour // what has more buckets starts over, at most this often
)

func newHistogram(f *family) *histogram {
	if f.native != 0 {
		return &histogram{native: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                            "series", // never shown: the entry has the name
			Buckets:                         f.bounds,
			NativeHistogramBucketFactor:     f.native,
			NativeHistogramMaxBucketNumber:  nativeMaxBuckets,
			NativeHistogramMinResetDuration: nativeMinReset,
		})}
	}
	return &histogram{bounds: f.bounds, counts: make([]atomic.Uint64, len(f.bounds)+1)}
}

func (h *histogram) observe(v float64)               { h.observeN(v, 1) }
func (h *histogram) observeDuration(d time.Duration) { h.observeN(d.Seconds(), 1) }

// observeN counts v n times, as messages of one batch have it. It takes no lock.
func (h *histogram) observeN(v float64, n uint64) {
	if h.native != nil {
		for range n {
			h.native.Observe(v)
		}
		return
	}
	if n == 0 {
		return
	}
	h.counts[h.bucket(v)].Add(n)
	h.addSum(v * float64(n))
}

// bucket returns the place of the first bound that is not below v. There are so
// few bounds that going through them beats halving.
func (h *histogram) bucket(v float64) int {
	for i, bound := range h.bounds {
		if v <= bound {
			return i
		}
	}
	return len(h.bounds)
}

func (h *histogram) addSum(v float64) {
	for {
		old := h.sum.Load()
		if h.sum.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

func (h *histogram) write(m *dto.Metric, e *entry) error {
	if h.native != nil {
		err := h.native.Write(m)
		m.Label = e.labels
		return err
	}
	out := &struct {
		histogram dto.Histogram
		count     uint64
		sum       float64
	}{sum: math.Float64frombits(h.sum.Load())}
	out.histogram.Bucket = h.cumulative(&out.count)
	out.histogram.SampleCount = &out.count
	out.histogram.SampleSum = &out.sum
	out.histogram.CreatedTimestamp = e.created.GetCreatedTimestamp()
	m.Histogram = &out.histogram
	return nil
}

// cumulative returns the buckets but the last, and all they count together, in
// *total: the count is the buckets' own, so that the two never disagree.
func (h *histogram) cumulative(total *uint64) []*dto.Bucket {
	type bucket struct {
		dto   dto.Bucket
		count uint64
	}
	buckets := make([]bucket, len(h.bounds))
	out := make([]*dto.Bucket, len(h.bounds))
	for i := range buckets {
		b := &buckets[i]
		*total += h.counts[i].Load()
		b.count = *total
		b.dto.CumulativeCount, b.dto.UpperBound = &b.count, &h.bounds[i]
		out[i] = &b.dto
	}
	*total += h.counts[len(h.bounds)].Load()
	return out
}
