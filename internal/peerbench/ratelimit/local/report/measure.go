//go:build unix

package main

import (
	"math/rand/v2"
	"runtime"
	"slices"

	"github.com/ycvk/tinybook/internal/peerbench/paired"
	peers "github.com/ycvk/tinybook/internal/peerbench/ratelimit/local"
)

// measure returns one figure.
func measure(what string, way int) float64 {
	switch impl := peers.Impls()[way]; what {
	case "first1":
		return cpuPerDecision(impl, 1, *keys, 1)
	case "first64":
		return cpuPerDecision(impl, 64, *keys, 1)
	case "later1":
		return cpuPerDecision(impl, 1, *keys, 20)
	case "later64":
		return cpuPerDecision(impl, 64, *keys, 20)
	case "full1":
		return cpuPerDecision(impl, 1, *keys, peers.Limit)
	case "full64":
		return cpuPerDecision(impl, 64, *keys, peers.Limit)
	case "few1":
		return cpuPerDecision(impl, 1, few, peers.Limit)
	case "few64":
		return cpuPerDecision(impl, 64, few, peers.Limit)
	case "resident1":
		return residentPerKey(impl, 1)
	default:
		return residentPerKey(impl, peers.Limit)
	}
}

// cpuPerDecision asks for so many keys that have had so many hits, one after the other.
// They became known in another order, so that each limiter has to look for them in
// its memory, while the list of names costs next to nothing.
func cpuPerDecision(impl peers.Impl, goroutines, keys, hits int) float64 {
	names := makeKeys(keys)
	shuffled := slices.Clone(names)
	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	l := fill(impl, shuffled, hits)
	runtime.GC()
	start := paired.ProcessorTime()
	paired.Drive(goroutines, *decisions, func(_, i int) { l.Allow(names[i%len(names)]) })
	return (paired.ProcessorTime() - start) / float64(*decisions)
}

// residentPerKey counts what the process needs more after the keys' hits. The
// keys themselves are there before.
func residentPerKey(impl peers.Impl, hits int) float64 {
	names := makeKeys(*keys)
	before := paired.Resident()
	l := fill(impl, names, hits)
	after := paired.Resident()
	runtime.KeepAlive(l)
	runtime.KeepAlive(names)
	return float64(after-before) / float64(len(names))
}

func makeKeys(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = peers.Key(i)
	}
	return names
}

func fill(impl peers.Impl, names []string, hits int) peers.Limiter {
	l := impl.Open()
	for range hits {
		for _, name := range names {
			if !l.Allow(name) {
				panic(impl.Name + " refuses too early")
			}
		}
	}
	return l
}
