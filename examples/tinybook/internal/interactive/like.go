package interactive

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
)

// Like makes the user uid one who likes the thing, or none, and returns how many
// do. To like twice is to like once, and to take back what wasn't given is no
// fault. It returns [ErrNotListed] for a thing that isn't there.
func (s *Store) Like(ctx context.Context, uid, id int64, like bool) (likes int64, err error) {
	err = s.change(ctx, id, func(tx *gorm.DB, now counted) error {
		step, err := s.mark(tx, likeMarks, uid, id, like)
		likes = now.LikeCount + step
		if err != nil || step == 0 {
			return err
		}
		// The ranking hears of it: see Relay.
		const update = "UPDATE interactives SET like_count = like_count + ?, version = version + 1, unsent = 1" +
			" WHERE biz = ? AND biz_id = ?"
		return tx.Exec(update, step, s.kind, id).Error
	})
	return likes, err
}

// Collect puts the thing into the collection cid of the user uid, or takes it out
// of the one where it is, and returns how many users have collected it. A user
// has a thing in one collection at most: to collect it again moves it. It returns
// [ErrNotListed] for a thing that isn't there.
func (s *Store) Collect(ctx context.Context, uid, id, cid int64, collect bool) (collects int64, err error) {
	err = s.change(ctx, id, func(tx *gorm.DB, now counted) error {
		step, err := s.mark(tx, collectMarks, uid, id, collect)
		collects = now.CollectCount + step
		if err == nil && collect {
			err = s.put(tx, uid, id, cid)
		}
		if err != nil || step == 0 {
			return err
		}
		const update = "UPDATE interactives SET collect_count = collect_count + ? WHERE biz = ? AND biz_id = ?"
		return tx.Exec(update, step, s.kind, id).Error
	})
	return collects, err
}

// counted is what is locked before anything of a thing changes.
type counted struct {
	LikeCount, CollectCount int64
	Listed                  bool
}

// change runs f in a transaction that has the counts of a thing for itself. f may
// run again.
func (s *Store) change(ctx context.Context, id int64, f func(tx *gorm.DB, now counted) error) error {
	lock := s.db.ForUpdate("SELECT like_count, collect_count, listed FROM interactives WHERE biz = ? AND biz_id = ?")
	err := s.db.Tx(ctx, func(tx *gorm.DB) error {
		var now counted
		if err := tx.Raw(lock, s.kind, id).Scan(&now).Error; err != nil {
			return err
		}
		if !now.Listed { // also where there is no row
			return ErrNotListed
		}
		return f(tx, now)
	})
	if errors.Is(err, ErrNotListed) {
		return ErrNotListed
	}
	return failed("change", err)
}

// marks is a table with one row for each user who ever set a mark on a thing.
type marks struct{ give, again, takeBack string }

func marksIn(table, insert string) marks {
	const of = " WHERE biz = ? AND biz_id = ? AND uid = ?"
	return marks{
		give:     insert,
		again:    "UPDATE " + table + " SET status = 1, updated_at = ?" + of + " AND status = 0",
		takeBack: "UPDATE " + table + " SET status = 0, updated_at = ?" + of + " AND status = 1",
	}
}

var (
	likeMarks = marksIn("like_records",
		"INSERT INTO like_records (biz, biz_id, uid, status, updated_at) VALUES (?, ?, ?, 1, ?)")
	collectMarks = marksIn("collect_records",
		"INSERT INTO collect_records (biz, biz_id, uid, status, updated_at, cid) VALUES (?, ?, ?, 1, ?, 0)")
)

// mark turns a user's mark on or off and returns by how much the count of marks
// grows: by 1 or -1, or by 0 if it was so already.
func (s *Store) mark(tx *gorm.DB, m marks, uid, id int64, on bool) (int64, error) {
	now := time.Now().UnixMilli()
	if !on {
		done := tx.Exec(m.takeBack, now, s.kind, id, uid)
		return -done.RowsAffected, done.Error
	}
	done := tx.Exec(s.db.InsertNew(m.give), s.kind, id, uid, now)
	if done.Error != nil || done.RowsAffected == 1 {
		return done.RowsAffected, done.Error
	}
	done = tx.Exec(m.again, now, s.kind, id, uid)
	return done.RowsAffected, done.Error
}

// put says in which collection a collected thing is.
func (s *Store) put(tx *gorm.DB, uid, id, cid int64) error {
	const update = "UPDATE collect_records SET cid = ? WHERE biz = ? AND biz_id = ? AND uid = ? AND cid <> ?"
	return tx.Exec(update, cid, s.kind, id, uid, cid).Error
}
