package article

import (
	"context"
	"math"
	"time"
)

// Own implements [Repo].
func (r *SQLRepo) Own(ctx context.Context, author, id int64) (Article, error) {
	var row record
	done := r.db.Read.WithContext(ctx).Raw("SELECT * FROM articles WHERE id = ? AND author_id = ?", id, author).Scan(&row)
	if done.Error != nil {
		return Article{}, Quiet("own", done.Error)
	}
	if done.RowsAffected == 0 {
		return Article{}, ErrNotFound
	}
	return row.article(), nil
}

// ownList is how much of a content a list reads: the abstract of what has few
// blanks is within it.
const ownList = 2 * maxAbstract

// ListOwn implements [Repo].
func (r *SQLRepo) ListOwn(ctx context.Context, author int64, offset, limit int) ([]Article, error) {
	var rows []record
	const query = "SELECT id, author_id, title, SUBSTR(content, 1, ?) AS content, status, version, published_version," +
		" created_at, updated_at FROM articles WHERE author_id = ? ORDER BY updated_at DESC, id DESC LIMIT ? OFFSET ?"
	if err := r.db.Read.WithContext(ctx).Raw(query, ownList, author, limit, offset).Scan(&rows).Error; err != nil {
		return nil, Quiet("list own", err)
	}
	all := make([]Article, len(rows))
	for i := range rows {
		all[i] = rows[i].article()
	}
	return all, nil
}

// card is a row of what lists show.
type card struct {
	ID, AuthorID           int64
	Title, Abstract        string
	Nickname               *string
	PublishedAt, UpdatedAt int64
}

func (c *card) card() Card {
	made := Card{
		ID: c.ID, AuthorID: c.AuthorID, Title: c.Title, Abstract: c.Abstract,
		PublishedAt: time.UnixMilli(c.PublishedAt).UTC(), UpdatedAt: time.UnixMilli(c.UpdatedAt).UTC(),
	}
	if c.Nickname != nil {
		made.AuthorName = *c.Nickname
	}
	return made
}

const (
	cardColumns = "p.id, p.author_id, p.title, p.abstract, p.published_at, p.updated_at, u.nickname"
	cardTables  = " FROM published_articles p LEFT JOIN users u ON u.id = p.author_id"
)

// Read implements [Repo].
func (r *SQLRepo) Read(ctx context.Context, id int64) (Page, error) {
	var row struct {
		Card    card `gorm:"embedded"`
		Content string
	}
	const query = "SELECT " + cardColumns + ", p.content" + cardTables + " WHERE p.id = ? AND p.status = ?"
	done := r.db.Read.WithContext(ctx).Raw(query, id, Published).Scan(&row)
	if done.Error != nil {
		return Page{}, Quiet("read", done.Error)
	}
	if done.RowsAffected == 0 {
		return Page{}, ErrNotFound
	}
	return Page{Card: row.Card.card(), Content: row.Content}, nil
}

// Feed implements [Repo].
func (r *SQLRepo) Feed(ctx context.Context, after Cursor, limit int) ([]Card, error) {
	if after == (Cursor{}) {
		after.At = math.MaxInt64
	}
	// The first condition on the time is one that an index can begin at.
	const query = "SELECT " + cardColumns + cardTables +
		" WHERE p.status = ? AND p.published_at <= ? AND (p.published_at < ? OR p.id < ?)" +
		" ORDER BY p.published_at DESC, p.id DESC LIMIT ?"
	var rows []card
	err := r.db.Read.WithContext(ctx).Raw(query, Published, after.At, after.At, after.ID, limit).Scan(&rows).Error
	return cards(rows), Quiet("feed", err)
}

// Top implements [Ranking]. Its index has what is listed by likes: the database
// looks at n entries and at their articles.
func (r *SQLRepo) Top(ctx context.Context, n int) ([]Ranked, error) {
	var rows []struct {
		Card               card `gorm:"embedded"`
		LikeCount, Version int64
	}
	if err := r.db.Read.WithContext(ctx).Raw(topQuery, Published, n).Scan(&rows).Error; err != nil {
		return nil, Quiet("top", err)
	}
	all := make([]Ranked, len(rows))
	for i := range rows {
		all[i] = Ranked{Card: rows[i].Card.card(), Likes: rows[i].LikeCount, Version: rows[i].Version}
	}
	return all, nil
}

const topQuery = "SELECT " + cardColumns + ", i.like_count, i.version FROM interactives i" +
	" JOIN published_articles p ON p.id = i.biz_id AND p.status = ?" +
	" LEFT JOIN users u ON u.id = p.author_id" +
	" WHERE i.biz = 'article' AND i.listed = 1 AND i.like_count > 0" +
	" ORDER BY i.like_count DESC, i.biz_id DESC LIMIT ?"

// Cards implements [Ranking].
func (r *SQLRepo) Cards(ctx context.Context, ids []int64) ([]Card, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []card
	const query = "SELECT " + cardColumns + cardTables + " WHERE p.id IN ? AND p.status = ?"
	if err := r.db.Read.WithContext(ctx).Raw(query, ids, Published).Scan(&rows).Error; err != nil {
		return nil, Quiet("cards", err)
	}
	byID := make(map[int64]Card, len(rows))
	for i := range rows {
		byID[rows[i].ID] = rows[i].card()
	}
	all := make([]Card, 0, len(rows))
	for _, id := range ids {
		if made, ok := byID[id]; ok {
			all = append(all, made)
		}
	}
	return all, nil
}

func cards(rows []card) []Card {
	all := make([]Card, len(rows))
	for i := range rows {
		all[i] = rows[i].card()
	}
	return all
}
