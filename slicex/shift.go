package slicex

import "unsafe"

// What the runtime's memmove does on amd64 makes some shifts several times
// slower than they need to be. From 1 MiB on it writes around the caches, which
// is wrong for memory that it has just read. And on recent Intel processors it
// uses REP MOVSQ from 2 KiB on if the destination is aligned to 16 bytes, which
// is slow when source and destination are less than 64 bytes apart. So a long
// shift is done in chunks that stay below the first limit, and a near one begins
// every chunk at an address that is not aligned, where the elements allow that.
// Elsewhere this costs a few instructions for each chunk.
const (
	chunkBytes = 512 << 10 // fits a second-level cache
	aroundFrom = 1 << 20   // from that size on memmove goes around the caches
	repFrom    = 2 << 10   // from that size on it may use REP MOVSQ
	repAlign   = 16        // for destinations aligned to that
	repNear    = 64        // and is slow if they are nearer than that
)

// long reports whether a shift of n elements is one for shiftLong.
func long[E any](n int) bool {
	size := sizeOf[E](1)
	if size < repNear && size%repAlign != 0 {
		return sizeOf[E](n) >= repFrom
	}
	return sizeOf[E](n) >= aroundFrom
}

// shift copies src to dst, which is at least as long and may begin earlier in
// the same array.
func shift[S ~[]E, E any](dst, src S) {
	if long[E](len(src)) {
		shiftLong(dst, src)
	} else {
		copy(dst, src)
	}
}

// shiftLong is shift in chunks. Elements of size zero never get here, one that
// is larger than a chunk is a chunk of its own.
//
//go:noinline
func shiftLong[S ~[]E, E any](dst, src S) {
	size := sizeOf[E](1)
	chunk := max(1, int(chunkBytes/size))
	near := size%repAlign != 0 && address(src)-address(dst) < repNear
	for len(src) > 0 {
		if near && address(dst)%repAlign == 0 {
			dst[0] = src[0]
			dst, src = dst[1:], src[1:]
		}
		n := min(chunk, len(src))
		copy(dst, src[:n])
		dst, src = dst[n:], src[n:]
	}
}

// address returns where the array of s begins.
func address[S ~[]E, E any](s S) uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(s)))
}
