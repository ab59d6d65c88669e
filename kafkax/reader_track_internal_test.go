package kafkax

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// A naiveTrack remembers every offset.
type naiveTrack struct {
	delivered map[int64]bool
	from, end int64 // where it began, and one more than the highest
	began     bool
	forgot    bool
}

func (n *naiveTrack) saw(offset int64) (skipped int64, again bool) {
	if !n.began {
		n.began, n.from, n.end = true, offset, offset
	}
	if !n.forgot {
		for o := n.end; o < offset; o++ {
			skipped++ // nobody has had it, and it is passed over now
		}
	}
	again = offset < n.end
	n.delivered[offset] = true
	n.end = max(n.end, offset+1)
	n.forgot = false
	return skipped, again
}

func TestATrackCountsWhatANaiveOneCounts(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		track, naive := track{}, naiveTrack{delivered: map[int64]bool{}}
		at := rnd.Int64N(100)
		for range 200 {
			switch rnd.IntN(10) {
			case 0: // deleted, or compacted
				at += rnd.Int64N(20)
			case 1: // turned back
				at = max(0, at-rnd.Int64N(20))
			case 2: // elsewhere, or nowhere
				track.forget()
				naive.forgot = true
				at = max(0, at+rnd.Int64N(40)-20)
			}
			gap := track.gap(at)
			skipped, again := track.saw(at)
			wantSkipped, wantAgain := naive.saw(at)
			require.Equal(t, wantSkipped, skipped)
			require.Equal(t, wantAgain, again)
			require.Equal(t, skipped > 0, gap)
			at++
		}
	}
}

func TestATrackThatIsToldWhereItBegins(t *testing.T) {
	for _, tc := range []struct {
		name    string
		before  []int64
		start   int64
		offset  int64
		skipped int64
		again   bool
	}{
		{"there", nil, 10, 10, 0, false},
		{"later", nil, 10, 60, 50, false},
		{"another went on", []int64{0, 1, 2}, 10, 10, 0, false},
		{"another went on, and some are gone", []int64{0, 1, 2}, 10, 12, 2, false},
		{"turned back", []int64{0, 1, 2}, 1, 1, 0, true},
		{"turned back, of which this is known late", []int64{0, 1, 2}, 1, 3, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var track track
			for _, o := range tc.before {
				track.saw(o)
			}
			track.forget()
			track.expect(tc.start)
			skipped, again := track.saw(tc.offset)
			require.Equal(t, tc.skipped, skipped)
			require.Equal(t, tc.again, again)
		})
	}
}

func TestFetchTimesKeepTheLast(t *testing.T) {
	var times fetchTimes
	for o := range int64(3 * keepTimes) {
		times.put(o, 1000+testDuration(o))
	}
	for o := range int64(3*keepTimes + 1) {
		at, ok := times.get(o)
		require.Equal(t, o >= 2*keepTimes && o < 3*keepTimes, ok, o)
		if ok {
			require.Equal(t, 1000+testDuration(o), at)
		}
	}
	_, ok := new(fetchTimes).get(0)
	require.False(t, ok)
}

func TestATallyIsTheHistogramItGathersFor(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for name, opts := range map[string][]Option{"classic": nil, "native": {WithNativeHistograms(1.1)}} {
		t.Run(name, func(t *testing.T) {
			m, err := New(opts...)
			require.NoError(t, err)
			s := m.reg.scope()
			direct, through := s.histogram(readerMessageSize, "direct", "g", "t"), s.histogram(readerMessageSize, "through", "g", "t")
			tally := newTally(through)
			for range 1000 {
				v := float64(rnd.IntN(1 << 20))
				direct.observe(v)
				tally.observe(v)
				if rnd.IntN(10) == 0 {
					tally.flush()
				}
			}
			tally.flush()
			require.Equal(t, histogramOf(t, direct), histogramOf(t, through))
		})
	}
}
