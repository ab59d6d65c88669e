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
	more chan struct{} // closed, and made anew, by each hit
}

func newMeter(n int) *meter {
	return &meter{gone: make(chan struct{}), left: n, more: make(chan struct{})}
}

// hit counts a request, and reports whether it came before the end.
func (m *meter) hit() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.removed() {
		return false
	}
	m.hits++
	close(m.more)
	m.more = make(chan struct{})
	if m.left != Always {
		m.left--
	}
	if m.left == 0 {
		close(m.gone)
	}
	return true
}

func (m *meter) removed() bool {
	select {
	case <-m.gone:
		return true
	default:
		return false
	}
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
		hits, more := m.hits, m.more
		m.mu.Unlock()
		if hits >= n {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-more:
		}
	}
}

// Remove is [Trouble.Remove].
func (m *meter) Remove() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.removed() {
		close(m.gone)
	}
}
