package kafkax

import (
	"hash/maphash"
	"sync"
)

// topics decides which topics get a label of their own: the first that are met.
type topics struct {
	limit int // 0: none

	mu    sync.RWMutex
	seen  map[string]struct{}
	extra map[uint64]struct{} // hashes of some that came too late
	seed  maphash.Seed
}

// maxFolded bounds the memory for counting what came too late: 2 MB.
const maxFolded = 1 << 16

func newTopics(limit int) *topics {
	return &topics{limit: limit, seen: map[string]struct{}{}, extra: map[uint64]struct{}{}, seed: maphash.MakeSeed()}
}

// label returns the label of a topic: its name, or [otherTopic]. No topic at all
// is not one that counts.
func (t *topics) label(topic string) string {
	if t.limit == 0 || topic == "" {
		return topic
	}
	t.mu.RLock()
	_, seen := t.seen[topic]
	t.mu.RUnlock()
	if seen || t.admit(topic) {
		return topic
	}
	return otherTopic
}

func (t *topics) admit(topic string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, seen := t.seen[topic]; seen {
		return true
	}
	if len(t.seen) < t.limit {
		t.seen[topic] = struct{}{}
		return true
	}
	if len(t.extra) < maxFolded {
		t.extra[maphash.String(t.seed, topic)] = struct{}{}
	}
	return false
}

// folded returns how many topics have no label of their own, up to maxFolded.
func (t *topics) folded() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.extra)
}
