package topn_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/topn"
)

var landmark = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func TestDecayDoublesEachHalfLife(t *testing.T) {
	weight := topn.Decay(12*time.Hour, landmark)
	for _, tc := range []struct {
		name string
		at   time.Time
		want float64
	}{
		{"the landmark", landmark, 1},
		{"a half-life later", landmark.Add(12 * time.Hour), 2},
		{"half of one", landmark.Add(6 * time.Hour), math.Sqrt2},
		{"ten later", landmark.Add(120 * time.Hour), 1024},
		{"before the landmark", landmark.Add(-24 * time.Hour), 0.25},
		{"in another zone", landmark.Add(12 * time.Hour).In(time.FixedZone("", 8*3600)), 2},
		{"long before", landmark.Add(-2000 * 12 * time.Hour), 0},
		{"the last half-life", landmark.Add(1023 * 12 * time.Hour), math.Exp2(1023)},
		{"one more", landmark.Add(1024 * 12 * time.Hour), math.Exp2(1023)},
		{"no time at all", time.Time{}, 0},
	} {
		if got := weight(tc.at); math.Abs(got-tc.want) > tc.want*1e-12 {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

// Neither an extreme half-life nor an extreme time makes a weight infinite, negative
// or not a number.
func TestDecayIsAlwaysANumber(t *testing.T) {
	times := []time.Time{
		{}, landmark, landmark.Add(1), time.Unix(math.MaxInt32, 0), time.Unix(1<<40, 0), time.Unix(-1<<40, 0),
	}
	for _, halfLife := range []time.Duration{1, time.Millisecond, time.Hour, math.MaxInt64} {
		weight := topn.Decay(halfLife, landmark)
		for _, at := range times {
			if w := weight(at); math.IsNaN(w) || math.IsInf(w, 0) || w < 0 {
				t.Errorf("half-life %v at %v: %v", halfLife, at, w)
			}
		}
	}
}

func TestDecayNeedsAHalfLife(t *testing.T) {
	for _, halfLife := range []time.Duration{0, -time.Hour} {
		require.PanicsWithValue(t, "topn: Decay: halfLife is "+halfLife.String()+", want a positive duration",
			func() { topn.Decay(halfLife, landmark) })
	}
}

// The order by sums of weights is that of scores which fade, whenever one looks.
func TestDecayOrdersAsFadingScoresWould(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	const members, halfLife = 20, time.Hour
	weight := topn.Decay(halfLife, landmark)
	var sums [members]float64
	var events [members][]time.Time
	for range 500 {
		m, at := r.IntN(members), landmark.Add(time.Duration(r.Int64N(int64(20*halfLife))))
		sums[m] += weight(at)
		events[m] = append(events[m], at)
	}
	for _, now := range []time.Time{landmark.Add(20 * halfLife), landmark.Add(40 * halfLife)} {
		var faded [members]float64
		for m := range members {
			for _, at := range events[m] {
				faded[m] += math.Exp2(-now.Sub(at).Hours())
			}
			require.InEpsilon(t, faded[m], sums[m]/weight(now), 1e-9)
		}
		for a := range members {
			for b := range members {
				if faded[a] > faded[b]*(1+1e-9) && sums[a] <= sums[b] {
					t.Errorf("at %v member %d is worth %v and %d %v, but the sums are %v and %v",
						now, a, faded[a], b, faded[b], sums[a], sums[b])
				}
			}
		}
	}
}

func BenchmarkDecay(b *testing.B) {
	weight := topn.Decay(12*time.Hour, landmark)
	at := landmark.Add(100 * time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		weight(at)
	}
}
