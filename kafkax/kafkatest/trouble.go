package kafkatest

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// ErrRemoved is what [Trouble.Wait] returns of a trouble that is over.
var ErrRemoved = errors.New("kafkatest: the trouble was removed, or as many requests as it is for have met it")

// A Trouble is something that a test has the broker do: [Broker.Fault],
// [Broker.Delay], [Broker.Hold] or [Broker.Drop]. The latter three are met by
// requests that come after they were set, the older one first, and before any fault:
// a Fetch that waits for messages by then has come already. A Trouble is safe for
// concurrent use.
type Trouble struct{ source source }

type source interface {
	Hits() int
	Wait(ctx context.Context, n int) error
	end(why error)
	ended() bool
}

// Hits returns how many requests have met it. A test should look: clients keep what
// they have been told, such as metadata and who coordinates a group, and ask no more,
// and a trouble that nothing meets proves nothing.
func (t *Trouble) Hits() int { return t.source.Hits() }

// Wait returns when n requests have met it. When ctx ends first it returns the cause,
// and when no more can meet it [ErrRemoved], or [ErrStopped] where [Broker.Stop] was
// what ended it.
func (t *Trouble) Wait(ctx context.Context, n int) error { return t.source.Wait(ctx, n) }

// Remove has the broker behave again: it answers what it held or delayed, and meets
// requests as ever. A second Remove does nothing.
func (t *Trouble) Remove() { t.source.end(ErrRemoved) }

// troubles are those that a stop ends, the older ones first.
type troubles struct {
	mu  sync.RWMutex
	all []source
}

func (ts *troubles) add(s source) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	// Here those that are over go, so that they don't pile up until a stop.
	ts.all = append(slices.DeleteFunc(ts.all, source.ended), s)
}

func (ts *troubles) stop() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, s := range ts.all {
		s.end(ErrStopped)
	}
	ts.all = nil
}

// of returns what a request meets.
func (ts *troubles) of(r Request) []*obstacle {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	var met []*obstacle
	for _, s := range ts.all {
		if o, ok := s.(*obstacle); ok && o.isFor(r) {
			met = append(met, o)
		}
	}
	return met
}
