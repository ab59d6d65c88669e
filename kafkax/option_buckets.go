package kafkax

import (
	"math"
	"slices"
)

// The defaults cover what brokers do on a good and on a bad day: an in-memory
// acknowledgement takes about a millisecond, and a consumer that is a minute
// behind needs no finer answer than "more".
var (
	defaultLatencyBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	defaultSizeBuckets    = []float64{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20}
	defaultBatchBuckets   = []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000}
)

// WithLatencyBuckets sets the upper bounds, in seconds, of every histogram of
// durations: 15 from 1 ms to 60 s by default. Bounds are finite, above zero and
// rising; there is always one more bucket for what is above the last. The slice
// is copied.
func WithLatencyBuckets(seconds ...float64) Option {
	return func(c *config) { c.setBuckets(&c.latencyBuckets, "WithLatencyBuckets", seconds) }
}

// WithSizeBuckets sets the upper bounds, in bytes, of every histogram of sizes:
// 10 from 64 B to 16 MiB by default. The rules are those of
// [WithLatencyBuckets].
func WithSizeBuckets(bytes ...float64) Option {
	return func(c *config) { c.setBuckets(&c.sizeBuckets, "WithSizeBuckets", bytes) }
}

// WithBatchBuckets sets the upper bounds, in messages, of every histogram of
// batches: 13 from 1 to 10 000 by default. The rules are those of
// [WithLatencyBuckets].
func WithBatchBuckets(messages ...float64) Option {
	return func(c *config) { c.setBuckets(&c.batchBuckets, "WithBatchBuckets", messages) }
}

// WithNativeHistograms adds native histograms, whose buckets grow by factor, to
// the classic ones: 1.1 is a good choice, and factors are above 1 and at most
// 16. They are off by default, since a server that takes them drops the classic
// buckets unless it is told to keep both, and since they cost more: a native
// histogram is client_golang's, with one step for each message of a batch.
func WithNativeHistograms(factor float64) Option {
	return func(c *config) {
		if !(factor > 1 && factor <= 16) { // a NaN is refused too
			c.fail("WithNativeHistograms(%v): want more than 1 and at most 16", factor)
			return
		}
		c.nativeFactor = factor
	}
}

func (c *config) setBuckets(to *[]float64, option string, bounds []float64) {
	if !validBounds(bounds) {
		c.fail("%s(%v): want one or more finite bounds above zero, each above the one before", option, bounds)
		return
	}
	*to = slices.Clone(bounds)
}

func validBounds(bounds []float64) bool {
	last := 0.0
	for _, b := range bounds {
		if !(b > last) || math.IsInf(b, 0) {
			return false
		}
		last = b
	}
	return len(bounds) > 0
}
