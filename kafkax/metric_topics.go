package kafkax

import (
	"hash/maphash"
	"strings"
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

// label returns the label of a topic: its name, or [otherTopic]; of a label it is
// that label. No topic at all counts for none.
func (t *topics) label(topic string) string {
	if t.limit == 0 || topic == "" || topic == otherTopic {
		return topic
	}
	if own, known := t.find(topic); known {
		return own
	}
	return t.admit(topic)
}

// find returns the label of a topic that was met before.
func (t *topics) find(topic string) (label string, known bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if _, seen := t.seen[topic]; seen {
		return topic, true
	}
	// Once the count is full, a newcomer needs no lock that excludes others.
	return otherTopic, len(t.extra) == maxFolded || len(t.extra) > 0 && t.isExtra(topic)
}

func (t *topics) isExtra(topic string) bool {
	_, extra := t.extra[maphash.String(t.seed, topic)]
	return extra
}

func (t *topics) admit(topic string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, seen := t.seen[topic]; seen {
		return topic
	}
	if len(t.seen) < t.limit {
		t.seen[strings.Clone(topic)] = struct{}{} // the caller's may be a part of something large
		return topic
	}
	if len(t.extra) < maxFolded {
		t.extra[maphash.String(t.seed, topic)] = struct{}{}
	}
	return otherTopic
}

// folded returns how many topics have no label of their own, up to maxFolded.
func (t *topics) folded() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.extra)
}
