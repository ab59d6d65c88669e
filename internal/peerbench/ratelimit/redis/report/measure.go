//go:build unix

package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	peers "github.com/ycvk/tinybook/internal/peerbench/ratelimit/redis"
)

// A load is what one round does.
type load struct {
	goroutines, keys, n int
	per                 time.Duration
	full                bool // every key is full before the clock starts
}

// A figure is what one side of a round came to.
type figure struct {
	calls    float64 // per second
	serverUS float64 // of the server, per call that reached it
}

// bench keeps limiters open from round to round.
type bench struct {
	rdb  *redis.Client
	runs int
}

func implOf(name string) peers.Impl {
	for _, impl := range peers.Impls() {
		if impl.Name == name {
			return impl
		}
	}
	panic("no such impl: " + name)
}

// run works for as long as a side of a round lasts. Every run has keys of its own.
func (b *bench) run(name string, l load) figure {
	ctx := context.Background()
	check(b.rdb.FlushAll(ctx).Err())
	allow := implOf(name).Open(b.rdb, l.n, l.per)
	b.runs++
	keys := make([]string, l.keys)
	for i := range keys {
		keys[i] = fmt.Sprintf("%d:+86138%08d", b.runs, i)
	}
	if l.full {
		b.fill(allow, keys, l.n)
	}
	must(allow(ctx, keys[0])) // the script is there
	check(b.rdb.ConfigResetStat(ctx).Err())
	calls, took := drive(allow, keys, l)
	f := figure{calls: float64(calls) / took.Seconds()}
	f.serverUS = serverUS(must(b.rdb.Info(ctx, "commandstats").Result()))
	return f
}

func (b *bench) fill(allow peers.Limiter, keys []string, n int) {
	var wg sync.WaitGroup
	for g := range 64 {
		wg.Go(func() {
			for i := g; i < len(keys)*n; i += 64 {
				must(allow(context.Background(), keys[i%len(keys)]))
			}
		})
	}
	wg.Wait()
}

func drive(allow peers.Limiter, keys []string, l load) (calls int64, took time.Duration) {
	var (
		wg    sync.WaitGroup
		total atomic.Int64
		stop  atomic.Bool
		start = time.Now()
	)
	timer := time.AfterFunc(*length, func() { stop.Store(true) })
	defer timer.Stop()
	for g := range l.goroutines {
		wg.Go(func() {
			ctx, n := context.Background(), int64(0)
			for i := g * 157; !stop.Load(); i++ {
				ok := must(allow(ctx, keys[i%len(keys)]))
				if ok && l.full {
					panic("admitted by a full key")
				}
				if !ok && !l.full {
					panic("refused by a key that is to have room: -time is too long")
				}
				n++
			}
			total.Add(n)
		})
	}
	wg.Wait()
	return total.Load(), time.Since(start)
}

// serverUS returns the usec_per_call of EVALSHA, or 0 if nobody called it.
func serverUS(info string) float64 {
	for line := range strings.Lines(info) {
		if rest, ok := strings.CutPrefix(line, "cmdstat_evalsha:"); ok {
			for field := range strings.SplitSeq(strings.TrimSpace(rest), ",") {
				if v, ok := strings.CutPrefix(field, "usec_per_call="); ok {
					return must(strconv.ParseFloat(v, 64))
				}
			}
		}
	}
	return 0
}
