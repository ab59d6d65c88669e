package cachex

// The heap of a table orders its rows by due; each row knows its place in it.

func (t *table) push(ref uint32) {
	t.heap = append(t.heap, ref)
	t.up(len(t.heap) - 1)
}

// drop takes the row at a place out of the heap.
func (t *table) drop(place uint32) {
	last := len(t.heap) - 1
	moved := t.heap[last]
	t.heap = t.heap[:last]
	if int(place) == last {
		return
	}
	t.put(int(place), moved)
	t.down(int(place))
	t.up(int(t.row(moved).place()))
}

// reschedule sets a row's due.
func (t *table) reschedule(ref uint32, due int64) {
	r := t.row(ref)
	later := due > r.due()
	r[rowDue] = uint64(due)
	if later {
		t.down(int(r.place()))
	} else {
		t.up(int(r.place()))
	}
}

func (t *table) put(place int, ref uint32) {
	t.heap[place] = ref
	t.row(ref).setPlace(uint32(place))
}

func (t *table) up(i int) {
	ref := t.heap[i]
	due := t.row(ref).due()
	for i > 0 {
		parent := (i - 1) / 2
		if t.row(t.heap[parent]).due() <= due {
			break
		}
		t.put(i, t.heap[parent])
		i = parent
	}
	t.put(i, ref)
}

func (t *table) down(i int) {
	ref := t.heap[i]
	due := t.row(ref).due()
	for {
		child := 2*i + 1
		if child >= len(t.heap) {
			break
		}
		if right := child + 1; right < len(t.heap) && t.row(t.heap[right]).due() < t.row(t.heap[child]).due() {
			child = right
		}
		if due <= t.row(t.heap[child]).due() {
			break
		}
		t.put(i, t.heap[child])
		i = child
	}
	t.put(i, ref)
}
