package claim

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// A Cost is what claims took.
type Cost struct {
	Wall   time.Duration
	Client time.Duration // processor time of this process
	Server time.Duration // processor time of the queue's backends
}

// Measure claims all jobs of a queue that has n, by batches, and returns the cost
// per claimed batch.
func Measure(ctx context.Context, q Queue, n, batch int) (Cost, error) {
	runtime.GC() // of what went before
	before, err := read(ctx, q)
	if err != nil {
		return Cost{}, err
	}
	claims := 0
	for left := n; left > 0; claims++ {
		got, err := q.Claim(ctx, batch)
		if err != nil {
			return Cost{}, err
		}
		if len(got) == 0 {
			return Cost{}, fmt.Errorf("%d of %d jobs can't be claimed", left, n)
		}
		left -= len(got)
	}
	after, err := read(ctx, q)
	per := func(a, b time.Duration) time.Duration { return (b - a) / time.Duration(claims) }
	return Cost{
		Wall:   per(before.Wall, after.Wall),
		Client: per(before.Client, after.Client),
		Server: per(before.Server, after.Server),
	}, err
}

var start = time.Now()

// read reads the clocks.
func read(ctx context.Context, q Queue) (Cost, error) {
	pids, err := q.Backends(ctx)
	if err != nil {
		return Cost{}, err
	}
	c := Cost{Wall: time.Since(start)}
	for _, pid := range pids {
		// The first number is nanoseconds on a processor.
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
		if err != nil {
			return Cost{}, err
		}
		var ns int64
		if _, err := fmt.Sscan(string(text), &ns); err != nil {
			return Cost{}, err
		}
		c.Server += time.Duration(ns)
	}
	var u syscall.Rusage
	err = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	c.Client = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	return c, err
}
