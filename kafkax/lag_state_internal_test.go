package kafkax

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestDrainIsTheLagAtThePaceOfTheWindow(t *testing.T) {
	at := time.Now()
	sample := func(after time.Duration, end, committed int64) Sample {
		return Sample{At: at.Add(after), End: end, Committed: committed}
	}
	for _, tc := range []struct {
		name   string
		window []Sample
		want   time.Duration
	}{
		{"nothing unread", []Sample{sample(0, 5, 5)}, 0},
		{"one poll", []Sample{sample(0, 5, 4)}, DrainUnknown},
		{"two polls at once", []Sample{sample(0, 9, 4), sample(0, 9, 5)}, DrainUnknown},
		{"half done", []Sample{sample(0, 100, 0), sample(10*time.Second, 100, 50)}, 10 * time.Second},
		{"half done while as much came", []Sample{sample(0, 100, 0), sample(10*time.Second, 150, 100)}, 10 * time.Second},
		{"no pace", []Sample{sample(0, 100, 0), sample(10*time.Second, 120, 20)}, DrainNever},
		{"the wrong way", []Sample{sample(0, 100, 0), sample(10*time.Second, 150, 20)}, DrainNever},
		{"in 300 years", []Sample{sample(0, math.MaxInt64, 0), sample(10*time.Second, math.MaxInt64, 1)}, DrainNever},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := drain(tc.window); got != tc.want {
				t.Errorf("drain = %v, want %v", got, tc.want)
			}
		})
	}
}

// A naive count walks over every single message: lost is what was deleted while the
// partition was watched, and not committed at the poll that saw it.
func TestLossesAreCountedOnce(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		p := newLagPartition(lagKey{group: "g"})
		lost, rewinds := make(map[int64]bool), int64(0)
		s := Sample{End: int64(rnd.IntN(50)), Committed: -1}
		watched := int64(-1) // deleted before this offset when first seen
		for range 40 {
			before := s
			s.End += int64(rnd.IntN(20))
			s.Start += rnd.Int64N(s.End-s.Start+1) / int64(1+rnd.IntN(8))
			if rnd.IntN(3) > 0 {
				s.Committed = rnd.Int64N(s.End + 1)
			}
			if watched < 0 {
				watched = s.Start
			} else if s.Position() < before.Position() {
				rewinds++
			}
			for offset := watched; offset < s.Start; offset++ {
				if s.Committed >= 0 && offset >= s.Committed && offset >= max(before.Start, watched) {
					lost[offset] = true
				}
			}
			p.add(s)
			if p.truncated != int64(len(lost)) || p.rewinds != rewinds || len(p.window) > StatusWindow {
				t.Fatalf("%+v: %d lost and %d rewinds, want %d and %d", s, p.truncated, p.rewinds, len(lost), rewinds)
			}
		}
	}
}

func TestAnotherLogUnderTheSameNameHasNoWindow(t *testing.T) {
	p := newLagPartition(lagKey{group: "g"})
	for i := range 5 {
		p.add(Sample{Start: 50, End: 100 + int64(i), Committed: 60})
	}
	p.add(Sample{Start: 0, End: 3, Committed: 2})
	if len(p.window) != 1 || p.rewinds != 0 || p.truncated != 0 {
		t.Errorf("%d samples, %d rewinds, %d truncated; want a window of one and no losses", len(p.window), p.rewinds, p.truncated)
	}
}
