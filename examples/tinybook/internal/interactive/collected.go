package interactive

import (
	"context"
	"math"
	"time"
)

// A Kept is a thing in a collection of a user.
type Kept struct {
	ID, CID int64
	At      time.Time // when the user collected it; to move it changes nothing
	Counts
}

// A Place is one in a list that has the last collected first: after the thing with
// that id that was collected at that time. The zero Place is before all of them.
type Place struct {
	At int64 // milliseconds of Unix time
	ID int64
}

// Place returns the place after k.
func (k *Kept) Place() Place { return Place{At: k.At.UnixMilli(), ID: k.ID} }

// Collected returns up to limit of the listed things that the user uid has in a
// collection, in the one cid points to unless it is nil, which come after a place;
// the last collected first, and of equals the one with the higher id. It is one
// query, which looks at nothing of other users.
func (s *Store) Collected(ctx context.Context, uid int64, cid *int64, after Place, limit int) ([]Kept, error) {
	if after == (Place{}) {
		after.At = math.MaxInt64
	}
	query, args := collectedQuery, []any{s.kind, uid, after.At, after.At, after.ID}
	if cid != nil {
		query, args = query+" AND c.cid = ?", append(args, *cid)
	}
	query, args = query+" ORDER BY c.updated_at DESC, c.biz_id DESC LIMIT ?", append(args, limit)
	var rows []struct {
		BizID, UpdatedAt                   int64
		CID                                int64 `gorm:"column:cid"`
		ReadCount, LikeCount, CollectCount int64
	}
	if err := s.db.Read.WithContext(ctx).Raw(query, args...).Scan(&rows).Error; err != nil {
		return nil, failed("collected", err)
	}
	all := make([]Kept, len(rows))
	for i, r := range rows {
		all[i] = Kept{
			ID: r.BizID, CID: r.CID, At: time.UnixMilli(r.UpdatedAt).UTC(),
			Counts: Counts{Reads: r.ReadCount, Likes: r.LikeCount, Collects: r.CollectCount},
		}
	}
	return all, nil
}

// The first condition on the time is one that an index can begin at.
const collectedQuery = "SELECT c.biz_id, c.cid, c.updated_at, i.read_count, i.like_count, i.collect_count" +
	" FROM collect_records c JOIN interactives i ON i.biz = c.biz AND i.biz_id = c.biz_id AND i.listed = 1" +
	" WHERE c.biz = ? AND c.uid = ? AND c.status = 1 AND c.updated_at <= ? AND (c.updated_at < ? OR c.biz_id < ?)"
