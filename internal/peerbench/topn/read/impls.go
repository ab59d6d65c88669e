// Package read puts the read of topn.Board beside other ways to have the first
// hundred places of a leaderboard in the memory of a process.
package read

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/Yiling-J/theine-go"
	"github.com/patrickmn/go-cache"
	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/topn"
)

// N is how many places are read.
const N = 100

const key = "article:rank"

// A Place is one of them.
type Place = topn.Item[int64]

// A Read returns the first n places.
type Read func(n int) []Place

// An Impl is a way to keep them.
type Impl struct {
	Name string
	Open func() Read
}

// Impls returns all of them. The first is ours.
func Impls() []Impl {
	return []Impl{
		{"topn", ours},
		{"theine", typed},
		{"theine-any", untyped},
		{"go-cache", goCache},
		{"sync-map", syncMap},
		{"rwmutex-map", rwMutexMap},
	}
}

// Places returns what all of them hold.
func Places() []Place {
	places := make([]Place, N)
	for i := range places {
		places[i] = Place{Rank: i + 1, Member: int64(7 * i), Score: float64(1000 - i)}
	}
	return places
}

// ours is a board without Redis, which has the places from its source; from then on
// it's a board like any other.
func ours() Read {
	redis.SetLogger(quiet{}) // it would say what is meant to be
	rdb := redis.NewClient(&redis.Options{
		Addr: "127.0.0.1:0", MaxRetries: -1, DialerRetries: 1,
		Dialer: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no Redis") },
	})
	b, err := topn.New(rdb, key, topn.Int64Codec(), func(context.Context, int) ([]topn.Entry[int64], error) {
		var es []topn.Entry[int64]
		for _, p := range Places() {
			es = append(es, topn.Entry[int64]{Member: p.Member, Score: p.Score})
		}
		return es, nil
	}, topn.WithN(N))
	check(err)
	_, err = b.Load(context.Background(), N)
	check(err)
	return b.Top
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func typed() Read {
	c, err := theine.NewBuilder[string, []Place](1000).Build()
	check(err)
	c.SetWithTTL(key, Places(), 1, time.Hour)
	c.Wait()
	return func(n int) []Place {
		places, _ := c.Get(key)
		return places[:n]
	}
}

func untyped() Read {
	c, err := theine.NewBuilder[string, any](1000).Build()
	check(err)
	c.SetWithTTL(key, Places(), 1, time.Hour)
	c.Wait()
	return func(n int) []Place {
		v, _ := c.Get(key)
		return v.([]Place)[:n]
	}
}

func goCache() Read {
	c := cache.New(time.Hour, time.Hour)
	c.Set(key, Places(), time.Hour)
	return func(n int) []Place {
		v, _ := c.Get(key)
		return v.([]Place)[:n]
	}
}

func syncMap() Read {
	var m sync.Map
	m.Store(key, Places())
	return func(n int) []Place {
		v, _ := m.Load(key)
		return v.([]Place)[:n]
	}
}

func rwMutexMap() Read {
	var mu sync.RWMutex
	m := map[string][]Place{key: Places()}
	return func(n int) []Place {
		mu.RLock()
		defer mu.RUnlock()
		return m[key][:n]
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
