package ratelimit

import (
	"hash/maphash"
	"sync"
	"time"
)

// A denyCache remembers which keys have no room for a hit, until they may have
// again. A nil one remembers nothing.
type denyCache struct {
	seed   maphash.Seed
	shards []denyShard
	max    int // per shard
}

type denyShard struct {
	mu     sync.RWMutex
	gen    uint64 // counts what makes an answer on its way obsolete
	denied map[string]denial
}

// A denial is a refusal with the moments that it spoke of. What was asked at
// the start of a call was decided later, so a wait that is reckoned from then ends
// too early, and one from the end of the call too late, by a round trip each.
type denial struct {
	r     Result
	until time.Time // never refuses longer than Redis would
	retry time.Time // never promises too much
	reset time.Time
}

// asking is the moment before a question.
type asking struct {
	at  time.Time
	gen uint64
}

const denyShards = 16

func newDenyCache(entries int) *denyCache {
	c := &denyCache{seed: maphash.MakeSeed(), shards: make([]denyShard, denyShards)}
	if entries < denyShards {
		c.shards = c.shards[:1]
	}
	c.max = entries / len(c.shards)
	for i := range c.shards {
		c.shards[i].denied = make(map[string]denial)
	}
	return c
}

func (c *denyCache) shard(key string) *denyShard {
	return &c.shards[maphash.String(c.seed, key)%uint64(len(c.shards))]
}

// refused returns the refusal that still holds for key, if there is one.
func (c *denyCache) refused(key string) (Result, bool) {
	if c == nil {
		return Result{}, false
	}
	s := c.shard(key)
	s.mu.RLock()
	d, ok := s.denied[key]
	s.mu.RUnlock()
	if !ok {
		return Result{}, false
	}
	now := time.Now()
	if !now.Before(d.until) {
		return Result{}, false
	}
	d.r.RetryAfter, d.r.ResetAfter = d.retry.Sub(now), d.reset.Sub(now)
	return d.r, true
}

// begin is to be called before Redis is asked about key.
func (c *denyCache) begin(key string) asking {
	if c == nil {
		return asking{}
	}
	s := c.shard(key)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return asking{time.Now(), s.gen}
}

// remember keeps the refusal of one hit of key, unless something was given back
// to a key of the shard since a. Never it need not keep: such a limit refuses
// all, and nothing is gained by refusing it sooner.
func (c *denyCache) remember(a asking, key string, r Result) {
	if c == nil || r.RetryAfter <= 0 || r.RetryAfter == Never {
		return
	}
	now := time.Now()
	r.Source = Cached
	d := denial{r: r, until: a.at.Add(r.RetryAfter), retry: now.Add(r.RetryAfter), reset: now.Add(r.ResetAfter)}
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen != a.gen {
		return
	}
	if _, ok := s.denied[key]; !ok && len(s.denied) >= c.max {
		s.evict(now)
	}
	s.denied[key] = d
}

// denySample is how many entries are looked at to find one to drop.
const denySample = 8

// evict drops the expired ones of a few entries, at least the one that would
// have expired first.
func (s *denyShard) evict(now time.Time) {
	var first string
	var soonest time.Time
	looked := 0
	for key, d := range s.denied { // begins anywhere
		if looked == 0 || d.until.Before(soonest) {
			first, soonest = key, d.until
		}
		if !now.Before(d.until) {
			delete(s.denied, key)
		}
		if looked++; looked == denySample {
			break
		}
	}
	delete(s.denied, first)
}

// forget drops what is known of key, also what is on its way.
func (c *denyCache) forget(key string) {
	if c == nil {
		return
	}
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gen++
	delete(s.denied, key)
}
