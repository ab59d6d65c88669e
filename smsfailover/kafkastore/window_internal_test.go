package kafkastore

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// naive keeps what is known of each offset in a map.
type naive struct {
	base, next int64
	marks      map[int64]mark
}

func (n *naive) advance() {
	for n.base < n.next && n.marks[n.base] == finished {
		n.base++
	}
}

// A window does what a map of all offsets does, through finishes in any order, gaps
// and takeovers at any moment.
func TestWindowIsLikeAMap(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 60 {
		limit := 1 + r.IntN(40)
		start := r.Int64N(1000)
		w, n := newWindow(start, nil), &naive{base: start, next: start, marks: make(map[int64]mark)}
		for range 200 {
			step(t, r, &w, n, limit)
			require.Equal(t, n.base, w.base)
			require.Equal(t, n.next, w.next())
			require.LessOrEqual(t, len(w.marks), limit)
			for at := n.base; at < n.next; at++ {
				require.Equal(t, n.marks[at], w.get(at), "offset %d", at)
			}
		}
	}
}

func step(t *testing.T, r *rand.Rand, w *window, n *naive, limit int) {
	t.Helper()
	switch r.IntN(5) {
	case 0, 1: // read the next, seldom with a gap before it
		offset := n.next + r.Int64N(8)/6
		_, ok := w.add(offset, limit)
		if n.base == n.next {
			n.base = offset
		}
		require.Equal(t, offset-n.base < int64(limit), ok)
		if !ok {
			return
		}
		for at := n.next; at < offset; at++ {
			n.marks[at] = finished
		}
		n.next = offset + 1
		n.advance()
	case 2, 3: // finish or claim one that isn't finished
		at, ok := unfinished(r, n)
		if !ok {
			return
		}
		m := finished
		if r.IntN(2) == 0 {
			m = min(w.get(at)+1, mostClaim)
		}
		w.set(at, m)
		n.marks[at] = m
		n.advance()
	case 4: // another takes over
		marks, err := decodeMarks(encodeMarks(w.known()))
		require.NoError(t, err)
		next := w.next()
		again := newWindow(w.base, marks)
		for at := w.base; at < next; at++ {
			known, ok := again.add(at, limit)
			require.True(t, ok)
			require.Equal(t, n.marks[at], known)
		}
		*w = again
	}
}

func unfinished(r *rand.Rand, n *naive) (int64, bool) {
	var all []int64
	for at := n.base; at < n.next; at++ {
		if n.marks[at] != finished {
			all = append(all, at)
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	return all[r.IntN(len(all))], true
}

// Whatever a window holds fits into the metadata of a commit, which brokers limit to
// 4096 bytes.
func TestMarksFit(t *testing.T) {
	worst := make([]mark, maxWindow)
	for i := range worst {
		worst[i] = mark(1 + i%2)
	}
	text := encodeMarks(worst)
	require.LessOrEqual(t, len(text), 4096)
	got, err := decodeMarks(text)
	require.NoError(t, err)
	require.Equal(t, worst, got)
	require.Empty(t, encodeMarks(make([]mark, 100)), "untouched ones take nothing")
}

func TestMarksOfOthers(t *testing.T) {
	for name, text := range map[string]string{
		"another version": "2AAA", "no base64": "1*", "half a run": "1AQ", "no length": "1AQA", "a run that is too long": "1Af//fw",
	} {
		_, err := decodeMarks(text)
		require.ErrorIs(t, err, ErrRecord, name)
	}
}

func FuzzMarks(f *testing.F) {
	f.Add("")
	f.Add(encodeMarks([]mark{1, 1, finished, 0, 0, 0, 7}))
	f.Fuzz(func(t *testing.T, text string) {
		marks, err := decodeMarks(text)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(marks), maxWindow)
		again, err := decodeMarks(encodeMarks(marks))
		require.NoError(t, err)
		for len(marks) > 0 && marks[len(marks)-1] == untouched {
			marks = marks[:len(marks)-1]
		}
		require.True(t, slices.Equal(marks, again))
	})
}
