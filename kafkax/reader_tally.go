package kafkax

// A tally gathers values for a histogram under a lock that is held anyway, which
// saves two atomic operations a value. What it has gathered is seen after flush.
type tally struct {
	to     *histogram
	counts []uint64
	sum    float64
}

func newTally(h *histogram) tally { return tally{to: h, counts: make([]uint64, len(h.counts))} }

func (t *tally) observe(v float64) {
	if t.to.native != nil {
		t.to.observe(v)
		return
	}
	t.counts[t.to.bucket(v)]++
	t.sum += v
}

func (t *tally) flush() {
	for i, n := range t.counts {
		if n > 0 {
			t.to.counts[i].Add(n)
			t.counts[i] = 0
		}
	}
	if t.sum != 0 {
		t.to.addSum(t.sum)
		t.sum = 0
	}
}
