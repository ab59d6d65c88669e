package ratelimit

import "math/bits"

// An id stands for a key in this process: 96 bits of hashes under random seeds,
// so that nobody can choose keys that meet. a is never 0.
type id struct {
	a uint64
	b uint32
}

// A row is what is known of one key: its id and a small word in rowWords words,
// a word per limit that is a time, and more smalls of 32 bits.
type row []uint64

const rowWords = 2

// A shape is the layout of rows.
type shape struct {
	words int // of a row
	times int // words that are times; the row is as good as none after the last
}

func newShape(limits, smalls int) shape {
	return shape{words: rowWords + limits + smalls/2, times: limits}
}

// noRow is the row of a key that has none. Nobody writes to it.
var noRow = make(row, newShape(maxLimits, 2*maxLimits).words)

func (r row) id() id { return id{r[0], uint32(r[1] >> 32)} }

func (r row) low() uint32 { return uint32(r[1]) }

func (r row) setLow(x uint32) { r[1] = r[1]>>32<<32 | uint64(x) }

func (r row) word(i int) *uint64 { return &r[rowWords+i] }

// small returns the i-th small of a row under so many limits. The first is
// beside the id.
func (r row) small(limits, i int) uint32 {
	if i == 0 {
		return r.low()
	}
	return uint32(r[rowWords+limits+(i-1)/2] >> (32 * uint(i&1)))
}

func (r row) setSmall(limits, i int, x uint32) {
	if i == 0 {
		r.setLow(x)
		return
	}
	w, shift := &r[rowWords+limits+(i-1)/2], 32*uint(i&1)
	*w = *w&^(0xffffffff<<shift) | uint64(x)<<shift
}

// end returns the last moment at which the row may be more than none.
func (r row) end(times int) (end int64) {
	for _, t := range r[rowWords : rowWords+times] {
		end = max(end, int64(t))
	}
	return end
}

// A table holds rows by id in one array without pointers, with open addressing.
// A row moves when another is added or removed.
type table struct {
	shape
	array []uint64
	slots int
	n     int // used slots
	next  int // the slot that sweep looks at next
}

const minSlots = 8

func (t *table) at(slot int) row {
	i := slot * t.words
	return row(t.array[i : i+t.words : i+t.words])
}

// home returns where the search for k starts. Its shard is in other bits of a.
func (t *table) home(k id) int {
	hi, _ := bits.Mul64(k.a, uint64(t.slots))
	return int(hi)
}

func (t *table) after(slot int) int {
	if slot++; slot < t.slots {
		return slot
	}
	return 0
}

// slot returns k's slot, or the free one where it belongs.
func (t *table) slot(k id) (slot int, ok bool) {
	for slot = t.home(k); ; slot = t.after(slot) {
		switch r := t.at(slot); {
		case r[0] == 0:
			return slot, false
		case r.id() == k:
			return slot, true
		}
	}
}

// find returns the row of k, or noRow.
func (t *table) find(k id) (r row, ok bool) {
	if t.n == 0 {
		return noRow, false
	}
	slot, ok := t.slot(k)
	if !ok {
		return noRow, false
	}
	return t.at(slot), true
}

// full reports whether the table must be resized before another row is added.
func (t *table) full() bool { return t.n >= t.slots-t.slots/5 }

// sparse reports whether most of the table is unused.
func (t *table) sparse() bool { return t.slots > minSlots && t.n < t.slots/4 }

// insert adds a row of zeros for k, which has none. The table isn't full.
func (t *table) insert(k id) row {
	slot, _ := t.slot(k)
	r := t.at(slot)
	r[0], r[1] = k.a, uint64(k.b)<<32
	t.n++
	return r
}

// remove empties a slot and closes the gap in its run.
func (t *table) remove(hole int) {
	for slot := t.after(hole); t.at(slot)[0] != 0; slot = t.after(slot) {
		if between(hole, t.home(t.at(slot).id()), slot) {
			continue
		}
		copy(t.at(hole), t.at(slot))
		hole = slot
	}
	clear(t.at(hole))
	t.n--
}

// between reports whether home lies after hole and not after slot, going round.
func between(hole, home, slot int) bool {
	if hole < slot {
		return hole < home && home <= slot
	}
	return hole < home || home <= slot
}

// resize moves all rows to a new array.
func (t *table) resize(slots int) {
	old := *t
	t.slots, t.n, t.next = max(slots, minSlots), 0, 0
	t.array = make([]uint64, t.slots*t.words)
	for slot := range old.slots {
		if r := old.at(slot); r[0] != 0 {
			copy(t.insert(r.id()), r)
		}
	}
}
