package kafkastore

import "container/heap"

// A queue is a heap of entries by the time at which something is to happen to
// them; see container/heap.
type queue []*entry

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	if d := a.wake.Compare(b.wake); d != 0 {
		return d < 0
	}
	return a.order < b.order
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push is part of heap.Interface.
func (q *queue) Push(x any) {
	e := x.(*entry)
	e.index = len(*q)
	*q = append(*q, e)
}

// Pop is part of heap.Interface.
func (q *queue) Pop() any {
	n := len(*q) - 1
	e := (*q)[n]
	(*q)[n] = nil
	*q = (*q)[:n]
	return e
}

// put puts e into q, out of the queue in which it is.
func (q *queue) put(e *entry) {
	e.leave()
	e.queue = q
	heap.Push(q, e)
}

// leave takes e out of the queue in which it is, if any.
func (e *entry) leave() {
	if e.queue != nil {
		heap.Remove(e.queue, e.index)
		e.queue = nil
	}
}
