package cachex

import "encoding/binary"

func (r row) due() int64     { return int64(r[rowDue]) }
func (r row) policy() uint32 { return uint32(r[rowPlace] >> 32) }
func (r row) place() uint32  { return uint32(r[rowPlace]) }

func (r row) setPlace(at uint32) { r[rowPlace] = r[rowPlace]&^(1<<32-1) | uint64(at) }

// count returns a word and a shift: where in r the i-th count is.
func (r row) count(i int) (word *uint64, shift int) {
	word = &r[rowCounts]
	if i >= 4 {
		word = &r[len(r)-1]
	}
	return word, i % 4 * 16
}

func (r row) getCount(i int) uint16 {
	word, shift := r.count(i)
	return uint16(*word >> shift)
}

func (r row) setCount(i int, n uint16) {
	word, shift := r.count(i)
	*word = *word&^(0xffff<<shift) | uint64(n)<<shift
}

// load returns the record in r.
func (r row) load(sends int) (rec record) {
	binary.LittleEndian.PutUint64(rec.code[:8], r[rowCode])
	binary.LittleEndian.PutUint64(rec.code[8:], r[rowCode+1])
	rec.gen = r[rowGen]
	rec.sentAt = int64(r[rowSentAt])
	rec.left = r.getCount(0)
	rec.wrongs = window{int64(r[rowWrongs]), r.getCount(1)}
	for i := range sends {
		rec.sends[i] = window{int64(r[rowStarts+i]), r.getCount(2 + i)}
	}
	return rec
}

// store puts rec into r.
func (r row) store(rec *record, sends int) {
	r[rowCode] = binary.LittleEndian.Uint64(rec.code[:8])
	r[rowCode+1] = binary.LittleEndian.Uint64(rec.code[8:])
	r[rowGen] = rec.gen
	r[rowSentAt] = uint64(rec.sentAt)
	r[rowWrongs] = uint64(rec.wrongs.start)
	r.setCount(0, rec.left)
	r.setCount(1, rec.wrongs.count)
	for i := range sends {
		r[rowStarts+i] = uint64(rec.sends[i].start)
		r.setCount(2+i, rec.sends[i].count)
	}
}
