// Package peers puts the in-memory caches of cachex beside stores of one-time
// codes on other libraries, written as one would write them by hand: one entry
// per recipient, a striped lock around each read and write, and the code stored
// as the same HMAC. They count the tries of a code and have no budgets, which is
// less work than cachex does.
package peers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"hash"
	"hash/maphash"
	"sync"
	"time"

	"github.com/Yiling-J/theine-go"
	gocache "github.com/patrickmn/go-cache"

	"github.com/ycvk/tinybook/cachex"
)

// A Store is what the stores have in common.
type Store interface {
	Set(ctx context.Context, k cachex.Key, code string) (cachex.Ticket, error)
	Verify(ctx context.Context, k cachex.Key, code string) error
}

const (
	ttl   = 10 * time.Minute
	tries = 3
)

var (
	errNotFound = errors.New("no code")
	errMismatch = errors.New("wrong code")
)

// An entry is what a hand-written store keeps per recipient.
type entry struct {
	mac     [16]byte
	expires int64
	left    int32
}

// try spends a try and reports whether the code is right.
func (e *entry) try(now int64, mac [16]byte) error {
	if now >= e.expires || e.left == 0 {
		return errNotFound
	}
	e.left--
	if !hmac.Equal(e.mac[:], mac[:]) {
		return errMismatch
	}
	return nil
}

// A hand holds what hand-written stores need beside a library.
type hand struct {
	start   time.Time
	seed    maphash.Seed
	stripes [256]struct {
		sync.Mutex
		_ [56]byte
	}
	macs sync.Pool
}

type macState struct {
	h   hash.Hash
	buf []byte
	out [sha256.Size]byte
}

func (h *hand) init() {
	h.start = time.Now()
	h.seed = maphash.MakeSeed()
	h.macs.New = func() any {
		return &macState{h: hmac.New(sha256.New, []byte("a secret of the process")), buf: make([]byte, 0, 128)}
	}
}

func (h *hand) now() int64 { return int64(time.Since(h.start)) }

func (h *hand) lock(key string) *sync.Mutex {
	mu := &h.stripes[maphash.String(h.seed, key)%256].Mutex
	mu.Lock()
	return mu
}

func (h *hand) mac(key, code string) [16]byte {
	st := h.macs.Get().(*macState)
	st.buf = append(append(append(st.buf[:0], key...), 0), code...)
	st.h.Reset()
	st.h.Write(st.buf)
	m := [16]byte(st.h.Sum(st.out[:0])[:16])
	h.macs.Put(st)
	return m
}

func keyOf(k cachex.Key) string { return k.Biz + ":" + k.To }

type theineStore struct {
	hand
	c *theine.Cache[string, entry]
}

func newTheineStore(capacity int) *theineStore {
	c, err := theine.NewBuilder[string, entry](int64(capacity)).Build()
	if err != nil {
		panic(err)
	}
	s := &theineStore{c: c}
	s.init()
	return s
}

func (s *theineStore) Set(_ context.Context, k cachex.Key, code string) (cachex.Ticket, error) {
	key := keyOf(k)
	mac := s.mac(key, code)
	defer s.lock(key).Unlock()
	s.c.SetWithTTL(key, entry{mac: mac, expires: s.now() + int64(ttl), left: tries}, 1, ttl)
	return cachex.Ticket{}, nil
}

func (s *theineStore) Verify(_ context.Context, k cachex.Key, code string) error {
	key := keyOf(k)
	mac := s.mac(key, code)
	defer s.lock(key).Unlock()
	e, ok := s.c.Get(key)
	if !ok {
		return errNotFound
	}
	now := s.now()
	err := e.try(now, mac)
	if err == nil {
		s.c.Delete(key)
		return nil
	}
	s.c.SetWithTTL(key, e, 1, time.Duration(e.expires-now))
	return err
}

type goCacheStore struct {
	hand
	c *gocache.Cache
}

func newGoCacheStore() *goCacheStore {
	s := &goCacheStore{c: gocache.New(ttl, time.Minute)}
	s.init()
	return s
}

func (s *goCacheStore) Set(_ context.Context, k cachex.Key, code string) (cachex.Ticket, error) {
	key := keyOf(k)
	mac := s.mac(key, code)
	defer s.lock(key).Unlock()
	s.c.Set(key, &entry{mac: mac, expires: s.now() + int64(ttl), left: tries}, ttl)
	return cachex.Ticket{}, nil
}

func (s *goCacheStore) Verify(_ context.Context, k cachex.Key, code string) error {
	key := keyOf(k)
	mac := s.mac(key, code)
	defer s.lock(key).Unlock()
	v, ok := s.c.Get(key)
	if !ok {
		return errNotFound
	}
	err := v.(*entry).try(s.now(), mac)
	if err == nil {
		s.c.Delete(key)
	}
	return err
}
