package kafkatest

import (
	"context"
	"sync"
)

// A meter counts requests, and ends once.
type meter struct {
	gone chan struct{} // closed by the end

	mu   sync.Mutex
	hits int
	left int           // how many more it takes until it ends, or Always
	why  error         // it has ended
	more chan struct{} // closed, and made anew, by each hit
}

func newMeter(n int) *meter {
	return &meter{gone: make(chan struct{}), left: n, more: make(chan struct{})}
}

// hit counts a request, and reports whether it came before the end.
func (m *meter) hit() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.why != nil {
		return false
	}
	m.hits++
	close(m.more)
	m.more = make(chan struct{})
	if m.left != Always {
		m.left--
	}
	if m.left == 0 {
		m.endLocked(ErrRemoved)
	}
	return true
}

func (m *meter) end(why error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.endLocked(why)
}

func (m *meter) endLocked(why error) {
	if m.why == nil {
		m.why = why
		close(m.gone)
	}
}

func (m *meter) ended() bool { return m.reason() != nil }

// reason returns why it has ended, or nil.
func (m *meter) reason() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.why
}

// Hits is [Trouble.Hits].
func (m *meter) Hits() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hits
}

// Wait is [Trouble.Wait].
func (m *meter) Wait(ctx context.Context, n int) error {
	for {
		m.mu.Lock()
		hits, why, more := m.hits, m.why, m.more
		m.mu.Unlock()
		if hits >= n {
			return nil
		}
		if why != nil {
			return why
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-m.gone:
		case <-more:
		}
	}
}
