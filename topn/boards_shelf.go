package topn

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/Yiling-J/theine-go"
)

// A shelf holds the boards of one Run.
type shelf[M comparable] struct {
	counts *boardsCounts
	store  *theine.Cache[string, *volume[M]]
	tick   atomic.Int64 // number of the tick that is, or was last

	mu     sync.RWMutex // for writing: to make a board, or to close
	closed bool
}

// A volume is a board on a shelf.
type volume[M comparable] struct {
	*Board[M]
	asked atomic.Int64 // the tick in which it was asked for last
	busy  atomic.Bool  // it is being refreshed
}

// warm reports whether v has something to show.
func (v *volume[M]) warm() bool { return v.state.Load().from != FromNothing }

func newShelf[M comparable](capacity int, counts *boardsCounts) (*shelf[M], error) {
	s := &shelf[M]{counts: counts}
	evicted := func(_ string, _ *volume[M], why theine.RemoveReason) {
		if why == theine.EVICTED {
			counts.evicted.Add(1)
		}
	}
	store, err := theine.NewBuilder[string, *volume[M]](int64(capacity)).RemovalListener(evicted).Build()
	if err != nil {
		return nil, fmt.Errorf("topn: theine: %w", err)
	}
	s.store = store
	return s, nil
}

// get returns the board of a key, if it's there and the shelf isn't closed.
func (s *shelf[M]) get(key string) (*volume[M], bool) {
	v, ok := s.store.Get(key)
	if ok {
		// Mostly nothing is written, so readers of one board don't fight for it.
		if now := s.tick.Load(); v.asked.Load() != now {
			v.asked.Store(now)
		}
	}
	return v, ok
}

// add returns the board of a key, which it makes if it isn't there.
func (s *shelf[M]) add(key string, build func(key string) *Board[M]) (*volume[M], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrNotRunning
	}
	if v, ok := s.get(key); ok {
		return v, nil
	}
	v := &volume[M]{Board: build(key)}
	v.asked.Store(s.tick.Load())
	s.store.Set(key, v, 1)
	s.counts.made.Add(1)
	return v, nil
}

// sweep returns all boards, but for those that nobody asked for since the tick
// before: they are dropped.
func (s *shelf[M]) sweep(before int64) []*volume[M] {
	var all, idle []*volume[M]
	s.store.Range(func(_ string, v *volume[M]) bool {
		if v.asked.Load() < before {
			idle = append(idle, v)
		} else {
			all = append(all, v)
		}
		return true
	})
	for _, v := range idle { // not while Range holds a lock of theine's
		s.store.Delete(v.name)
		s.counts.idle.Add(1)
	}
	return all
}

// close ends theine's goroutines, after the calls of add that have begun: what they
// send to theine must be received.
func (s *shelf[M]) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.store.Close()
}
