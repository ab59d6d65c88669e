package bench

import (
	"context"
	"fmt"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
)

// scan is the query of the ranking, where no index helps: every condition is on an
// expression, and read_count is in none. So the database looks at every row and
// sorts, in SQLite and in MySQL.
const scan = "SELECT p.id, p.title, p.author_id, u.nickname, i.like_count FROM" +
	" (SELECT biz_id, like_count FROM interactives" +
	" WHERE LOWER(biz) = 'article' AND listed + 0 = 1 AND like_count + 0 > 0 AND read_count + 0 >= 0" +
	" ORDER BY like_count + 0 DESC, biz_id DESC LIMIT ?) i" +
	" JOIN published_articles p ON p.id = i.biz_id AND p.status = ?" +
	" LEFT JOIN users u ON u.id = p.author_id" +
	" ORDER BY i.like_count DESC, i.biz_id DESC"

func (h *Handler) scanned(ctx context.Context) ([]ranking.Item, error) {
	var rows []struct {
		ID, AuthorID, LikeCount int64
		Title                   string
		Nickname                *string
	}
	if err := h.db.Read.WithContext(ctx).Raw(scan, places, article.Published).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("bench: scan: %w", platform.Quiet(err))
	}
	items := make([]ranking.Item, len(rows))
	for i, r := range rows {
		items[i] = ranking.Item{Rank: i + 1, ID: r.ID, Title: r.Title, AuthorID: r.AuthorID, LikeCount: r.LikeCount}
		if r.Nickname != nil {
			items[i].AuthorName = *r.Nickname
		}
	}
	return items, nil
}
