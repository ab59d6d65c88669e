package interactive

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

// Store keeps what readers did with things of one kind, in SQLite or MySQL. It
// is safe for concurrent use, in several processes too.
//
// Everything that changes the counts of a thing locks its row first. So two
// likes of one thing come one after the other, and can't wait for each other.
type Store struct {
	db   *platform.DB
	kind string
}

// NewStore returns a store on db, which stays the caller's, for things of a kind.
func NewStore(db *platform.DB, kind string) *Store { return &Store{db: db, kind: kind} }

// List makes the thing with that id one that can be read and liked, or takes it
// away; what was counted stays. It is part of the transaction tx, so that a thing
// is listed exactly as long as it is published.
func (s *Store) List(tx *gorm.DB, id int64, listed bool) error {
	insert := s.db.InsertNew("INSERT INTO interactives (biz, biz_id) VALUES (?, ?)")
	if err := tx.Exec(insert, s.kind, id).Error; err != nil {
		return failed("list", err)
	}
	const update = "UPDATE interactives SET listed = ?, version = version + 1, unsent = 1" +
		" WHERE biz = ? AND biz_id = ? AND listed <> ?"
	return failed("list", tx.Exec(update, listed, s.kind, id, listed).Error)
}

// Counts returns the counts of things. One that nobody did anything with is not
// in the map. It is one query, for any number of ids.
func (s *Store) Counts(ctx context.Context, ids ...int64) (map[int64]Counts, error) {
	all := make(map[int64]Counts, len(ids))
	if len(ids) == 0 {
		return all, nil
	}
	var rows []struct{ BizID, ReadCount, LikeCount, CollectCount int64 }
	const query = "SELECT biz_id, read_count, like_count, collect_count FROM interactives WHERE biz = ? AND biz_id IN ?"
	if err := s.db.Read.WithContext(ctx).Raw(query, s.kind, ids).Scan(&rows).Error; err != nil {
		return nil, failed("counts", err)
	}
	for _, r := range rows {
		all[r.BizID] = Counts{Reads: r.ReadCount, Likes: r.LikeCount, Collects: r.CollectCount}
	}
	return all, nil
}

// Mine returns what the user uid did with a thing.
func (s *Store) Mine(ctx context.Context, uid, id int64) (Mine, error) {
	var row struct{ Liked, Collected int64 }
	const query = "SELECT" +
		" (SELECT COUNT(*) FROM like_records WHERE biz = ? AND biz_id = ? AND uid = ? AND status = 1) AS liked," +
		" (SELECT COUNT(*) FROM collect_records WHERE biz = ? AND biz_id = ? AND uid = ? AND status = 1) AS collected"
	err := s.db.Read.WithContext(ctx).Raw(query, s.kind, id, uid, s.kind, id, uid).Scan(&row).Error
	return Mine{Liked: row.Liked > 0, Collected: row.Collected > 0}, failed("mine", err)
}

// failed says what couldn't be done, without the values that databases quote.
func failed(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("interactive: %s: %w", op, platform.Quiet(err))
}
