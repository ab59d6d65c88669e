package smsfailover

// A memQueue is a heap of jobs that know their place in it; see container/heap.
type memQueue struct {
	jobs   []*memJob
	before func(a, b *memJob) bool
	place  func(e *memJob) *int
}

func duePlace(e *memJob) *int { return &e.at }
func agePlace(e *memJob) *int { return &e.ageAt }

func dueFirst(a, b *memJob) bool {
	if d := a.due.Compare(b.due); d != 0 {
		return d < 0
	}
	return a.seq < b.seq
}

func enqueuedFirst(a, b *memJob) bool { return a.seq < b.seq }

// Len is part of heap.Interface.
func (q *memQueue) Len() int { return len(q.jobs) }

// Less is part of heap.Interface.
func (q *memQueue) Less(i, j int) bool { return q.before(q.jobs[i], q.jobs[j]) }

// Swap is part of heap.Interface.
func (q *memQueue) Swap(i, j int) {
	q.jobs[i], q.jobs[j] = q.jobs[j], q.jobs[i]
	*q.place(q.jobs[i]), *q.place(q.jobs[j]) = i, j
}

// Push is part of heap.Interface.
func (q *memQueue) Push(x any) {
	e := x.(*memJob)
	*q.place(e) = len(q.jobs)
	q.jobs = append(q.jobs, e)
}

// Pop is part of heap.Interface. It gives memory back when most is unused.
func (q *memQueue) Pop() any {
	n := len(q.jobs) - 1
	e := q.jobs[n]
	q.jobs[n] = nil
	q.jobs = q.jobs[:n]
	if n <= cap(q.jobs)/4 && cap(q.jobs) > 64 {
		q.jobs = append(make([]*memJob, 0, 2*n), q.jobs...)
	}
	return e
}
