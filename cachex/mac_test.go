package cachex

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"testing"
)

func TestSignerAgainstHMAC(t *testing.T) {
	key := []byte("a key of 16 bytes or more")
	s := newSigner(key)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			parts := []string{"login", "+8613800138000", string(rune('0' + g))}
			h := hmac.New(sha256.New, key)
			for _, p := range parts {
				h.Write(binary.AppendUvarint(nil, uint64(len(p))))
				h.Write([]byte(p))
			}
			want := mac(h.Sum(nil)[:16])
			for range 1000 {
				if got := s.sum(parts[0], parts[1], parts[2]); got != want {
					t.Errorf("sum = %x, want %x", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// Codes that were stored under an earlier pepper stay right after a rotation,
// and new ones are stored under the new one.
func TestKeyringRotation(t *testing.T) {
	older, old, now := []byte("pepper of 2024.."), []byte("pepper of 2025.."), []byte("pepper of 2026..")
	k := Key{"login", "+8613800138000"}
	ring := newKeyring([][]byte{now, old, older})
	for name, stored := range map[string]mac{
		"older": newKeyring([][]byte{older}).sign(k, "271828"),
		"old":   newKeyring([][]byte{old}).sign(k, "271828"),
		"now":   ring.sign(k, "271828"),
	} {
		if !among(ring.tries(nil, k, "271828"), stored) {
			t.Errorf("the code under the %s pepper is lost", name)
		}
		if among(ring.tries(nil, k, "314159"), stored) {
			t.Errorf("a wrong code is right under the %s pepper", name)
		}
	}
	if among(newKeyring([][]byte{old}).tries(nil, k, "271828"), ring.sign(k, "271828")) {
		t.Error("a new code is stored under the old pepper")
	}
}
