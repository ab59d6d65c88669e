package cachex

import (
	"hash/maphash"
	"math"
	"math/bits"
)

// An id stands for a Key in this process: two hashes under random seeds, so
// that nobody can choose Keys that meet. Should two meet all the same, they
// would share a record, but never a code: a code's MAC is over the Key itself.
type id struct{ a, b uint64 }

// A namer makes ids.
type namer [2]maphash.Seed

func newNamer() namer { return namer{maphash.MakeSeed(), maphash.MakeSeed()} }

func (n *namer) id(k Key) id {
	return id{maphash.Comparable(n[0], k), maphash.Comparable(n[1], k)}
}

// A row is one record in a table, in words. Words from rowStarts on are as many
// as the policies need: the starts of the send windows, then their counts from
// the third on, four to a word.
type row []uint64

const (
	rowID     = 0 // two words
	rowCode   = 2 // two words
	rowGen    = 4
	rowSentAt = 5
	rowWrongs = 6 // start of the guess window
	rowDue    = 7 // see table
	rowPlace  = 8 // policy index and place in the heap, 32 bits each
	rowCounts = 9 // left, wrongs and the first two send counts, 16 bits each
	rowStarts = 10
)

// chunkRows is how many rows are allocated at once.
const chunkRows = 64

// A table holds rows by id and knows which is due first. It is three parts: the
// rows, dense and in no order, in chunks that never move; an index of them with
// open addressing; and a heap of them by due. None of it holds pointers that
// the garbage collector would follow per row, and none grows by copying rows.
//
// A row's due is when to look at it again, never later than its end: an end
// that moves away leaves due alone, so that most changes don't touch the heap.
type table struct {
	stride int // words per row
	sends  int // send windows per row
	n      uint32
	chunks [][]uint64
	index  []uint32 // 8 bits of the id, then the row's number+1 in 24; 0 is empty
	heap   []uint32 // row numbers
}

func newTable(sends int) table {
	stride := rowStarts + sends
	if sends > 2 {
		stride++
	}
	return table{stride: stride, sends: sends, index: make([]uint32, 8)}
}

func (t *table) row(ref uint32) row {
	at := int(ref%chunkRows) * t.stride
	return row(t.chunks[ref/chunkRows][at : at+t.stride : at+t.stride])
}

func (r row) id() id { return id{r[rowID], r[rowID+1]} }

// home returns where in the index the search for k starts.
func (t *table) home(k id) int {
	hi, _ := bits.Mul64(k.b, uint64(len(t.index)))
	return int(hi)
}

func (t *table) after(i int) int {
	if i++; i < len(t.index) {
		return i
	}
	return 0
}

func tag(k id) uint32 { return uint32(k.a>>56) << 24 }

// slot returns k's place in the index, or the free one where it belongs.
func (t *table) slot(k id) (at int, ok bool) {
	for at = t.home(k); ; at = t.after(at) {
		cell := t.index[at]
		if cell == 0 {
			return at, false
		}
		if cell&^refMask == tag(k) && t.row(cell&refMask-1).id() == k {
			return at, true
		}
	}
}

const refMask = 1<<24 - 1

func (t *table) find(k id) (ref uint32, ok bool) {
	at, ok := t.slot(k)
	if !ok {
		return 0, false
	}
	return t.index[at]&refMask - 1, true
}

// insert adds a row for k, which must not be there, and returns its number.
func (t *table) insert(k id, policy uint32, due int64) uint32 {
	if n := len(t.index); int(t.n) >= n-n/4 {
		t.reindex(n + n/2)
	}
	ref := t.n
	if int(ref/chunkRows) == len(t.chunks) {
		t.chunks = append(t.chunks, make([]uint64, chunkRows*t.stride))
	}
	t.n++
	r := t.row(ref)
	r[rowID], r[rowID+1] = k.a, k.b
	r[rowPlace] = uint64(policy) << 32
	r[rowDue] = uint64(due)
	at, _ := t.slot(k)
	t.index[at] = tag(k) | (ref + 1)
	t.push(ref)
	return ref
}

// remove deletes a row. The last row takes its number.
func (t *table) remove(ref uint32) {
	at, _ := t.slot(t.row(ref).id())
	t.vacate(at)
	t.drop(t.row(ref).place())
	t.n--
	last := t.row(t.n)
	if ref != t.n {
		at, _ = t.slot(last.id())
		t.index[at] = tag(last.id()) | (ref + 1)
		t.heap[last.place()] = ref
		copy(t.row(ref), last)
	}
	clear(last)
	t.shrink()
}

// vacate empties a place in the index and closes the gap in its run.
func (t *table) vacate(hole int) {
	for at := t.after(hole); t.index[at] != 0; at = t.after(at) {
		home := t.home(t.row(t.index[at]&refMask - 1).id())
		if between(hole, home, at) {
			continue
		}
		t.index[hole] = t.index[at]
		hole = at
	}
	t.index[hole] = 0
}

// between reports whether home lies after hole and not after at, going round.
func between(hole, home, at int) bool {
	if hole < at {
		return hole < home && home <= at
	}
	return hole < home || home <= at
}

// shrink gives memory back when most of it is unused.
func (t *table) shrink() {
	if used := int(t.n/chunkRows) + 2; len(t.chunks) > used {
		t.chunks[used] = nil
		t.chunks = t.chunks[:used]
	}
	if n := len(t.index); n > 16 && int(t.n) < n/4 {
		t.reindex(n / 2)
		t.heap = append(make([]uint32, 0, n/2), t.heap...)
		t.chunks = append(make([][]uint64, 0, len(t.chunks)), t.chunks...)
	}
}

func (t *table) reindex(n int) {
	t.index = make([]uint32, n)
	for ref := range t.n {
		k := t.row(ref).id()
		at, _ := t.slot(k)
		t.index[at] = tag(k) | (ref + 1)
	}
}

// due returns the earliest due of all rows, MaxInt64 without rows.
func (t *table) due() int64 {
	if len(t.heap) == 0 {
		return math.MaxInt64
	}
	return t.row(t.heap[0]).due()
}
