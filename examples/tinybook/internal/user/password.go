package user

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// Hasher hashes passwords with bcrypt. No more of them are hashed at a time
// than there are processors, so that a flood of logins can't starve the rest.
// It is safe for concurrent use.
type Hasher struct {
	cost  int
	dummy []byte
	slots chan struct{}
}

// NewHasher returns a hasher of that bcrypt cost.
func NewHasher(cost int) (*Hasher, error) {
	if cost < bcrypt.MinCost || cost > bcrypt.MaxCost {
		return nil, fmt.Errorf("user: bcrypt cost %d: want %d to %d", cost, bcrypt.MinCost, bcrypt.MaxCost)
	}
	return &Hasher{
		cost: cost,
		// No password has this hash, and comparing with it costs the same.
		dummy: fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 53)),
		slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}, nil
}

// Hash returns the hash of a password of up to 72 bytes.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), h.cost)
	if err != nil {
		return "", fmt.Errorf("user: hash: %w", err)
	}
	return string(hash), nil
}

// Check reports whether hash is that of password. An empty hash takes as long
// as any other and belongs to no password.
func (h *Hasher) Check(ctx context.Context, hash, password string) (bool, error) {
	if err := h.acquire(ctx); err != nil {
		return false, err
	}
	defer h.release()
	if hash == "" || len(password) > maxPassword {
		_ = bcrypt.CompareHashAndPassword(h.dummy, []byte(password)) // only for the time that it takes
		return false, nil
	}
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("user: check: %w", err)
	}
	return true, nil
}

func (h *Hasher) acquire(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("user: wait for a processor: %w", ctx.Err())
	}
}

func (h *Hasher) release() { <-h.slots }
