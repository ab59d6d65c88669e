package cachex

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
)

// mac is HMAC-SHA-256 cut to 128 bits (RFC 2104, section 5): enough for a code
// of 20 bits, and for a name that must not collide.
type mac [16]byte

// A signer computes MACs under one key without allocating.
type signer struct{ pool sync.Pool }

// signState is what one computation needs; it is pooled, because an HMAC's set-up
// costs more than its use and its buffers would escape to the heap.
type signState struct {
	h   hash.Hash
	buf []byte
	out [sha256.Size]byte
}

func newSigner(key []byte) *signer {
	s := new(signer)
	s.pool.New = func() any {
		return &signState{h: hmac.New(sha256.New, key), buf: make([]byte, 0, 128)}
	}
	return s
}

// sum returns the MAC over the parts. Each part's length goes in with it, so
// that "a:b","c" and "a","b:c" differ.
func (s *signer) sum(a, b, c string) mac {
	st := s.pool.Get().(*signState)
	st.buf = appendPart(appendPart(appendPart(st.buf[:0], a), b), c)
	st.h.Reset()
	st.h.Write(st.buf)
	m := mac(st.h.Sum(st.out[:0])[:len(mac{})])
	clear(st.buf)
	s.pool.Put(st)
	return m
}

func appendPart(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// A keyring signs codes under the current key and knows the previous ones.
type keyring struct {
	current  *signer
	previous []*signer
}

func newKeyring(keys [][]byte) *keyring {
	r := &keyring{current: newSigner(keys[0])}
	for _, key := range keys[1:] {
		r.previous = append(r.previous, newSigner(key))
	}
	return r
}

// sign returns the MAC under which a new code of k is stored.
func (r *keyring) sign(k Key, code string) mac { return r.current.sum(k.Biz, k.To, code) }

// tries appends the MACs of code under every key.
func (r *keyring) tries(dst []mac, k Key, code string) []mac {
	dst = append(dst, r.sign(k, code))
	for _, s := range r.previous {
		dst = append(dst, s.sum(k.Biz, k.To, code))
	}
	return dst
}
