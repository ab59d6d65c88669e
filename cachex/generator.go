package cachex

import (
	"crypto/rand"
	"fmt"
)

// A Generator returns a new code. It is safe for concurrent use.
type Generator func() (string, error)

// Digits returns a Generator of codes of n decimal digits, each of which is as
// likely as any other: they are drawn from the system's secure source, and
// bytes that would favour some digits are drawn again. Six digits are the usual
// choice and have 19.9 bits. When n isn't 1 to 64 ([MaxCodeLen]), the Generator
// returns an error that wraps [ErrInput].
func Digits(n int) Generator {
	if n < 1 || n > MaxCodeLen {
		err := fmt.Errorf("%w: Digits(%d): want 1 to %d", ErrInput, n, MaxCodeLen)
		return func() (string, error) { return "", err }
	}
	return func() (string, error) {
		var code, drawn [MaxCodeLen]byte
		for have := 0; have < n; {
			rand.Read(drawn[:n-have]) // never fails: crypto/rand ends the process instead
			for _, b := range drawn[:n-have] {
				if b < 250 {
					code[have] = '0' + b%10
					have++
				}
			}
		}
		return string(code[:n]), nil
	}
}
