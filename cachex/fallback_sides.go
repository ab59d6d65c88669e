package cachex

import (
	"sync"
	"sync/atomic"
	"time"
)

// A side is one of the two caches of a Fallback, or none.
type side uint8

const (
	onPrimary side = iota
	onBackup
	nowhere
)

// sides remembers the side of a Key's last Set, where the two could disagree:
// since the backup was asked for a Key. It is empty unless the primary failed.
type sides struct {
	memory time.Duration
	names  *signer

	size atomic.Int64 // of all, so that nobody waits for mu while it is empty
	mu   sync.Mutex
	all  map[mac]lastSet // by a MAC of the Key, so that it holds no recipient
}

type lastSet struct {
	until time.Time
	gen   uint64 // on the backup
	side  side
}

func newSides(memory time.Duration) *sides {
	return &sides{memory: memory, names: newSigner(randomKey()), all: make(map[mac]lastSet)}
}

// last returns the side that alone answers for k, or nowhere if either may.
func (s *sides) last(k Key) side {
	if s.size.Load() == 0 {
		return nowhere
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.find(k); ok {
		return l.side
	}
	return nowhere
}

// setPrimary notes a Set on the primary. It returns the gen of the code on the
// backup that this supersedes, if there is one.
func (s *sides) setPrimary(k Key) (gen uint64, superseded bool) {
	if s.size.Load() == 0 {
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.find(k)
	if !ok || l.side == onPrimary {
		return 0, false
	}
	s.all[s.name(k)] = lastSet{until: l.until, side: onPrimary}
	return l.gen, true
}

// setBackup notes a Set on the backup.
func (s *sides) setBackup(k Key, gen uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.sweep(now)
	s.all[s.name(k)] = lastSet{until: now.Add(s.memory), gen: gen, side: onBackup}
	s.size.Store(int64(len(s.all)))
}

// find requires that s.mu is held.
func (s *sides) find(k Key) (lastSet, bool) {
	l, ok := s.all[s.name(k)]
	return l, ok && time.Now().Before(l.until)
}

// sweep looks at a few of the Keys, two more than a Set adds, and forgets those
// whose time is over, so that the map can't grow for ever. It requires s.mu.
func (s *sides) sweep(now time.Time) {
	seen := 0
	for name, l := range s.all {
		if !now.Before(l.until) {
			delete(s.all, name)
		}
		if seen++; seen == 3 {
			return
		}
	}
}

func (s *sides) name(k Key) mac { return s.names.sum(k.Biz, k.To, "") }
