//go:build unix

// Command report prints what the limiters of ratelimit cost in Redis beside
// go-redis/redis_rate and a log in a sorted set, all on one redis-server that it
// starts. Every figure of time is the median of many ratios: in each short round
// the peer and one of the others work in turn, and only they are compared, so
// that a busy machine disturbs the ratios little.
//
//	go run ./ratelimit/redis/report [-rounds n] [-time d] [-only words]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/internal/peerbench/paired"
	peers "github.com/ycvk/tinybook/internal/peerbench/ratelimit/redis"
	"github.com/ycvk/tinybook/internal/peerbench/redisserver"
)

var (
	rounds = flag.Int("rounds", 15, "compare each pair this many times")
	length = flag.Duration("time", 150*time.Millisecond, "how long one side of a round works")
	only   = flag.String("only", "", "print the tables whose title has this in it")
)

func main() {
	flag.Parse()
	server, err := redisserver.Start()
	if err != nil {
		fmt.Fprintf(os.Stderr, "report: %v (apt-get install redis-server)\n", err)
		os.Exit(1)
	}
	defer server.Stop()
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr, PoolSize: 64})
	defer rdb.Close()
	version := must(rdb.InfoMap(context.Background(), "server").Result())["Server"]["redis_version"]
	fmt.Printf("%s %s/%s, %d processors, redis %s, %d rounds of %v\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), version, *rounds, *length)
	const few = 10
	everyone := []string{"gcra", "log", "counter", "window", "log-of-3-limits", "zset-log"}
	b := &bench{rdb: rdb}
	b.table("10,000 keys, all admitted, 1 goroutine", load{goroutines: 1, keys: 10_000, n: 1000, per: time.Minute}, everyone)
	b.table("10,000 keys, all admitted, 64 goroutines", load{goroutines: 64, keys: 10_000, n: 1000, per: time.Minute}, everyone)
	b.table("2,000 keys, all refused, 1 goroutine", load{goroutines: 1, keys: 2_000, n: few, per: time.Hour, full: true}, everyone)
	b.table("one key, admitted, 64 goroutines", load{goroutines: 64, keys: 1, n: 100_000, per: time.Second},
		[]string{"gcra", "log", "gcra-folding", "log-folding"})
	b.table("one key, refused, 64 goroutines", load{goroutines: 64, keys: 1, n: 100, per: time.Hour, full: true},
		[]string{"gcra", "log", "gcra-folding", "log-folding", "log-deny-cache"})
	memory(rdb)
}

// table compares each of names with the peer.
func (b *bench) table(title string, l load, names []string) {
	if !strings.Contains(title, *only) {
		return
	}
	fmt.Printf("\n%s\n%-16s %12s %12s %14s %14s\n", title, "impl", "calls/s", "x peer", "server us", "x peer's us")
	for _, name := range names {
		var speed, server, calls, us []float64
		for range *rounds {
			peer, own := b.run(peers.Peer, l), b.run(name, l)
			speed = append(speed, own.calls/peer.calls)
			calls = append(calls, own.calls)
			if own.serverUS > 0 {
				server = append(server, own.serverUS/peer.serverUS)
				us = append(us, own.serverUS)
			}
		}
		fmt.Printf("%-16s %12.0f %12.2f", name, paired.Median(calls), paired.Median(speed))
		if len(server) == *rounds {
			fmt.Printf(" %14.2f %14.2f", paired.Median(us), paired.Median(server))
		}
		fmt.Println()
	}
}

// memory prints what one key takes that is full.
func memory(rdb *redis.Client) {
	const title = "bytes of a full key, by MEMORY USAGE"
	if !strings.Contains(title, *only) {
		return
	}
	fmt.Printf("\n%s\n%-16s", title, "impl")
	sizes := []int{5, 100, 1000}
	for _, n := range sizes {
		fmt.Printf(" %12s", fmt.Sprintf("limit %d", n))
	}
	fmt.Println()
	ctx := context.Background()
	for _, name := range []string{peers.Peer, "gcra", "log", "counter", "window", "zset-log"} {
		fmt.Printf("%-16s", name)
		for _, n := range sizes {
			check(rdb.FlushAll(ctx).Err())
			allow := implOf(name).Open(rdb, n, time.Hour)
			for range n + 1 {
				must(allow(ctx, "+8613800138000"))
			}
			keys := must(rdb.Keys(ctx, "*").Result())
			total := int64(0)
			for _, k := range keys {
				total += must(rdb.MemoryUsage(ctx, k, 0).Result())
			}
			fmt.Printf(" %12d", total)
		}
		fmt.Println()
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
