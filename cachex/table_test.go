package cachex

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A tableModel does what a table does, with a map.
type tableModel struct {
	t     *testing.T
	table table
	rows  map[id]*modelRow
}

type modelRow struct {
	rec    record
	policy uint32
	due    int64
}

func newTableModel(t *testing.T, sends int) *tableModel {
	return &tableModel{t: t, table: newTable(sends), rows: make(map[id]*modelRow)}
}

// nearID returns one of 256 ids that crowd one place of the index or share
// their tag.
func nearID(n byte) id {
	return id{a: uint64(n%3) << 56, b: uint64(n) << 58}
}

func (m *tableModel) record(r *rand.Rand) record {
	rec := record{gen: r.Uint64(), sentAt: r.Int64(), left: uint16(r.Uint32())}
	rec.wrongs = window{r.Int64(), uint16(r.Uint32())}
	for i := range rec.code {
		rec.code[i] = byte(r.Uint32())
	}
	for i := range m.table.sends {
		rec.sends[i] = window{r.Int64(), uint16(r.Uint32())}
	}
	return rec
}

func (m *tableModel) step(op byte, k id, r *rand.Rand) {
	want, there := m.rows[k]
	ref, ok := m.table.find(k)
	if ok != there {
		m.t.Fatalf("find: %v, want %v", ok, there)
	}
	switch {
	case !there:
		row := &modelRow{m.record(r), r.Uint32(), r.Int64N(1000)}
		m.rows[k] = row
		ref = m.table.insert(k, row.policy, row.due)
		m.table.row(ref).store(&row.rec, m.table.sends)
	case op%4 == 0:
		want.due = r.Int64N(1000)
		m.table.reschedule(ref, want.due)
	case op%4 == 1:
		want.rec = m.record(r)
		m.table.row(ref).store(&want.rec, m.table.sends)
	default:
		delete(m.rows, k)
		m.table.remove(ref)
	}
}

// check compares all of the table with the model, and its parts with each other.
func (m *tableModel) check() {
	m.t.Helper()
	if int(m.table.n) != len(m.rows) || len(m.table.heap) != len(m.rows) {
		m.t.Fatalf("%d rows, %d in the heap, want %d", m.table.n, len(m.table.heap), len(m.rows))
	}
	first := int64(math.MaxInt64)
	for k, want := range m.rows {
		first = min(first, want.due)
		ref, ok := m.table.find(k)
		if !ok {
			m.t.Fatalf("row %v is lost", k)
		}
		row := m.table.row(ref)
		if row.load(m.table.sends) != want.rec || row.policy() != want.policy || row.due() != want.due {
			m.t.Fatalf("row %v differs", k)
		}
		if m.table.heap[row.place()] != ref {
			m.t.Fatalf("row %v isn't at its place in the heap", k)
		}
	}
	if m.table.due() != first {
		m.t.Fatalf("due is %d, want %d", m.table.due(), first)
	}
	for i := range m.table.heap {
		if i > 0 && m.table.row(m.table.heap[(i-1)/2]).due() > m.table.row(m.table.heap[i]).due() {
			m.t.Fatalf("the heap is out of order at %d", i)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add(uint64(1), byte(2), []byte("abcabcabc"))
	f.Add(uint64(2), byte(0), []byte{0, 64, 128, 192, 0, 64, 128, 192, 1, 2, 3, 1, 2, 3})
	f.Fuzz(func(t *testing.T, seed uint64, sends byte, ops []byte) {
		r := rand.New(rand.NewPCG(seed, 0))
		m := newTableModel(t, int(sends%(maxBudgets+1)))
		for _, op := range ops[:min(len(ops), 400)] {
			m.step(byte(r.Uint32()), nearID(op), r)
			m.check()
		}
	})
}

// Growth and shrinking through many chunks and sizes of the index.
func TestTableAgainstModel(t *testing.T) {
	for sends := range maxBudgets + 1 {
		r := rand.New(rand.NewPCG(uint64(sends), 7))
		m := newTableModel(t, sends)
		for range 3000 {
			m.step(1, id{r.Uint64(), r.Uint64()}, r)
		}
		m.check()
		for k := range m.rows {
			m.step(3, k, r)
			if len(m.rows)%500 == 0 {
				m.check()
			}
		}
		if len(m.table.chunks) > 2 || len(m.table.index) > 16 || cap(m.table.heap) > 16 {
			t.Errorf("an empty table keeps %d chunks, %d index cells, %d heap cells",
				len(m.table.chunks), len(m.table.index), cap(m.table.heap))
		}
	}
}

func TestBetween(t *testing.T) {
	for _, tc := range []struct {
		hole, home, at int
		want           bool
	}{
		{2, 3, 5, true},
		{2, 5, 5, true},
		{2, 2, 5, false},
		{2, 6, 5, false},
		{6, 7, 1, true},
		{6, 0, 1, true},
		{6, 1, 1, true},
		{6, 6, 1, false},
		{6, 2, 1, false},
	} {
		if got := between(tc.hole, tc.home, tc.at); got != tc.want {
			t.Errorf("between(%d, %d, %d) = %v, want %v", tc.hole, tc.home, tc.at, got, tc.want)
		}
	}
}
