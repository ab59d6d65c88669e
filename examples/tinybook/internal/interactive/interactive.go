// Package interactive is about what readers do with things that others publish:
// reading, liking and collecting them. It knows things by a kind, such as
// [Article], and an id, and nothing else about them.
//
// What a user does on purpose, a like or a collect, is in the database before
// it is answered. Reads go through a topic of Kafka and are counted in batches,
// each exactly once; see [Recorder] and [Consumer]. Every change of a thing's
// likes goes to another topic, for rankings; see [Relay].
package interactive

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Article is the kind of articles.
const Article = "article"

// ErrNotListed means that nothing is listed under an id: nobody ever published
// it, or it was withdrawn.
var ErrNotListed = errors.New("interactive: not listed")

// Counts are how often a thing was read, and how many users like it and have it
// in a collection.
type Counts struct{ Reads, Likes, Collects int64 }

// Mine is what one user did with a thing.
type Mine struct{ Liked, Collected bool }

// A Change says how many likes a thing has, as a message of [ChangeTopic]. It
// tells all of it, not a difference: of two for one thing the one with the
// higher Version is true, whichever comes last, and however often it comes.
type Change struct {
	ID      int64 `json:"id"`
	Likes   int64 `json:"likes"`
	Listed  bool  `json:"listed"` // false: withdrawn, out of every ranking
	Version int64 `json:"version"`
}

// The topics.
const (
	ReadTopic   = "topic-article-read"
	ChangeTopic = "topic-article-like-rank"
)

// The groups: of those who count reads, and of those who keep a ranking.
const (
	ReadGroup = "group-article-read"
	RankGroup = "group-article-like-rank"
)

// Topics returns all topics of this package.
func Topics() []string { return []string{ReadTopic, ChangeTopic} }

// errEvent quotes nothing: anybody may write to a topic.
var errEvent = errors.New("interactive: not an event")

// A read is a message of [ReadTopic].
type read struct {
	ID int64 `json:"id"`
	At int64 `json:"at"` // milliseconds of Unix time
}

func decodeRead(value []byte) (read, error) {
	var r read
	if json.Unmarshal(value, &r) != nil || r.ID < 1 {
		return read{}, errEvent
	}
	return r, nil
}

// DecodeChange returns the change that value, of a message of [ChangeTopic],
// tells of. Its error quotes nothing of value.
func DecodeChange(value []byte) (Change, error) {
	var c Change
	if json.Unmarshal(value, &c) != nil || c.ID < 1 || c.Likes < 0 || c.Version < 1 {
		return Change{}, errEvent
	}
	return c, nil
}

func encode(event any) ([]byte, error) {
	value, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("interactive: encode %T: %w", event, err)
	}
	return value, nil
}
