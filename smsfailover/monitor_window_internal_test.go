package smsfailover

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func newWindow(width int64) *rateWindow { return &rateWindow{width: width} }

// Trap smsfailover/14: bucket rotation under load.
//
// 64 goroutines count while the clock turns 10,000 buckets and more. What fell out
// of the ring and what is left in it must be what was counted.
func TestRotatingBucketsLoseNothing(t *testing.T) {
	const (
		goroutines, each = 64, 10_000
		width            = 20 // of 640,000 ticks of the clock
	)
	w := newWindow(width)
	var clock, ok, failed, goneOK, goneFailed atomic.Int64
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range each {
				good := (g+i)%3 != 0
				_, gone := w.add(clock.Add(1), good)
				goneOK.Add(int64(gone.ok))
				goneFailed.Add(int64(gone.failed))
				if good {
					ok.Add(1)
				} else {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.Greater(t, clock.Load()/width, int64(10_000), "rotations")
	left := everything(w)
	require.Equal(t, ok.Load(), goneOK.Load()+int64(left.ok), "successes")
	require.Equal(t, failed.Load(), goneFailed.Load()+int64(left.failed), "failures")
}

// everything sums the ring, old buckets too.
func everything(w *rateWindow) tally {
	var t tally
	for i := range w.words {
		b := unpack(w.words[i].Load())
		t.ok += b.ok
		t.failed += b.failed
	}
	return t
}

// A naive window keeps every result.
type naiveWindow struct {
	width   int64
	results []naiveResult
}

type naiveResult struct {
	epoch int64
	ok    bool
}

func (n *naiveWindow) add(now int64, ok bool) {
	n.results = append(n.results, naiveResult{now / n.width, ok})
}

func (n *naiveWindow) sum(now int64) (t tally) {
	for _, r := range n.results {
		if r.epoch <= now/n.width-windowBuckets {
			continue
		}
		if r.ok {
			t.ok++
		} else {
			t.failed++
		}
	}
	return t
}

func TestWindowCountsWhatANaiveOneCounts(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 200 {
		width := 1 + r.Int64N(1000)
		w, naive := newWindow(width), &naiveWindow{width: width}
		now := int64(0)
		for range 300 {
			now += r.Int64N(1 + width*[]int64{0, 1, 5, 40}[r.IntN(4)])
			if r.IntN(20) == 0 {
				w.reset()
				naive.results = nil
			}
			if r.IntN(3) > 0 {
				ok := r.IntN(2) == 0
				w.add(now, ok)
				naive.add(now, ok)
			}
			require.Equal(t, naive.sum(now), w.sum(now), "at %d, width %d", now, width)
		}
	}
}

// A result counts for the window, less up to one bucket, and not longer.
func TestResultLeavesTheWindowOnTime(t *testing.T) {
	const width = 100
	for at := int64(0); at < 3*windowBuckets*width; at += 37 {
		w := newWindow(width)
		w.add(at, false)
		require.Equal(t, uint64(1), w.sum(at).failed)
		require.Equal(t, uint64(1), w.sum(at+(windowBuckets-1)*width).failed, "added at %d", at)
		require.Zero(t, w.sum(at+windowBuckets*width).failed, "added at %d", at)
	}
}

func TestFullBucketKeepsTheRate(t *testing.T) {
	w := newWindow(int64(time.Hour))
	for i := range 3 * maxCount {
		w.add(1, i%4 != 0)
	}
	got := w.sum(1)
	require.InDelta(t, 0.25, got.rate(), 0.001)
	require.Greater(t, got.total(), uint64(maxMinSamples), "the minimum sample must be within reach")
	require.Equal(t, uint64(0), w.words[0].Load()>>(2*countBits), "a count ran into the tag")
}

// A writer that slept for a turn of the ring counts into what is there now.
func TestSleepyWriterLosesNothing(t *testing.T) {
	w := newWindow(1)
	w.add(5+windowBuckets, true)
	_, gone := w.add(5, false)
	require.Zero(t, gone)
	require.Equal(t, tally{ok: 1, failed: 1}, w.sum(5+windowBuckets))
}

// The tag has 28 bits. After so long a silence that it has come around, old
// buckets must be taken for old, but for the last maxBehind turns of that: 2
// minutes after 10 months with the shortest window, 8 hours after 255 years with
// the usual one.
func TestTagWrapsAround(t *testing.T) {
	const turns = tagMask + 1
	for _, before := range []int64{0, 1, turns / 3, turns - 2*maxBehind, turns + 5} {
		for _, silence := range []int64{turns / 2, turns/2 + 1, turns - 2*maxBehind, turns + 1, 2*turns - maxBehind} {
			w := newWindow(1)
			w.add(before*windowBuckets, false)
			later := (before + silence) * windowBuckets
			require.Zero(t, w.sum(later).failed, "%d turns, then %d of silence", before, silence)
			w.add(later, true)
			require.Equal(t, tally{ok: 1}, w.sum(later), "%d turns, then %d of silence", before, silence)
		}
	}
}

func FuzzCount(f *testing.F) {
	f.Add(uint64(0), uint64(0), true)
	f.Add(^uint64(0), uint64(7), false)
	f.Add(uint64(7)<<(2*countBits)|maxCount, uint64(7), false)
	f.Fuzz(func(t *testing.T, old, tag uint64, ok bool) {
		tag &= tagMask
		one := uint64(1)
		if ok {
			one = 1 << countBits
		}
		next, gone := count(old, tag, one)
		before, after := unpack(old), unpack(next)
		switch {
		case gone != tally{} || next>>(2*countBits) == tag && old>>(2*countBits) != tag:
			require.Equal(t, before, gone, "a replaced bucket must be handed over")
			require.Equal(t, uint64(1), after.total())
			require.Equal(t, tag, next>>(2*countBits))
		case before.ok == maxCount || before.failed == maxCount:
			require.Equal(t, old>>(2*countBits), next>>(2*countBits))
			require.Equal(t, before.ok/2+before.failed/2+1, after.total())
		default:
			require.Equal(t, old>>(2*countBits), next>>(2*countBits))
			require.Equal(t, before.total()+1, after.total())
			require.True(t, after.ok >= before.ok && after.failed >= before.failed)
		}
	})
}
