package smsfailover

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"
)

// newID returns a fresh UUIDv7 (RFC 9562, section 5.7). The 12 bits after the
// milliseconds are their fraction (section 6.2, method 3), so that the IDs of one
// process rise, which is kind to the index of a database.
func newID() string {
	now := time.Now()
	ms := now.UnixMilli()
	fraction := (now.UnixNano() - ms*1e6) << 12 / 1e6

	var b [16]byte
	rand.Read(b[8:]) // never fails: crypto/rand ends the process instead
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = 0x70 | byte(fraction>>8)
	b[7] = byte(fraction)
	b[8] = 0x80 | b[8]&0x3f
	return formatUUID(b)
}

func formatUUID(b [16]byte) string {
	var s [36]byte
	for at, part := 0, 0; part < 5; part++ {
		n := [...]int{4, 2, 2, 2, 6}[part]
		if part > 0 {
			s[hex.EncodedLen(at)+part-1] = '-'
		}
		hex.Encode(s[hex.EncodedLen(at)+part:], b[at:at+n])
		at += n
	}
	return string(s[:])
}

type idemKey struct{}

// withIdemKey gives the provider what IdemKeyFrom reads.
func withIdemKey(ctx context.Context, m *Message) context.Context {
	key := m.IdemKey
	if key == "" {
		key = m.ID
	}
	return context.WithValue(ctx, idemKey{}, key)
}

// IdemKeyFrom returns the key under which a provider that knows of idempotency
// should send: the message's IdemKey, else its ID. It is the same at every try of
// one message. It reports false when ctx is not that of a send by a [Failover].
func IdemKeyFrom(ctx context.Context) (string, bool) {
	key, ok := ctx.Value(idemKey{}).(string)
	return key, ok
}
