package topn

import (
	"fmt"
	"math"
	"strconv"
)

// A Codec writes members into Redis and reads them back. Decode(Encode(m)) must
// be m, and no member's encoding may be empty. Among members with equal scores
// the one with the greater encoding, byte by byte, is ahead: numbers should have
// a fixed width, or 9 is ahead of 10 and 10 ahead of 100. A Codec must be safe
// for concurrent use.
type Codec[M comparable] interface {
	Encode(M) string
	Decode(string) (M, error)
}

// Int64Codec returns the Codec of integers. Among equal scores the smaller number
// is ahead, which is the older row where ids rise: SQL's ORDER BY score DESC, id.
// A member n is stored as the 20 digits of 2^63-1-n.
func Int64Codec() Codec[int64] { return int64Codec{} }

// StringCodec returns the Codec of strings, which are stored as they are, UTF-8 or
// not. Among equal scores the greater string, byte by byte, is ahead.
func StringCodec() Codec[string] { return stringCodec{} }

type int64Codec struct{}

const int64Width = 20 // digits of 2^64-1

func (int64Codec) Encode(n int64) string {
	var digits [int64Width]byte
	rest := uint64(math.MaxInt64) - uint64(n) // 0 for the greatest, 2^64-1 for the least
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + rest%10)
		rest /= 10
	}
	return string(digits[:])
}

func (int64Codec) Decode(s string) (int64, error) {
	if len(s) != int64Width {
		return 0, fmt.Errorf("topn: decode a member: %d bytes, want %d digits", len(s), int64Width)
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' { // ParseUint would let no sign pass, but this says it in one place
			return 0, fmt.Errorf("topn: decode a member: byte %d is no digit", i)
		}
	}
	rest, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("topn: decode a member: more than 64 bits")
	}
	return int64(uint64(math.MaxInt64) - rest), nil
}

type stringCodec struct{}

func (stringCodec) Encode(s string) string          { return s }
func (stringCodec) Decode(s string) (string, error) { return s, nil }
