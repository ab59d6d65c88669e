package session

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

// maxAge is how old the list may be while the store answers.
const maxAge = time.Second

// overlap is how far each look goes back behind the newest entry that is
// known: the clock of a Redis that takes over from another may be behind.
const overlap = 10 * time.Second

// askTimeout bounds one question to the store on the way of a request, and
// changeTimeout one change: that may wait for a disk.
const (
	askTimeout    = 500 * time.Millisecond
	changeTimeout = 2 * time.Second
)

// endedList is a node's copy of the sessions that ended while their access
// tokens may still live.
type endedList struct {
	store Store
	cfg   Config

	mu     sync.RWMutex
	until  map[string]time.Time // sessions, and when their last token is dead
	unsaid map[string]time.Time // those of them that the store couldn't be told
	newest time.Time            // by the clock of the store
	asked  time.Time            // when the last look that succeeded began
}

func newEndedList(store Store, cfg Config) *endedList {
	return &endedList{
		store: store, cfg: cfg,
		until: map[string]time.Time{}, unsaid: map[string]time.Time{},
	}
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
			if l.refresh(ctx) == nil {
				l.tell(ctx)
			}
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
		return fmt.Errorf("session: list of ended sessions: %w", platform.Quiet(err))
	}
	l.merge(entries, began)
	return nil
}

func (l *endedList) merge(entries []Ended, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, list := range []map[string]time.Time{l.until, l.unsaid} {
		maps.DeleteFunc(list, func(_ string, until time.Time) bool { return began.After(until) })
	}
	for _, e := range entries {
		if e.At.After(l.newest) {
			l.newest = e.At
		}
		left := e.Left
		if left < 0 {
			left = l.cfg.AccessTTL
		}
		// From now on: the two clocks may differ, and a moment too long does no
		// harm.
		l.note(l.until, e.Session, began.Add(left+overlap))
	}
	l.asked = began
}

// note keeps the later of two times. It requires that l.mu is held.
func (l *endedList) note(list map[string]time.Time, sid string, until time.Time) {
	if until.After(list[sid]) {
		list[sid] = until
	}
}

// end ends a session: here in any case, and in the store. When the store can't
// be told now, run tells it when it is back.
func (l *endedList) end(ctx context.Context, sid string, dead time.Time) error {
	l.add(l.until, sid, dead)
	err := l.store.End(ctx, sid, dead)
	if err != nil {
		l.add(l.unsaid, sid, dead)
	}
	return err
}

func (l *endedList) add(list map[string]time.Time, sid string, dead time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(list, sid, dead.Add(overlap))
}

// tell tells the store about the ends that it doesn't know yet.
func (l *endedList) tell(ctx context.Context) {
	l.mu.RLock()
	unsaid := maps.Clone(l.unsaid)
	l.mu.RUnlock()
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	for sid, until := range unsaid {
		if l.store.End(ctx, sid, until.Add(-overlap)) != nil {
			return // It has gone again; the next look finds out.
		}
		l.mu.Lock()
		delete(l.unsaid, sid)
		l.mu.Unlock()
	}
}

// age returns how long ago the store last said what has ended.
func (l *endedList) age() time.Duration {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return time.Since(l.asked)
}

// check returns [ErrRevoked] for a session that has ended. While the list is
// fresh, that is a look into a map. When it is older than maxAge the store is
// asked; when that fails too, the list is good enough until MaxStale, and then
// the answer is [ErrUnavailable].
func (l *endedList) check(ctx context.Context, sid string) error {
	l.mu.RLock()
	_, ended := l.until[sid]
	l.mu.RUnlock()
	age := l.age()
	if ended {
		return ErrRevoked
	}
	if age <= maxAge {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	ended, err := l.store.HasEnded(bounded, sid)
	switch {
	case err != nil && age > l.cfg.MaxStale:
		return unavailable(ctx, "verify", err)
	case ended:
		l.add(l.until, sid, time.Now().Add(l.cfg.AccessTTL))
		return ErrRevoked
	default:
		return nil
	}
}
