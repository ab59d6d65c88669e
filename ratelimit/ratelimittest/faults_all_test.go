package ratelimittest_test

import (
	"context"
	"testing"

	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// A faultyAll has an AllowAll that is replaced.
type faultyAll struct {
	*ratelimit.Local
	all func(ctx context.Context, tag string, d ...ratelimit.Demand) ([]ratelimit.Result, error)
}

func (f *faultyAll) AllowAll(ctx context.Context, tag string, d ...ratelimit.Demand) ([]ratelimit.Result, error) {
	return f.all(ctx, tag, d...)
}

// withAll opens a limiter whose AllowAll is another.
func withAll(all func(ctx context.Context, l *ratelimit.Local, tag string, d []ratelimit.Demand) ([]ratelimit.Result, error)) opener {
	return func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
		l := local(t, a, limits)
		return ratelimittest.Harness{Limiter: &faultyAll{l, func(ctx context.Context, tag string, d ...ratelimit.Demand) ([]ratelimit.Result, error) {
			return all(ctx, l, tag, d)
		}}}
	}
}

// asked returns a fault of what AllowAll is asked.
func asked(change func(tag *string, d []ratelimit.Demand)) opener {
	return withAll(func(ctx context.Context, l *ratelimit.Local, tag string, d []ratelimit.Demand) ([]ratelimit.Result, error) {
		change(&tag, d)
		return l.AllowAll(ctx, tag, d...)
	})
}

func allFaults() []fault {
	return []fault{
		{name: "AllowAll undeclared", caught: "GCRA/AllRefund", says: "must declare", open: func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
			return ratelimittest.Harness{Limiter: &faulty{Limiter: local(t, a, limits)}}
		}},
		{name: "AllowAll denied", caught: "GCRA/AllRefund", says: "declares that there is no AllowAll", open: func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
			return ratelimittest.Harness{Limiter: local(t, a, limits), NoAllowAll: true}
		}},
		{name: "one after the other", caught: "GCRA/AllTakesAllOrNothing", open: withAll(oneByOne)},
		{name: "one tag for all", caught: "GCRA/AllTagsAreApart", open: asked(func(tag *string, _ []ratelimit.Demand) {
			if *tag != "" {
				*tag = "all"
			}
		})},
		{name: "a tag per call", caught: "GCRA/AllOfOneAddress", open: asked(func(tag *string, d []ratelimit.Demand) {
			*tag += d[0].Key
		})},
		{name: "own limits only", caught: "GCRA/AllUnderOwnLimits", open: asked(func(_ *string, d []ratelimit.Demand) {
			for i := range d {
				d[i].Limits = nil
			}
		})},
		{name: "limits by their order", caught: "GCRA/AllLimitsInAnyOrder", open: asked(func(tag *string, d []ratelimit.Demand) {
			if n := len(d[0].Limits); n > 1 && d[0].Limits[0].Per < d[0].Limits[n-1].Per {
				*tag += "short first"
			}
		})},
		{name: "contradictions pass", caught: "GCRA/AllBadArguments", says: "other limits", open: asked(func(_ *string, d []ratelimit.Demand) {
			for i := range d {
				if d[0].Key == d[i].Key && len(d[i].Limits) > 0 && d[i].Limits[0].N > 0 {
					d[i].Limits = d[0].Limits
				}
			}
		})},
		{name: "the same key counts once", caught: "GCRA/AllOfTheSameKey", open: withAll(sameKeyOnce)},
		{name: "RetryAfter of the first", caught: "sliding_log/AllRetryAfterIsTrue", open: withAll(func(ctx context.Context, l *ratelimit.Local, tag string, d []ratelimit.Demand) ([]ratelimit.Result, error) {
			r, err := l.AllowAll(ctx, tag, d...)
			if err == nil && !r[0].OK() {
				for i := range r {
					r[i].RetryAfter -= r[i].RetryAfter / 3
				}
			}
			return r, err
		})},
		{name: "bad Demands pass", caught: "GCRA/AllBadArguments", open: asked(func(_ *string, d []ratelimit.Demand) {
			for i := range d {
				d[i].N = max(d[i].N, 1)
			}
		})},
	}
}

// oneByOne takes what there is until a Demand is refused.
func oneByOne(ctx context.Context, l *ratelimit.Local, tag string, d []ratelimit.Demand) ([]ratelimit.Result, error) {
	results := make([]ratelimit.Result, len(d))
	for i := range d {
		r, err := l.AllowAll(ctx, tag, d[i])
		if err != nil {
			return nil, err
		}
		if results[i] = r[0]; r[0].OK() {
			continue
		}
		for j := range d {
			results[j].Allowed, results[j].RetryAfter = 0, r[0].RetryAfter
		}
		break
	}
	return results, nil
}

// sameKeyOnce asks for the last Demand of each key.
func sameKeyOnce(ctx context.Context, l *ratelimit.Local, tag string, d []ratelimit.Demand) ([]ratelimit.Result, error) {
	place := make(map[string]int)
	var once []ratelimit.Demand
	for _, x := range d {
		if i, ok := place[x.Key]; ok {
			once[i] = x
			continue
		}
		place[x.Key] = len(once)
		once = append(once, x)
	}
	r, err := l.AllowAll(ctx, tag, once...)
	if err != nil {
		return nil, err
	}
	results := make([]ratelimit.Result, len(d))
	for i, x := range d {
		if results[i] = r[place[x.Key]]; results[i].OK() {
			results[i].Allowed = x.N
		}
	}
	return results, nil
}
