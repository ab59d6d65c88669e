package sms

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// Sealer encrypts the arguments of queued messages with AES-GCM under the first
// of its keys, and opens what any of them sealed. It is safe for concurrent use.
type Sealer struct{ aeads []cipher.AEAD }

// ErrSealed means that none of the keys opens what was sealed.
var ErrSealed = errors.New("sms: sealed with another key")

// NewSealer returns a sealer with keys of 16, 24 or 32 bytes.
func NewSealer(keys ...[]byte) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, errors.New("sms: seal: no key")
	}
	s := &Sealer{}
	for _, key := range keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("sms: seal: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("sms: seal: %w", err)
		}
		s.aeads = append(s.aeads, aead)
	}
	return s, nil
}

// Seal implements smsfailover.Sealer.
func (s *Sealer) Seal(plain []byte) ([]byte, error) {
	return s.aeads[0].Seal(nil, nil, plain, nil), nil
}

// Open implements smsfailover.Sealer.
func (s *Sealer) Open(sealed []byte) ([]byte, error) {
	for _, aead := range s.aeads {
		if plain, err := aead.Open(nil, nil, sealed, nil); err == nil {
			return plain, nil
		}
	}
	return nil, ErrSealed
}
