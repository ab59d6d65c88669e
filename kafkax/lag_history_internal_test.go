package kafkax

import (
	"math/rand/v2"
	"testing"
	"time"
)

// arrivals is a log whose messages came at known times, in order.
type arrivals []time.Duration

// end returns where the log ended at a time.
func (a arrivals) end(at time.Duration) int64 {
	n := int64(0)
	for _, came := range a {
		if came <= at {
			n++
		}
	}
	return n
}

func TestAHistoryIsWrongByLessThanTheDistanceOfItsPolls(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		log := make(arrivals, 1+rnd.IntN(60))
		at := time.Duration(0)
		for i := range log {
			at += time.Duration(rnd.IntN(5)) * time.Duration(rnd.IntN(3000)) * time.Millisecond
			log[i] = at
		}
		checkHistory(t, rnd, log)
	}
}

func checkHistory(t *testing.T, rnd *rand.Rand, log arrivals) {
	t.Helper()
	const keep = 20 * time.Second
	var h endHistory
	now, longest := time.Duration(0), time.Duration(0)
	for range 30 {
		step := time.Duration(1+rnd.IntN(4000)) * time.Millisecond
		now, longest = now+step, max(longest, step)
		h.add(mark{now, log.end(now)}, keep)
		for offset := range log.end(now) {
			checkBorn(t, &h, now, offset, log[offset], longest, keep)
		}
		if _, mode := h.born(log.end(now)); mode != AgeNone {
			t.Fatalf("a message that hasn't come has the mode %v", mode)
		}
	}
}

func checkBorn(t *testing.T, h *endHistory, now time.Duration, offset int64, truth, longest, keep time.Duration) {
	t.Helper()
	born, mode := h.born(offset)
	switch mode {
	case AgeHistory:
		if off := (born - truth).Abs(); off >= longest {
			t.Fatalf("at %v, message %d came at %v, not at %v: wrong by %v with polls %v apart", now, offset, truth, born, off, longest)
		}
	case AgeAtLeast:
		if born < truth {
			t.Fatalf("at %v, message %d came at %v, which is after %v", now, offset, truth, born)
		}
		if age := now - truth; age <= keep && h.marks[0].at < now-keep {
			t.Fatalf("at %v, the history of %v forgot a message that is %v old", now, keep, age)
		}
	default:
		t.Fatalf("at %v, message %d came at %v: mode %v", now, offset, truth, mode)
	}
}

func TestAHistoryKeepsTwoMarksOfALogThatRests(t *testing.T) {
	var h endHistory
	for i := range 1000 {
		h.add(mark{time.Duration(i) * time.Second, 7}, time.Hour)
	}
	h.add(mark{1000 * time.Second, 8}, time.Hour)
	if len(h.marks) != 3 {
		t.Errorf("%d marks: %v", len(h.marks), h.marks)
	}
	if born, mode := h.born(7); born != 999500*time.Millisecond || mode != AgeHistory {
		t.Errorf("the message came at %v (%v), want between the last two polls", born, mode)
	}
}

func TestAHistoryForgetsWhatIsTooOld(t *testing.T) {
	var h endHistory
	for i := range 1000 {
		h.add(mark{time.Duration(i) * time.Second, int64(i)}, 10*time.Second)
	}
	if len(h.marks) != 11 || h.marks[0].at != 989*time.Second {
		t.Errorf("%d marks, the first at %v; want 11 from 989s", len(h.marks), h.marks[0].at)
	}
	if born, mode := h.born(3); born != 989*time.Second || mode != AgeAtLeast {
		t.Errorf("an old message came at %v (%v)", born, mode)
	}
}

func TestAHistoryOfAnotherLogStartsAnew(t *testing.T) {
	var h endHistory
	for i, end := range []int64{100, 200, 5, 9} {
		if reset := h.add(mark{time.Duration(i) * time.Second, end}, time.Hour); reset != (end == 5) {
			t.Errorf("end %d: reset %v", end, reset)
		}
	}
	if born, mode := h.born(4); born != 2*time.Second || mode != AgeAtLeast {
		t.Errorf("message 4 came at %v (%v)", born, mode)
	}
	if born, mode := h.born(6); born <= 2*time.Second || born >= 3*time.Second || mode != AgeHistory {
		t.Errorf("message 6 came at %v (%v)", born, mode)
	}
}

// Any ends at any times, also such as no broker sends, leave a history that
// answers.
func FuzzEndHistory(f *testing.F) {
	f.Add([]byte{1, 2, 3, 3, 3, 0, 9}, int64(2))
	f.Fuzz(func(t *testing.T, ends []byte, offset int64) {
		var h endHistory
		for i, end := range ends {
			h.add(mark{time.Duration(i), int64(end)}, 4)
			born, mode := h.born(offset)
			if born < 0 || born > time.Duration(i) {
				t.Fatalf("born at %v (%v), now is %v", born, mode, time.Duration(i))
			}
			if none := offset >= int64(end); none != (mode == AgeNone) {
				t.Fatalf("message %d of a log that ends at %d: mode %v", offset, end, mode)
			}
		}
	})
}
