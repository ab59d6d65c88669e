package smsfailover

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// A lane is what messages share of which a newer one must not be overtaken by an
// older one: template and number.
type lane struct{ tplID, to string }

func (m *Message) lane() lane { return lane{m.TplID, m.To} }

func compareLanes(a, b lane) int {
	if c := strings.Compare(a.to, b.to); c != 0 {
		return c
	}
	return strings.Compare(a.tplID, b.tplID)
}

// lanes lets the messages of one lane through one at a time, first come first
// served. It remembers lanes that are in use only.
type lanes struct {
	mu   sync.Mutex
	busy map[lane]*line
}

// A line is who waits for a lane; nil is nobody.
type line struct{ waiting []chan struct{} }

// enter takes all lanes of a wave, which are different ones, or none. Call leave
// with the same wave then.
func (l *lanes) enter(ctx context.Context, wave []entry) error {
	if len(wave) == 1 {
		return l.take(ctx, wave[0].m.lane())
	}
	// Everybody takes them in one order, so that nobody waits for each other.
	order := make([]lane, len(wave))
	for i := range wave {
		order[i] = wave[i].m.lane()
	}
	slices.SortFunc(order, compareLanes)
	for i, k := range order {
		if err := l.take(ctx, k); err != nil {
			for _, taken := range order[:i] {
				l.free(taken)
			}
			return err
		}
	}
	return nil
}

func (l *lanes) leave(wave []entry) {
	for i := range wave {
		l.free(wave[i].m.lane())
	}
}

func (l *lanes) take(ctx context.Context, k lane) error {
	turn := l.queueUp(k)
	if turn == nil {
		return nil
	}
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		l.giveUp(k, turn)
		return context.Cause(ctx)
	}
}

// queueUp takes k, or returns what is closed when it is the caller's turn.
func (l *lanes) queueUp(k lane) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	ahead, taken := l.busy[k]
	if !taken {
		l.busy[k] = nil
		return nil
	}
	if ahead == nil {
		ahead = new(line)
		l.busy[k] = ahead
	}
	turn := make(chan struct{})
	ahead.waiting = append(ahead.waiting, turn)
	return turn
}

// free lets the next one in.
func (l *lanes) free(k lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.busy[k]
	if next == nil || len(next.waiting) == 0 {
		delete(l.busy, k)
		return
	}
	close(next.waiting[0])
	next.waiting = next.waiting[1:]
}

// giveUp leaves the line, or the lane if it was given at that very moment.
func (l *lanes) giveUp(k lane, turn chan struct{}) {
	l.mu.Lock()
	ahead := l.busy[k]
	at := -1
	if ahead != nil {
		at = slices.Index(ahead.waiting, turn)
	}
	if at >= 0 {
		ahead.waiting = slices.Delete(ahead.waiting, at, at+1)
	}
	l.mu.Unlock()
	if at < 0 {
		l.free(k)
	}
}
