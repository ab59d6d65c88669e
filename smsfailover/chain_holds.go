package smsfailover

import (
	"encoding/binary"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// StickyFor is for how long after a result that nobody knows a message goes to
// the same provider of a [Chain] alone. After that the others come first: one of
// them may send it a second time, which is better than not at all.
const StickyFor = time.Minute

// avoidFor is for how long after that a provider comes last for the message. One
// that hangs would else be asked first again and keep it.
const avoidFor = 10 * StickyFor

const maxHolds = 1 << 16

// holds remembers which messages are held to which provider, and then avoid it, by
// a hash with a key of its own: no number is kept.
type holds struct {
	seed maphash.Seed
	n    atomic.Int64 // len(links); nearly always 0, which needs no lock

	mu    sync.Mutex
	links map[uint64]hold
	queue []queued // every hold that isn't over and avoided, oldest first
}

type hold struct {
	link  *link
	until time.Time // it is alone; after that it is avoided
}

type queued struct {
	key   uint64
	until time.Time
}

func (h *holds) init() {
	h.seed = maphash.MakeSeed()
	h.links = make(map[uint64]hold)
}

// key hashes a message; lengths keep one field from running into the next.
func (h *holds) key(p parcel) uint64 {
	var hash maphash.Hash
	hash.SetSeed(h.seed)
	put := func(s string) {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(s)))
		hash.Write(n[:])
		hash.WriteString(s)
	}
	put(p.tplID)
	put(p.number[0])
	for _, a := range p.args {
		put(a)
	}
	return hash.Sum64()
}

// find returns the provider that the message is held to, or that it avoids by now.
func (h *holds) find(p parcel) (alone, avoided *link) {
	if h.n.Load() == 0 {
		return nil, nil
	}
	key, now := h.key(p), time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.expire(now, maxHolds)
	if one := h.links[key]; now.Before(one.until) {
		return one.link, nil
	}
	return nil, h.links[key].link
}

// add holds the message to l, unless it is held already: then it keeps its time.
func (h *holds) add(l *link, p parcel) {
	key, now := h.key(p), time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.expire(now, maxHolds-1)
	if now.Before(h.links[key].until) {
		return
	}
	until := now.Add(StickyFor)
	h.links[key] = hold{l, until}
	h.queue = append(h.queue, queued{key, until})
	h.n.Store(int64(len(h.links)))
}

// forget lets the message go anywhere again.
func (h *holds) forget(p parcel) {
	if h.n.Load() == 0 {
		return
	}
	key := h.key(p)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.links, key)
	h.n.Store(int64(len(h.links)))
}

// expire drops what has been avoided for its time, and the oldest until no more than keep are
// left. It requires the lock.
func (h *holds) expire(now time.Time, keep int) {
	for len(h.queue) > keep || len(h.queue) > 0 && !now.Before(h.queue[0].until.Add(avoidFor)) {
		old := h.queue[0]
		h.queue = h.queue[1:]
		// One that was forgotten and made again has a later place in the queue.
		if h.links[old.key].until.Equal(old.until) {
			delete(h.links, old.key)
		}
	}
	h.n.Store(int64(len(h.links)))
}
