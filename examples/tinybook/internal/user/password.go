package user

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/bcrypt"
)

// ErrBusy means that more passwords wait to be hashed than can be in time.
var ErrBusy = errors.New("user: too many passwords to hash")

// queueWork is how much work may wait for one processor: 64 hashes of cost 10,
// which are three to six seconds. Whoever comes later would wait until the
// request is over, so they are refused at once, and the others are served.
const queueWork = 64 << 10

// maxQueue bounds what waits for one processor when hashes are cheap, and each
// costs less than the memory of its request.
const maxQueue = 4096

// Hasher hashes passwords with bcrypt. No more of them are hashed at a time
// than there are processors, so that a flood of logins can't starve the rest,
// and no more wait than can be served. It is safe for concurrent use.
type Hasher struct {
	cost    int
	highest atomic.Int64 // the cost that every check is brought up to
	algo    algorithm
	slots   chan struct{}
	waiting atomic.Int64
	limit   int64 // of waiting
}

// algorithm is bcrypt, or counts what it is asked to do.
type algorithm interface {
	Generate(password []byte, cost int) ([]byte, error)
	Compare(hash, password []byte) error
}

type realBcrypt struct{}

func (realBcrypt) Generate(password []byte, cost int) ([]byte, error) {
	return bcrypt.GenerateFromPassword(password, cost)
}

func (realBcrypt) Compare(hash, password []byte) error {
	return bcrypt.CompareHashAndPassword(hash, password)
}

// NewHasher returns a hasher of that bcrypt cost.
func NewHasher(cost int) (*Hasher, error) {
	if cost < bcrypt.MinCost || cost > bcrypt.MaxCost {
		return nil, fmt.Errorf("user: bcrypt cost %d: want %d to %d", cost, bcrypt.MinCost, bcrypt.MaxCost)
	}
	n := runtime.GOMAXPROCS(0)
	h := &Hasher{
		cost:  cost,
		algo:  realBcrypt{},
		slots: make(chan struct{}, n),
		limit: int64(n * min(maxQueue, max(1, queueWork>>cost))),
	}
	h.Cover(cost)
	return h, nil
}

// Cover makes every check cost as much as one of a hash of that cost, or more.
// Hashes that were made with another setting would tell by the time of a
// refusal which accounts there are. A check of a dearer hash covers it too.
func (h *Hasher) Cover(cost int) {
	for {
		highest := h.highest.Load()
		if int64(cost) <= highest || h.highest.CompareAndSwap(highest, int64(cost)) {
			return
		}
	}
}

// Hash returns the hash of a password of up to 72 bytes.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	hash, err := h.algo.Generate([]byte(password), h.cost)
	if err != nil {
		return "", fmt.Errorf("user: hash: %w", err)
	}
	return string(hash), nil
}

// Check reports whether hash is that of password. An empty hash costs as much
// as any other and belongs to no password.
func (h *Hasher) Check(ctx context.Context, hash, password string) (bool, error) {
	if err := h.acquire(ctx); err != nil {
		return false, err
	}
	defer h.release()
	if hash == "" || len(password) > maxPassword {
		_ = h.algo.Compare(dummy(int(h.highest.Load())), []byte(password)) // only for what it costs
		return false, nil
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		return false, fmt.Errorf("user: check: %w", err)
	}
	h.Cover(cost)
	err = h.algo.Compare([]byte(hash), []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		h.pad(cost, password)
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("user: check: %w", err)
	}
	return true, nil
}

// pad does what a check of a hash of that cost lacks. Each cost is twice the
// one before: 8 + (8 + 16) = 32.
func (h *Hasher) pad(cost int, password string) {
	for ; cost < int(h.highest.Load()); cost++ {
		_ = h.algo.Compare(dummy(cost), []byte(password)) // only for what it costs
	}
}

// Outdated reports whether a hash was made with another cost than the hasher's.
func (h *Hasher) Outdated(hash string) bool {
	cost, err := bcrypt.Cost([]byte(hash))
	return err == nil && cost != h.cost
}

// dummy returns a hash of that cost that belongs to no password.
func dummy(cost int) []byte {
	return fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 53))
}

func (h *Hasher) acquire(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	default:
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > h.limit {
		return ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("user: wait for a processor: %w", ctx.Err())
	}
}

func (h *Hasher) release() { <-h.slots }
