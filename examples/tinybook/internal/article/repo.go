package article

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

// record is a row of the table articles.
type record struct {
	ID               int64
	AuthorID         int64
	Title            string
	Content          string
	Status           Status
	Version          int64
	PublishedVersion int64
	CreatedAt        int64 `gorm:"autoCreateTime:false"` // milliseconds, as all times here
	UpdatedAt        int64 `gorm:"autoUpdateTime:false"`
}

// TableName tells gorm the table.
func (record) TableName() string { return "articles" }

func (r *record) article() Article {
	return Article{
		ID: r.ID, AuthorID: r.AuthorID, Title: r.Title, Content: r.Content, Status: r.Status,
		Version: r.Version, PublishedVersion: r.PublishedVersion,
		CreatedAt: time.UnixMilli(r.CreatedAt).UTC(), UpdatedAt: time.UnixMilli(r.UpdatedAt).UTC(),
	}
}

// A Listing says what readers may like. List is part of the transaction tx.
type Listing interface {
	List(tx *gorm.DB, id int64, listed bool) error
}

// SQLRepo is a [Repo] in SQLite or MySQL.
type SQLRepo struct {
	db      *platform.DB
	listing Listing
}

// NewSQLRepo returns a repository on db, which stays the caller's. It tells
// listing what is published and withdrawn, in the same transaction.
func NewSQLRepo(db *platform.DB, listing Listing) *SQLRepo {
	return &SQLRepo{db: db, listing: listing}
}

// Create implements [Repo].
func (r *SQLRepo) Create(ctx context.Context, a *Article) error {
	_, err := r.CreateOnce(ctx, a, "")
	return err
}

// CreateOnce implements [Repo].
func (r *SQLRepo) CreateOnce(ctx context.Context, a *Article, key string) (made bool, err error) {
	now := time.Now().UnixMilli()
	row := record{
		AuthorID: a.AuthorID, Title: a.Title, Content: a.Content, Status: a.Status,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if a.Status == Published {
		row.PublishedVersion = row.Version
	}
	err = r.db.Tx(ctx, func(tx *gorm.DB) error {
		var err error
		row.ID, err = r.claim(tx, row.AuthorID, key)
		if made = row.ID == 0; err != nil || !made {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if err := r.keep(tx, &row, key); err != nil {
			return err
		}
		return r.show(tx, &row)
	})
	if err != nil {
		return false, Quiet("create", err)
	}
	*a = row.article()
	return made, nil
}

// Change implements [Repo].
func (r *SQLRepo) Change(ctx context.Context, author, id int64, edit func(a *Article) (Verdict, error)) (Article, error) {
	var after Article
	err := r.db.Tx(ctx, func(tx *gorm.DB) error {
		var row record
		lock := r.db.ForUpdate("SELECT * FROM articles WHERE id = ?")
		done := tx.Raw(lock, id).Scan(&row)
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 || row.AuthorID != author {
			return ErrNotFound
		}
		after = row.article()
		verdict, err := edit(&after)
		if err != nil || verdict == Keep {
			return err
		}
		row.Title, row.Content = after.Title, after.Content
		if err := r.update(tx, &row, verdict); err != nil {
			return err
		}
		after = row.article()
		return nil
	})
	return after, Quiet("change", err)
}

// update stores row with a new version and does with it what the verdict is.
func (r *SQLRepo) update(tx *gorm.DB, row *record, v Verdict) error {
	row.Version++
	row.UpdatedAt = max(time.Now().UnixMilli(), row.UpdatedAt)
	switch v {
	case Show:
		row.Status, row.PublishedVersion = Published, row.Version
	case Hide:
		row.Status, row.PublishedVersion = Withdrawn, 0
	}
	if err := tx.Select("*").Updates(row).Error; err != nil || v == Save {
		return err
	}
	return r.show(tx, row)
}

// show lets readers see a row that is published as it is now, and no longer see
// one that isn't.
func (r *SQLRepo) show(tx *gorm.DB, row *record) error {
	if row.Status == Draft {
		return nil
	}
	published := row.Status == Published
	var err error
	if published {
		err = r.publish(tx, row)
	} else {
		err = tx.Exec("UPDATE published_articles SET status = ? WHERE id = ?", row.Status, row.ID).Error
	}
	if err != nil {
		return err
	}
	return r.listing.List(tx, row.ID, published)
}

func (r *SQLRepo) publish(tx *gorm.DB, row *record) error {
	insert := r.db.InsertNew("INSERT INTO published_articles" +
		" (id, author_id, title, abstract, content, status, published_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
	begins := abstract(row.Content)
	done := tx.Exec(insert, row.ID, row.AuthorID, row.Title, begins, row.Content, row.Status, row.UpdatedAt, row.UpdatedAt)
	if done.Error != nil || done.RowsAffected == 1 {
		return done.Error
	}
	// The time first: MySQL lets what follows see the columns as they were set.
	const update = "UPDATE published_articles SET published_at = CASE WHEN status = ? THEN published_at ELSE ? END," +
		" title = ?, abstract = ?, content = ?, status = ?, updated_at = ? WHERE id = ?"
	return tx.Exec(update, Published, row.UpdatedAt, row.Title, begins, row.Content, row.Status, row.UpdatedAt, row.ID).Error
}

// Quiet is the error of a repository for an operation that failed with err. It
// is err where that is one that callers ask for, and else it has no value that a
// database quotes.
func Quiet(op string, err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{ErrNotFound, ErrNotPublished, ErrConflict} {
		if errors.Is(err, known) {
			return err
		}
	}
	if _, ok := errors.AsType[fields.Errors](err); ok {
		return err
	}
	return fmt.Errorf("article: %s: %w", op, platform.Quiet(err))
}
