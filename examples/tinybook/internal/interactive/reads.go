package interactive

import (
	"context"
	"errors"
	"maps"
	"slices"

	"gorm.io/gorm"
)

// A partition is a part of a topic as one group of consumers sees it.
type partition struct {
	group, topic string
	number       int
}

// errNotBegun is for a partition that nextOffset was never asked about.
var errNotBegun = errors.New("interactive: the partition is not begun")

// A readAt is a read and where it is in its partition. An id of 0 is a message
// that tells of no read.
type readAt struct{ offset, id int64 }

// countReads adds reads, which are in the order of the partition, to the counts of
// things, and returns how many it added. In the same transaction it keeps up to
// where the partition is counted, and leaves out what was before: a read counts
// once, however often it is consumed, by whomever, and whatever was killed between
// the transaction and what Kafka is told. Reads of what was never listed aren't
// counted.
func (s *Store) countReads(ctx context.Context, p partition, reads []readAt) (added int64, err error) {
	lock := s.db.ForUpdate("SELECT next_offset FROM consumed_offsets WHERE consumer = ? AND topic = ? AND part = ?")
	err = s.db.Tx(ctx, func(tx *gorm.DB) error {
		added = 0
		var next int64
		if err := tx.Raw(lock, p.group, p.topic, p.number).Scan(&next).Error; err != nil {
			return err
		}
		counts, end := tally(reads, next)
		// In one order, so that two partitions don't wait for each other.
		for _, id := range slices.Sorted(maps.Keys(counts)) {
			const update = "UPDATE interactives SET read_count = read_count + ? WHERE biz = ? AND biz_id = ?"
			done := tx.Exec(update, counts[id], s.kind, id)
			if done.Error != nil {
				return done.Error
			}
			added += done.RowsAffected * counts[id]
		}
		if end == next {
			return nil
		}
		const move = "UPDATE consumed_offsets SET next_offset = ? WHERE consumer = ? AND topic = ? AND part = ?"
		done := tx.Exec(move, end, p.group, p.topic, p.number)
		if done.Error == nil && done.RowsAffected == 0 {
			return errNotBegun // nothing would be remembered
		}
		return done.Error
	})
	return added, failed("count reads", err)
}

// tally counts the reads from the offset next on by id, and returns the offset
// after the last.
func tally(reads []readAt, next int64) (counts map[int64]int64, end int64) {
	counts = map[int64]int64{}
	for _, r := range reads {
		if r.offset < next {
			continue
		}
		next = r.offset + 1
		if r.id != 0 {
			counts[r.id]++
		}
	}
	return counts, next
}

// nextOffset returns up to where a partition is counted, which is 0 for a new one.
func (s *Store) nextOffset(ctx context.Context, p partition) (int64, error) {
	db := s.db.Write.WithContext(ctx)
	insert := s.db.InsertNew("INSERT INTO consumed_offsets (consumer, topic, part, next_offset) VALUES (?, ?, ?, 0)")
	if err := db.Exec(insert, p.group, p.topic, p.number).Error; err != nil {
		return 0, failed("next offset", err)
	}
	var next int64
	const query = "SELECT next_offset FROM consumed_offsets WHERE consumer = ? AND topic = ? AND part = ?"
	err := db.Raw(query, p.group, p.topic, p.number).Scan(&next).Error
	return next, failed("next offset", err)
}

// rewind makes a partition, if it is counted up to the offset from, one that is
// counted up to the offset to.
func (s *Store) rewind(ctx context.Context, p partition, from, to int64) error {
	const update = "UPDATE consumed_offsets SET next_offset = ? WHERE consumer = ? AND topic = ? AND part = ? AND next_offset = ?"
	return failed("rewind", s.db.Write.WithContext(ctx).Exec(update, to, p.group, p.topic, p.number, from).Error)
}
