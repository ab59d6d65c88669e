// Package session signs users in and out: typed access and refresh tokens,
// rotation of refresh tokens with reuse detection, and revocation that every
// node sees within a second without a round trip per request.
package session

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// MinSecret is the number of bytes that a key has at least.
const MinSecret = 32

// A Key signs tokens. ID is the kid of the tokens that it signed.
type Key struct {
	ID     string
	Secret []byte
}

// ParseKeys reads keys of the form "kid:secret,kid:secret", each secret in
// standard base64 and [MinSecret] bytes or longer. The first key signs; the
// others still verify what they signed, so that keys can be changed while
// users are signed in. Errors quote no secret.
func ParseKeys(s string) ([]Key, error) {
	var keys []Key
	var errs []error
	seen := map[string]bool{}
	for i, part := range strings.Split(s, ",") {
		key, err := parseKey(strings.TrimSpace(part))
		if err == nil && seen[key.ID] {
			err = fmt.Errorf("kid %q is used twice", key.ID)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("session: key %d: %w", i+1, err))
			continue
		}
		seen[key.ID] = true
		keys = append(keys, key)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return keys, nil
}

func parseKey(s string) (Key, error) {
	id, encoded, ok := strings.Cut(s, ":")
	if !ok || id == "" || len(id) > 32 {
		return Key{}, errors.New("want kid:secret")
	}
	secret, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return Key{}, errors.New("the secret is not base64")
	}
	if len(secret) < MinSecret {
		return Key{}, fmt.Errorf("the secret has %d bytes, want %d or more", len(secret), MinSecret)
	}
	return Key{ID: id, Secret: secret}, nil
}

// RandomKey returns a new key.
func RandomKey() Key {
	secret := make([]byte, MinSecret)
	rand.Read(secret) // Never fails: it ends the process instead.
	return Key{ID: "k" + rand.Text()[:8], Secret: secret}
}

// KeptKey returns the key that is kept in the file of that name, which only
// its owner may read. It makes the file when there is none, and refuses one
// that others could have read: whoever knows the key is any user they like.
func KeptKey(path string) (Key, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return keepKey(path)
	}
	if err != nil {
		return Key{}, fmt.Errorf("session: kept key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" { // which has no such modes
		return Key{}, fmt.Errorf("session: kept key %s: others may read it, its mode is %#o: delete it, "+
			"which signs everybody out, or if nobody has, chmod 600", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("session: kept key: %w", err)
	}
	key, err := parseKey(string(bytes.TrimSpace(text)))
	if err != nil {
		return Key{}, fmt.Errorf("session: kept key %s: %w", filepath.Base(path), err)
	}
	return key, nil
}

func keepKey(path string) (Key, error) {
	key := RandomKey()
	text := key.ID + ":" + base64.StdEncoding.EncodeToString(key.Secret) + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return Key{}, fmt.Errorf("session: keep key: %w", err)
	}
	return key, nil
}

// Derive returns a secret of 32 bytes for another purpose. Knowing it tells
// nothing about the key.
func (k Key) Derive(purpose string) ([]byte, error) {
	secret, err := hkdf.Key(sha256.New, k.Secret, nil, purpose, MinSecret)
	if err != nil {
		return nil, fmt.Errorf("session: derive: %w", err)
	}
	return secret, nil
}
