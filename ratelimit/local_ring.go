package ratelimit

import "sort"

// A ring is the times of a key's hits, in order.
type ring struct {
	arena  *arena
	ref    uint32
	buf    []int64 // as long as a power of 2; nil until it is needed
	head   int     // the place of the oldest
	n      int
	oldest int64
}

func (g *ring) load() []int64 {
	if g.buf == nil {
		g.buf = g.arena.ring(g.ref)
	}
	return g.buf
}

// at returns the i-th oldest time.
func (g *ring) at(i int) int64 {
	if i == 0 {
		return g.oldest
	}
	buf := g.load()
	return buf[(g.head+i)&(len(buf)-1)]
}

// until returns how many hits came at t or before.
func (g *ring) until(t int64) int {
	if g.n == 0 || g.oldest > t {
		return 0
	}
	return sort.Search(g.n, func(i int) bool { return g.at(i) > t })
}

// cut removes the n oldest times.
func (g *ring) cut(n int) {
	if n == 0 {
		return
	}
	if n < g.n {
		g.oldest = g.at(n)
	}
	g.head, g.n = (g.head+n)&(len(g.load())-1), g.n-n
}

// push adds a time, for which there is a place.
func (g *ring) push(t int64) {
	if g.n == 0 {
		g.oldest = t
	}
	buf := g.load()
	buf[(g.head+g.n)&(len(buf)-1)] = t
	g.n++
}

// remove removes the times from the i-th to before the j-th.
func (g *ring) remove(i, j int) {
	if i == 0 {
		g.cut(j)
		return
	}
	buf := g.load()
	for ; j < g.n; i, j = i+1, j+1 {
		buf[(g.head+i)&(len(buf)-1)] = g.at(j)
	}
	g.n = i
}

// fit moves g to memory of the right size for n times, unless it is in such, or
// in a larger one that isn't mostly unused. g may have none, and then has no
// times either.
func (g *ring) fit(n int) {
	size := 0
	if g.ref != 0 {
		size = ringLen(g.ref & (1<<sizeBits - 1))
	}
	if n <= size && (n > size/4 || size == ringMin) {
		return
	}
	ref, buf := g.arena.get(n)
	for i := range g.n {
		buf[i] = g.at(i)
	}
	if g.ref != 0 {
		g.arena.put(g.ref)
	}
	g.ref, g.buf, g.head = ref, buf, 0
}
