package smsfailover

import (
	"sync"
	"time"
)

// An alarm tells the workers of what this process has queued.
type alarm struct {
	rung chan struct{}
	mu   sync.Mutex
	at   time.Time // the earliest since they last heard; zero: none
}

// ring says that something is due after so long.
func (a *alarm) ring(after time.Duration) {
	at := time.Now().Add(after)
	a.mu.Lock()
	if a.at.IsZero() || at.Before(a.at) {
		a.at = at
	}
	a.mu.Unlock()
	select {
	case a.rung <- struct{}{}:
	default: // they haven't heard the last one yet
	}
}

// heard returns when something is due, and forgets it.
func (a *alarm) heard() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.at
	a.at = time.Time{}
	return at
}
