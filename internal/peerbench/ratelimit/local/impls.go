// Package local puts ratelimit.Local beside limiters of other libraries that
// live in one process, each with one limiter per key as its documentation has
// it: golang.org/x/time/rate in a sync.Map, which never forgets a key, and
// sethvargo/go-limiter's memorystore.
package local

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/sethvargo/go-limiter/memorystore"
	"golang.org/x/time/rate"

	"github.com/ycvk/tinybook/ratelimit"
)

// Limit is what all are given, N hits per window.
const Limit = 100

// Window is so long that a measurement refills little.
const Window = time.Hour

// A Limiter admits one hit or refuses it.
type Limiter interface {
	Allow(key string) bool
}

// An Impl is a limiter to compare.
type Impl struct {
	Name string
	Open func() Limiter
}

// Impls returns the limiters. The first is the one the others are compared with.
func Impls() []Impl {
	return []Impl{
		{"gcra", func() Limiter { return ours(ratelimit.GCRA) }},
		{"sliding-log", func() Limiter { return ours(ratelimit.SlidingLog) }},
		{"sliding-counter", func() Limiter { return ours(ratelimit.SlidingCounter) }},
		{"fixed-window", func() Limiter { return ours(ratelimit.FixedWindow) }},
		{"x-time-rate", func() Limiter { return new(rateMap) }},
		{"sethvargo", func() Limiter { return newSethvargo() }},
	}
}

// Key returns the i-th of many keys.
func Key(i int) string { return "+86138" + strconv.Itoa(10_000_000+i) }

type local struct{ l *ratelimit.Local }

func ours(a ratelimit.Algorithm) Limiter {
	l, err := ratelimit.NewLocal(a, []ratelimit.Limit{{N: Limit, Per: Window}})
	if err != nil {
		panic(err)
	}
	return local{l}
}

func (l local) Allow(key string) bool {
	r, err := l.l.Allow(context.Background(), key)
	return err == nil && r.OK()
}

type rateMap struct{ m sync.Map }

func (m *rateMap) Allow(key string) bool {
	l, ok := m.m.Load(key)
	if !ok {
		l, _ = m.m.LoadOrStore(key, rate.NewLimiter(rate.Every(Window/Limit), Limit))
	}
	return l.(*rate.Limiter).Allow()
}

type sethvargo struct {
	take func(ctx context.Context, key string) (tokens, remaining, reset uint64, ok bool, err error)
}

func newSethvargo() Limiter {
	store, err := memorystore.New(&memorystore.Config{Tokens: Limit, Interval: Window})
	if err != nil {
		panic(err)
	}
	return sethvargo{store.Take}
}

func (s sethvargo) Allow(key string) bool {
	_, _, _, ok, err := s.take(context.Background(), key)
	return err == nil && ok
}
