package kafkax

import (
	"sync"
	"sync/atomic"
	"time"
)

// A generation notices that a group was rebalanced. kafka-go tells its logger, and
// in its Stats; without a group nothing is ever rebalanced.
type generation struct {
	changed func() bool // since the last call; nil: no group
	mu      sync.Mutex
	n       atomic.Uint64 // rebalances that were noticed
	next    atomic.Int64  // when to look again, by the stopwatch of the Reader
}

// lookEvery is how long a rebalance may go unnoticed while messages flow without a
// gap. Nobody notices that but a program that looks at offsets as they pass.
const lookEvery = 100 * time.Millisecond

// due reports whether it is time to look.
func (g *generation) due(now time.Duration) bool {
	if g.changed == nil || int64(now) < g.next.Load() {
		return false
	}
	g.next.Store(int64(now + lookEvery))
	return true
}

// look returns the number of the generation, after it has called lose if that is a
// new one. No caller returns before a lose that another one has begun.
func (g *generation) look(lose func()) uint64 {
	if g.changed == nil {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.changed() {
		g.n.Add(1)
		lose()
	}
	return g.n.Load()
}

// watchGenerations makes r notice rebalances.
func (r *Reader) watchGenerations() {
	if r.log != nil {
		var seen uint64 // guarded by the lock of the generation
		r.generation.changed = func() bool {
			last := seen
			seen = r.log.generation.Load()
			return seen != last
		}
		return
	}
	in := readerFeed(r.kafka)
	r.generation.changed = func() bool { return in.next().Rebalances > 0 }
}

// lose notes that partitions may have moved, and which this reader still has if its
// log says so.
func (r *Reader) lose() {
	for _, p := range r.all() {
		if r.log == nil {
			p.lose()
			continue
		}
		if start, owned := r.log.start(p.place); owned {
			p.begin(start)
		} else {
			p.lose()
		}
	}
}
