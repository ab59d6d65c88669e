package smsfailover

import (
	"slices"
	"time"
)

// A memIdem remembers IdemKeys for IdemRetention each.
type memIdem struct {
	stored map[string]time.Time
	queue  []memKey // by time
	head   int      // of queue; what is before it is forgotten
}

type memKey struct {
	key    string
	stored time.Time
}

func (m *memIdem) has(key string, now time.Time) bool {
	stored, ok := m.stored[key]
	return ok && now.Sub(stored) < IdemRetention
}

func (m *memIdem) add(key string, now time.Time) {
	if key == "" {
		return
	}
	m.stored[key] = now
	m.queue = append(m.queue, memKey{key, now})
}

// forget drops up to n keys whose time is up.
func (m *memIdem) forget(now time.Time, n int) {
	for ; n > 0 && m.head < len(m.queue); n-- {
		k := m.queue[m.head]
		if now.Sub(k.stored) < IdemRetention {
			break
		}
		// A key that was stored again since has a later entry.
		if m.stored[k.key].Equal(k.stored) {
			delete(m.stored, k.key)
		}
		m.queue[m.head] = memKey{}
		m.head++
	}
	if m.head > len(m.queue)/2 { // seldom enough to copy
		m.queue = slices.Clone(m.queue[m.head:])
		m.head = 0
	}
}
