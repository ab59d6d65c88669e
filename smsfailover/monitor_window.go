package smsfailover

import "sync/atomic"

const (
	windowBuckets = 16
	bucketBits    = 4 // log2 of windowBuckets
	countBits     = 18
	maxCount      = 1<<countBits - 1
	tagMask       = 1<<(64-2*countBits) - 1
	maxBehind     = 1 << 10 // turns of the ring that a writer may have slept through
)

// A rateWindow counts results in a ring of buckets, each one word of
//
//	tag (28 bits) | ok (18 bits) | failed (18 bits)
//
// where the tag is the number of the ring's turn. A bucket of an older turn is
// replaced in the same compare-and-swap that counts the first result of the new
// one, so that a result is never counted into a bucket that is being cleared.
// Readers go by the tags, so that nobody has to come and clear old buckets.
//
// The words lie side by side on purpose: whoever reads the window reads all of
// them, the busy one too, and two cache lines are fewer than sixteen.
//
// Its methods take the time as nanoseconds on a clock that starts at 0 and never
// steps back, and may be called at the same time.
type rateWindow struct {
	width int64        // of one bucket, in nanoseconds
	skip  atomic.Int64 // buckets that resets have jumped over
	_     [48]byte     // the words below change with every result
	words [windowBuckets]atomic.Uint64
	_     [64]byte
}

// A tally counts results.
type tally struct{ ok, failed uint64 }

func (t tally) total() uint64 { return t.ok + t.failed }

// rate returns the share that failed, 0 without any.
func (t tally) rate() float64 {
	if t.failed == 0 {
		return 0
	}
	return float64(t.failed) / float64(t.total())
}

// epoch returns the number of the bucket that now falls into.
func (w *rateWindow) epoch(now int64) uint64 {
	return uint64(now/w.width + w.skip.Load())
}

// add counts one result. It returns what its bucket holds now, and what it pushed
// out of the ring.
func (w *rateWindow) add(now int64, ok bool) (bucket, gone tally) {
	epoch := w.epoch(now)
	word := &w.words[epoch%windowBuckets]
	tag := epoch >> bucketBits & tagMask
	one := uint64(1)
	if ok {
		one = 1 << countBits
	}
	for {
		old := word.Load()
		next, gone := count(old, tag, one)
		if word.CompareAndSwap(old, next) {
			return unpack(next), gone
		}
	}
}

// count returns the word old with one more result, or a fresh word for tag and
// the tally that it replaces. A tag up to maxBehind older than the word's is that
// of a writer that slept for whole turns of the ring: its result counts as the
// word's, since dropping it would be worse.
func count(old, tag, one uint64) (next uint64, gone tally) {
	ahead := (old>>(2*countBits) - tag) & tagMask
	if ahead >= maxBehind {
		return tag<<(2*countBits) | one, unpack(old)
	}
	if t := unpack(old); t.ok == maxCount || t.failed == maxCount {
		// Halving both keeps the rate, which stopping at one end would not.
		old = old>>(2*countBits)<<(2*countBits) | t.ok/2<<countBits | t.failed/2
	}
	return old + one, tally{}
}

func unpack(word uint64) tally {
	return tally{ok: word >> countBits & maxCount, failed: word & maxCount}
}

// sum returns what the window holds at now.
func (w *rateWindow) sum(now int64) tally {
	epoch := w.epoch(now)
	turn := epoch >> bucketBits
	current := epoch % windowBuckets
	// Up to the current bucket the ring holds this turn, behind it the last one.
	t := w.sumTagged(0, current+1, turn&tagMask)
	last := w.sumTagged(current+1, windowBuckets, (turn-1)&tagMask)
	return tally{ok: t.ok + last.ok, failed: t.failed + last.failed}
}

func (w *rateWindow) sumTagged(from, to, tag uint64) tally {
	var t tally
	for i := from; i < to; i++ {
		word := w.words[i].Load()
		if word>>(2*countBits) == tag {
			t.ok += word >> countBits & maxCount
			t.failed += word & maxCount
		}
	}
	return t
}

// reset makes everything counted so far too old to be seen.
func (w *rateWindow) reset() { w.skip.Add(windowBuckets) }
