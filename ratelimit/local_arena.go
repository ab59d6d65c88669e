package ratelimit

import "math/bits"

// An arena holds the rings of a shard, by size: powers of 2 from ringMin up. A
// ring that is given back is used again, so that hits allocate nothing once the
// shard has its rings; and the garbage collector has no pointer to follow per
// key. What is unused beyond that is given up when the shard is repacked.
type arena struct {
	sizes []ringSize
}

const (
	ringMin   = 4
	sizeBits  = 5   // of a ref, for the size
	chunkSize = 256 // times that are allocated at once, where rings are smaller
)

// A ringSize is all rings of one size.
type ringSize struct {
	chunks [][]int64
	made   uint32 // rings in chunks that were ever handed out
	free   uint32 // of them, given back: a list by their first element
	first  uint32 // its first ref
}

func ringLen(size uint32) int { return ringMin << size }

func perChunk(size uint32) uint32 { return uint32(max(1, chunkSize/ringLen(size))) }

// sizeFor returns the size of rings that hold n times.
func sizeFor(n int) uint32 {
	if n <= ringMin {
		return 0
	}
	return uint32(bits.Len(uint(n-1)) - bits.Len(uint(ringMin-1)))
}

// get returns a ring that holds n times, in no state. Its ref is not 0.
func (a *arena) get(n int) (ref uint32, buf []int64) {
	size := sizeFor(n)
	for len(a.sizes) <= int(size) {
		a.sizes = append(a.sizes, ringSize{})
	}
	z := &a.sizes[size]
	if z.first != 0 {
		ref = z.first
		buf = a.ring(ref)
		z.first = uint32(buf[0])
		z.free--
		return ref, buf
	}
	if z.made/perChunk(size) == uint32(len(z.chunks)) {
		z.chunks = append(z.chunks, make([]int64, int(perChunk(size))*ringLen(size)))
	}
	z.made++
	ref = z.made<<sizeBits | size
	return ref, a.ring(ref)
}

// ring returns the ring that get returned with ref.
func (a *arena) ring(ref uint32) []int64 {
	size, number := ref&(1<<sizeBits-1), ref>>sizeBits-1
	at, n := int(number%perChunk(size))*ringLen(size), ringLen(size)
	return a.sizes[size].chunks[number/perChunk(size)][at : at+n : at+n]
}

// put gives a ring back.
func (a *arena) put(ref uint32) {
	z := &a.sizes[ref&(1<<sizeBits-1)]
	a.ring(ref)[0] = int64(z.first)
	z.first = ref
	z.free++
	if z.free == z.made && len(z.chunks) > 1 { // one chunk stays, for the next ring
		*z = ringSize{}
	}
}

// wasteful reports whether rings that are given back take more of the
// memory than those in use, and enough to care.
func (a *arena) wasteful() bool {
	used, free := 0, 0
	for size := range a.sizes {
		z := &a.sizes[size]
		used += int(z.made-z.free) * ringLen(uint32(size))
		free += int(z.free) * ringLen(uint32(size))
	}
	return free > used && free > 2*chunkSize
}

func (a *arena) bytes() (n int64) {
	for size := range a.sizes {
		n += int64(len(a.sizes[size].chunks)) * int64(perChunk(uint32(size))) * int64(ringLen(uint32(size))) * 8
	}
	return n
}
