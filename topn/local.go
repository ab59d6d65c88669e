package topn

import (
	"sync/atomic"
	"time"
)

// A state is what a process knows of a board. All but the atomics is written
// before anybody else sees it, and never after.
type state[M comparable] struct {
	items   []Item[M]
	version int64
	from    From
	turn    uint64        // of the reading: a later one isn't replaced by an earlier one
	read    time.Duration // when the items were read, since the board's base

	seen    atomic.Int64 // when they were last known to be right, likewise
	failing atomic.Bool  // the last attempt to refresh them failed
}

// Top returns the first n places of the snapshot, or as many as there are; none
// if n is 0 or less, or the board is cold. The slice is shared by all who ask and
// isn't to be modified; appending to it copies it. Top takes a few nanoseconds,
// allocates nothing, and waits for nobody.
func (b *Board[M]) Top(n int) []Item[M] {
	items := b.now().items
	n = max(0, min(n, len(items)))
	return items[:n:n]
}

// Snapshot returns all places, and how good the knowledge of them is. It waits
// for nobody.
func (b *Board[M]) Snapshot() Snapshot[M] {
	return b.snapshot(b.now(), b.cfg.n)
}

// now returns the state, which is there unless the board wasn't made by New.
func (b *Board[M]) now() *state[M] {
	if s := b.state.Load(); s != nil {
		return s
	}
	return new(state[M])
}

func (b *Board[M]) snapshot(s *state[M], n int) Snapshot[M] {
	if s.from == FromNothing {
		return Snapshot[M]{Stale: s.failing.Load()}
	}
	n = max(0, min(n, len(s.items)))
	seen := time.Duration(s.seen.Load())
	return Snapshot[M]{
		Items:   s.items[:n:n],
		Version: s.version,
		At:      b.base.Add(seen),
		Stale:   s.failing.Load() || b.old(seen),
		From:    s.from,
	}
}

// old reports whether what was right at that time may not be any more.
func (b *Board[M]) old(at time.Duration) bool { return b.elapsed()-at > b.cfg.maxStale }

// publish makes s the state, unless a reading that began later was faster.
func (b *Board[M]) publish(s *state[M]) {
	s.seen.Store(int64(s.read))
	for {
		now := b.state.Load()
		if now.turn > s.turn || b.state.CompareAndSwap(now, s) {
			return
		}
	}
}

// confirm says that nothing has changed since s was read.
func (b *Board[M]) confirm(s *state[M]) {
	s.seen.Store(int64(b.elapsed()))
	s.failing.Store(false)
}
