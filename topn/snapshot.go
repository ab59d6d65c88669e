package topn

import (
	"fmt"
	"time"
)

// From says where a [Snapshot] was read.
type From uint8

const (
	// FromNothing is a cold board: nothing was read yet.
	FromNothing From = iota
	// FromRedis is the board in Redis.
	FromRedis
	// FromSource is the database, since Redis had no board or no answer.
	FromSource
)

// String returns the name of f.
func (f From) String() string {
	switch f {
	case FromNothing:
		return "nothing"
	case FromRedis:
		return "redis"
	case FromSource:
		return "source"
	}
	return fmt.Sprintf("From(%d)", uint8(f))
}

// A Snapshot is the first places of a board at one moment. Its Items are shared
// by all who read them and are not to be modified.
type Snapshot[M comparable] struct {
	// Items are the places, best first. A board of fewer members has fewer.
	Items []Item[M]
	// Version is the mark in Redis that the items were read under. It means
	// nothing but that another Version may have other items: it doesn't always
	// rise. It is 0 unless From is FromRedis.
	Version int64
	// At is when this was last known to be what the board says.
	At time.Time
	// Stale is set when the last attempt to refresh it failed, or nobody has
	// tried for WithMaxStale.
	Stale bool
	// From says where the items were read.
	From From
}

// RankOf returns the rank of m, 1 for the first, and reports whether it is among
// the Items. It is O(len(Items)).
func (s Snapshot[M]) RankOf(m M) (rank int, ok bool) {
	for i := range s.Items {
		if s.Items[i].Member == m {
			return s.Items[i].Rank, true
		}
	}
	return 0, false
}
