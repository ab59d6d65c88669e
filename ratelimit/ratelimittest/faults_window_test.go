package ratelimittest_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

func windowFaults() []fault {
	return []fault{
		{name: "another algorithm", caught: "sliding_log/WorstWindowAtTheBoundary", says: "certainly within", open: as(ratelimit.FixedWindow)},
		{name: "a token bucket", caught: "sliding_log/WorstWindow", says: "certainly within", open: as(ratelimit.GCRA)},
		{name: "a counter", caught: "sliding_log/WorstWindowAtTheBoundary", says: "certainly within", open: as(ratelimit.SlidingCounter)},
		{name: "one hit per millisecond", caught: "sliding_log/WorstWindow", says: "certainly within", open: naive(oneHitPerMillisecond)},
		{name: "ends with the first hit", caught: "sliding_log/WorstWindowOverTheEdge", says: "certainly within", open: naive(endsWithTheFirst)},
		{name: "whole milliseconds", caught: "sliding_log/RetryAfterIsTrue", open: naive(wholeMilliseconds)},
		{name: "a process of its own", caught: "sliding_log/WorstWindowOfTwoProcesses", says: "certainly within", open: func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
			return ratelimittest.Harness{Limiter: local(t, a, limits), Second: local(t, a, limits)}
		}},
	}
}

// as opens limiters of one algorithm for all.
func as(a ratelimit.Algorithm) opener {
	return func(t *testing.T, _ ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
		return ratelimittest.Harness{Limiter: local(t, a, limits)}
	}
}

// naive opens a log of hits that is written as one does at first.
func naive(admit func(log []time.Time, now time.Time, l ratelimit.Limit) ([]time.Time, time.Duration)) opener {
	return func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
		var (
			mu   sync.Mutex
			logs = make(map[string][]time.Time)
		)
		f := &faulty{Limiter: local(t, a, limits)}
		f.allowN = func(_ context.Context, key string, n int) (ratelimit.Result, error) {
			mu.Lock()
			defer mu.Unlock()
			log, wait := logs[key], time.Duration(0)
			for range n {
				if log, wait = admit(log, time.Now(), limits[0]); wait > 0 {
					return ratelimit.Result{RetryAfter: wait, Limit: limits[0]}, nil
				}
			}
			logs[key] = log
			return ratelimit.Result{Allowed: n, Limit: limits[0]}, nil
		}
		f.atMost = f.allowN
		return ratelimittest.Harness{Limiter: f, NoAllowAll: true}
	}
}

// within returns the hits of log that still count.
func within(log []time.Time, now time.Time, per time.Duration) []time.Time {
	for len(log) > 0 && now.Sub(log[0]) >= per {
		log = log[1:]
	}
	return log
}

// oneHitPerMillisecond keeps a set of times in milliseconds: two hits in one
// are one.
func oneHitPerMillisecond(log []time.Time, now time.Time, l ratelimit.Limit) ([]time.Time, time.Duration) {
	log, now = within(log, now, l.Per), now.Truncate(time.Millisecond)
	if len(log) >= l.N {
		return log, l.Per
	}
	if len(log) > 0 && log[len(log)-1].Equal(now) {
		return log, 0
	}
	return append(slices.Clip(log), now), 0
}

// endsWithTheFirst drops the whole log one window after its first hit.
func endsWithTheFirst(log []time.Time, now time.Time, l ratelimit.Limit) ([]time.Time, time.Duration) {
	if len(log) > 0 && now.Sub(log[0]) >= l.Per {
		log = nil
	}
	if len(log) >= l.N {
		return log, l.Per
	}
	return append(slices.Clip(log), now), 0
}

// wholeMilliseconds rounds times down.
func wholeMilliseconds(log []time.Time, now time.Time, l ratelimit.Limit) ([]time.Time, time.Duration) {
	log = within(log, now, l.Per)
	if len(log) >= l.N {
		return log, max(l.Per-now.Sub(log[0]), 1).Truncate(time.Millisecond) + 1
	}
	return append(slices.Clip(log), now.Truncate(time.Millisecond)), 0
}
