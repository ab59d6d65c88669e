//go:build unix

package main

import (
	"context"
	"runtime"

	"github.com/ycvk/tinybook/cachex"
	peers "github.com/ycvk/tinybook/internal/peerbench/cachex"
	"github.com/ycvk/tinybook/internal/peerbench/paired"
)

const (
	right = "271828"
	wrong = "314159"
)

// measure returns one figure.
func measure(what string, way int) float64 {
	switch impl := peers.Impls()[way]; what {
	case "cpu1":
		return cpuPerCycle(impl, 1)
	case "cpu64":
		return cpuPerCycle(impl, 64)
	case "resident":
		return residentPerCode(impl)
	default:
		return gcPerCode(impl)
	}
}

// cpuPerCycle gives every life of a code a recipient of its own. The Keys are
// made before the clock starts.
func cpuPerCycle(impl peers.Impl, goroutines int) float64 {
	keys := make([]cachex.Key, *cycles)
	for i := range keys {
		keys[i] = peers.Key(i)
	}
	s := impl.Open(2 * *cycles)
	runtime.GC()
	start := paired.ProcessorTime()
	paired.Drive(goroutines, len(keys), func(_, i int) { cycle(s, keys[i]) })
	return (paired.ProcessorTime() - start) / float64(len(keys))
}

func cycle(s peers.Store, k cachex.Key) {
	ctx := context.Background()
	_, err := s.Set(ctx, k, right)
	wrongErr := s.Verify(ctx, k, wrong)
	if err != nil || wrongErr == nil || s.Verify(ctx, k, right) != nil {
		panic("wrong answer")
	}
}

// residentPerCode counts what the process needs more after the codes are set.
func residentPerCode(impl peers.Impl) float64 {
	before := paired.Resident()
	s := fill(impl)
	after := paired.Resident()
	runtime.KeepAlive(s)
	return float64(after-before) / float64(*codes)
}

func gcPerCode(impl peers.Impl) float64 {
	const collections = 5
	s := fill(impl)
	runtime.GC()
	start := paired.ProcessorTime()
	for range collections {
		runtime.GC()
	}
	used := paired.ProcessorTime() - start
	runtime.KeepAlive(s)
	return used / collections / float64(*codes)
}

// fill sets the codes in a cache with half as much room again.
func fill(impl peers.Impl) peers.Store {
	s := impl.Open(*codes + *codes/2)
	for i := range *codes {
		if _, err := s.Set(context.Background(), peers.Key(i), right); err != nil {
			panic(err)
		}
	}
	return s
}
