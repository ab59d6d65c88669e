package kafkatest

import (
	"context"
	"sync"
)

// A Trouble is something that a test has the broker do: [Broker.Fault],
// [Broker.Delay], [Broker.Hold] or [Broker.Drop]. It is safe for concurrent use.
type Trouble struct{ source source }

type source interface {
	Hits() int
	Wait(ctx context.Context, n int) error
	Remove()
}

// Hits returns how many requests have met it. A test should look: clients keep what
// they have been told, such as metadata and who coordinates a group, and ask no more,
// and a trouble that nothing meets proves nothing.
func (t *Trouble) Hits() int { return t.source.Hits() }

// Wait returns when n requests have met it, or ctx's error when ctx ends first.
func (t *Trouble) Wait(ctx context.Context, n int) error { return t.source.Wait(ctx, n) }

// Remove has the broker behave again: it answers what it held or delayed, and meets
// requests as ever. A second Remove does nothing.
func (t *Trouble) Remove() { t.source.Remove() }

// troubles are those that a stop removes.
type troubles struct {
	mu  sync.Mutex
	all []*Trouble
}

func (ts *troubles) add(s source) *Trouble {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := &Trouble{s}
	ts.all = append(ts.all, t)
	return t
}

func (ts *troubles) removeAll() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, t := range ts.all {
		t.Remove()
	}
	ts.all = nil
}

// A meter counts requests, and ends once.
type meter struct {
	once sync.Once
	gone chan struct{} // closed by Remove

	mu   sync.Mutex
	hits int
	more chan struct{} // closed, and made anew, by each hit
}

func newMeter() *meter { return &meter{gone: make(chan struct{}), more: make(chan struct{})} }

func (m *meter) hit() (hits int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hits++
	close(m.more)
	m.more = make(chan struct{})
	return m.hits
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
func (m *meter) Remove() { m.once.Do(func() { close(m.gone) }) }
