package interactive

import (
	"context"

	"gorm.io/gorm"
)

// unsent returns up to n things, by their ids and only above after, whose newest
// change isn't known to be in the topic.
func (s *Store) unsent(ctx context.Context, after int64, n int) ([]Change, error) {
	var rows []struct {
		BizID, LikeCount, Version int64
		Listed                    bool
	}
	const query = "SELECT biz_id, like_count, version, listed FROM interactives" +
		" WHERE biz = ? AND unsent = 1 AND biz_id > ? ORDER BY biz_id LIMIT ?"
	if err := s.db.Read.WithContext(ctx).Raw(query, s.kind, after, n).Scan(&rows).Error; err != nil {
		return nil, failed("unsent", err)
	}
	changes := make([]Change, len(rows))
	for i, r := range rows {
		changes[i] = Change{ID: r.BizID, Likes: r.LikeCount, Listed: r.Listed, Version: r.Version}
	}
	return changes, nil
}

// countUnsent returns how many things there are of which [Store.unsent] tells.
func (s *Store) countUnsent(ctx context.Context) (n int64, err error) {
	const query = "SELECT COUNT(*) FROM interactives WHERE biz = ? AND unsent = 1"
	err = s.db.Read.WithContext(ctx).Raw(query, s.kind).Scan(&n).Error
	return n, failed("count unsent", err)
}

// sent notes that changes, in the order of their ids, are in the topic. A thing
// that has changed since stays unsent.
func (s *Store) sent(ctx context.Context, changes []Change) error {
	return failed("sent", s.db.Tx(ctx, func(tx *gorm.DB) error {
		for _, c := range changes {
			const update = "UPDATE interactives SET unsent = 0 WHERE biz = ? AND biz_id = ? AND version = ?"
			if err := tx.Exec(update, s.kind, c.ID, c.Version).Error; err != nil {
				return err
			}
		}
		return nil
	}))
}
