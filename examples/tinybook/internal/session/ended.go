package session

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// maxAge is how old the list may be while the store answers.
const maxAge = time.Second

// overlap is how far each look goes back behind the newest entry that is
// known: the clock of a Redis that takes over from another may be behind.
const overlap = 10 * time.Second

// askTimeout bounds one question to the store on the way of a request.
const askTimeout = 500 * time.Millisecond

// endedList is a node's copy of the sessions that ended while their access
// tokens may still live.
type endedList struct {
	store Store
	cfg   Config

	mu     sync.RWMutex
	until  map[string]time.Time // sessions, and when their last token is dead
	newest time.Time            // by the clock of the store
	asked  time.Time            // when the last look that succeeded began
}

func newEndedList(store Store, cfg Config) *endedList {
	return &endedList{store: store, cfg: cfg, until: map[string]time.Time{}}
}

func (l *endedList) run(ctx context.Context) error {
	ticker := time.NewTicker(l.cfg.Poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			// A look that fails is seen as the age of the list: requests then
			// ask for themselves, and fail with what the store says.
			_ = l.refresh(ctx)
		}
	}
}

// refresh takes over what ended since the last look.
func (l *endedList) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, maxAge)
	defer cancel()
	began := time.Now()
	l.mu.RLock()
	since := l.newest
	l.mu.RUnlock()
	if !since.IsZero() {
		since = since.Add(-overlap)
	}
	entries, err := l.store.Ended(ctx, since)
	if err != nil {
		return fmt.Errorf("session: list of ended sessions: %w", err)
	}
	l.merge(entries, began)
	return nil
}

func (l *endedList) merge(entries []Ended, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for sid, until := range l.until {
		if began.After(until) {
			delete(l.until, sid)
		}
	}
	for _, e := range entries {
		if e.At.After(l.newest) {
			l.newest = e.At
		}
		// From now on, not from e.At: the two clocks may differ, and a second
		// too long does no harm.
		if _, known := l.until[e.Session]; !known {
			l.until[e.Session] = began.Add(l.cfg.AccessTTL + overlap)
		}
	}
	l.asked = began
}

// add is for a session that this node ended itself.
func (l *endedList) add(sid string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until[sid] = time.Now().Add(l.cfg.AccessTTL + overlap)
}

// check returns [ErrRevoked] for a session that has ended. While the list is
// fresh, that is a look into a map. When it is older than maxAge the store is
// asked; when that fails too, the list is good enough until MaxStale, and then
// the answer is [ErrUnavailable].
func (l *endedList) check(ctx context.Context, sid string) error {
	l.mu.RLock()
	_, ended := l.until[sid]
	age := time.Since(l.asked)
	l.mu.RUnlock()
	if ended {
		return ErrRevoked
	}
	if age <= maxAge {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	ended, err := l.store.HasEnded(ctx, sid)
	switch {
	case err != nil && age > l.cfg.MaxStale:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case ended:
		l.add(sid)
		return ErrRevoked
	default:
		return nil
	}
}
