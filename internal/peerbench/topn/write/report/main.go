//go:build unix

// Command report prints how fast a topn.Board takes a thousand events beside plain
// commands of Redis, on one redis-server that it starts. In each round all ways
// take turns. The ratios of events per second are the median of those of the
// rounds, and the server's microseconds per event, which it counts by the clock on
// the wall, the least of them, so that a busy machine disturbs them little.
//
//	go run ./topn/write/report [-rounds n] [-batches n]
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/internal/peerbench/paired"
	"github.com/ycvk/tinybook/internal/peerbench/redisserver"
	peers "github.com/ycvk/tinybook/internal/peerbench/topn/write"
)

var (
	rounds  = flag.Int("rounds", 9, "measure everything this many times")
	batches = flag.Int("batches", 20, "batches of one measurement")
)

func main() {
	flag.Parse()
	server, err := redisserver.Start()
	if err != nil {
		fmt.Fprintf(os.Stderr, "report: %v (apt-get install redis-server)\n", err)
		os.Exit(1)
	}
	defer server.Stop()
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr})
	defer rdb.Close()
	version := must(rdb.InfoMap(context.Background(), "server").Result())["Server"]["redis_version"]
	fmt.Printf("%s %s/%s, %d processors, redis %s, %d rounds of %d batches of %d events; %d members\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), version, *rounds, *batches, peers.Batch, peers.Members)
	var names []string
	speed, busy := make(map[string][]float64), make(map[string][]float64)
	for range *rounds {
		for _, impl := range peers.Impls() {
			perSecond, us := run(rdb, impl)
			speed[impl.Name] = append(speed[impl.Name], perSecond)
			busy[impl.Name] = append(busy[impl.Name], us)
			if !slices.Contains(names, impl.Name) {
				names = append(names, impl.Name)
			}
		}
	}
	fmt.Printf("%-20s %10s %10s %8s %10s %12s %8s\n", "impl", "events/s", "x zincrby", "x incr", "server us", "x pipelined", "x lua")
	least := func(name string) float64 { return slices.Min(busy[name]) }
	for _, name := range names {
		fmt.Printf("%-20s %10.0f %10.2f %8.2f %10.2f %12.2f %8.2f\n", name, paired.Median(speed[name]),
			paired.Ratio(speed[name], speed["zincrby"]), paired.Ratio(speed[name], speed["incr"]), least(name),
			least(name)/least("zincrby-pipelined"), least(name)/least("lua"))
	}
}

// run returns how many events were written per second, and the microseconds that
// the server took for each.
func run(rdb *redis.Client, impl peers.Impl) (perSecond, us float64) {
	ctx := context.Background()
	must(rdb.FlushAll(ctx).Result())
	write := must(impl.Open(ctx, rdb))
	rng := rand.New(rand.NewPCG(1, 2))
	check(write(ctx, peers.Events(rng))) // the script is there
	must(rdb.ConfigResetStat(ctx).Result())
	n, start := 0, time.Now()
	for range *batches {
		events := peers.Events(rng)
		check(write(ctx, events))
		n += len(events)
	}
	took := time.Since(start)
	usec := commandTime(must(rdb.Info(ctx, "commandstats").Result()), impl.Command)
	return float64(n) / took.Seconds(), usec / float64(n)
}

// commandTime returns all the microseconds that a command took.
func commandTime(info, command string) float64 {
	for line := range strings.Lines(info) {
		if rest, ok := strings.CutPrefix(line, "cmdstat_"+command+":"); ok {
			_, usec, _ := strings.Cut(rest, "usec=")
			usec, _, _ = strings.Cut(usec, ",")
			return must(strconv.ParseFloat(usec, 64))
		}
	}
	panic("the server got no " + command)
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
