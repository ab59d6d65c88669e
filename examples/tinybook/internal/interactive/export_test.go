package interactive

import "context"

// What tests in interactive_test see of the parts that count and send.

// A ReadAt is a read and its offset.
type ReadAt struct{ Offset, ID int64 }

// NextOffset is nextOffset of a partition of a topic.
func (s *Store) NextOffset(ctx context.Context, topic string, number int) (int64, error) {
	return s.nextOffset(ctx, partition{ReadGroup, topic, number})
}

// CountReads is countReads of a partition of a topic.
func (s *Store) CountReads(ctx context.Context, topic string, number int, reads ...ReadAt) (int64, error) {
	own := make([]readAt, len(reads))
	for i, r := range reads {
		own[i] = readAt{offset: r.Offset, id: r.ID}
	}
	return s.countReads(ctx, partition{ReadGroup, topic, number}, own)
}

// Unsent and Sent are those of the relay.
func (s *Store) Unsent(ctx context.Context, after int64, n int) ([]Change, error) {
	return s.unsent(ctx, after, n)
}

func (s *Store) Sent(ctx context.Context, changes ...Change) error { return s.sent(ctx, changes) }

// ErrNotBegun is errNotBegun.
var ErrNotBegun = errNotBegun
