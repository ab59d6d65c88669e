package topn

import (
	"strconv"

	"github.com/segmentio/kafka-go"
)

// A place is one partition.
type place struct {
	topic     string
	partition int
}

// stream returns the name of the stream of p.
func (p place) stream(cfg *consumeConfig) string {
	name := p.topic
	if cfg.named {
		name = cfg.stream
	}
	return name + "/" + strconv.Itoa(p.partition)
}

// A share is the part of a batch that one partition has.
type share[M comparable] struct {
	place  place
	stream string
	asked  bool  // Redis was asked for the mark
	mark   int64 // every offset up to here was applied, or is poison that was handed over; -1: none
	high   int64 // every offset up to here is that, or in events or poison
	seen   int64 // the offset that came last
	events []fetched[M]
	poison []poison
	last   kafka.Message // the one to commit
	fresh  bool          // last isn't committed
	warned bool          // of a log that was rewound
}

// A fetched event and the message that it was in.
type fetched[M comparable] struct {
	Event[M]
	message kafka.Message
}

type poison struct {
	message kafka.Message
	why     error
}

func newShare[M comparable](p place, cfg *consumeConfig) *share[M] {
	return &share[M]{place: p, stream: p.stream(cfg), mark: -1, high: -1, seen: -1}
}

// note makes m the message that a commit of the share is for.
func (s *share[M]) note(m kafka.Message) {
	if !s.fresh || m.Offset > s.last.Offset {
		s.last = m
	}
	s.fresh, s.seen = true, m.Offset
}

// holds reports whether an offset that was seen is in hand, or in a gap of what is:
// nothing that a log has between two offsets in hand was left out.
func (s *share[M]) holds(offset int64) bool {
	return len(s.events) > 0 && s.events[0].message.Offset <= offset ||
		len(s.poison) > 0 && s.poison[0].message.Offset <= offset
}

// rewind forgets all that is known, for Redis to be asked again, and what is in hand,
// which comes again: it returns how many messages those were.
func (s *share[M]) rewind() (dropped int) {
	dropped = len(s.events) + len(s.poison)
	clear(s.events)
	s.events, s.poison = s.events[:0], nil
	s.asked, s.mark, s.high = false, -1, -1
	s.last.Offset = -1
	return dropped
}

// rise takes note of a mark, and returns how many of the events in hand it makes
// replays. They are the first ones: offsets rise.
func (s *share[M]) rise(mark int64) (dropped int) {
	s.mark, s.high = max(s.mark, mark), max(s.high, mark)
	for dropped < len(s.events) && s.events[dropped].message.Offset <= s.mark {
		dropped++
	}
	s.events = s.events[dropped:]
	return dropped
}

// deltas adds up what events add to each member.
func deltas[M comparable](events []fetched[M]) map[M]float64 {
	sums := make(map[M]float64, len(events))
	for i := range events {
		sums[events[i].Member] += events[i].Delta
	}
	return sums
}

// newest returns the newest event of each member, apart for scores and for members
// that were removed; of those with the same version the first, as the board would.
func newest[M comparable](events []fetched[M]) (scores, removed []Entry[M]) {
	at := make(map[M]int, len(events))
	for i := range events {
		e := &events[i]
		if j, seen := at[e.Member]; !seen || e.Version > events[j].Version {
			at[e.Member] = i
		}
	}
	for i := range events {
		e := &events[i]
		if at[e.Member] != i {
			continue
		}
		entry := Entry[M]{Member: e.Member, Score: e.Score, Version: e.Version}
		if e.Removed {
			removed = append(removed, entry)
		} else {
			scores = append(scores, entry)
		}
	}
	return scores, removed
}
