// Package article is about what users write: drafts, which their authors alone
// see, and what is published of them, which everybody reads.
//
// An author's version and the readers' are two rows: a draft that is saved after
// the publication changes nothing for readers until it is published too.
package article

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
)

// What the operations on articles are refused for.
var (
	// ErrNotFound: there is no such article, or none of this author's, or it
	// isn't published; which of them is nobody's business.
	ErrNotFound = errors.New("article: not found")
	// ErrConflict: the article has changed since its author read it. The error is
	// a [*ConflictError].
	ErrConflict = errors.New("article: changed by another request")
	// ErrNotPublished: what was never published can't be withdrawn.
	ErrNotPublished = errors.New("article: not published")
)

// A ConflictError is an [ErrConflict] that knows which version the article has.
type ConflictError struct{ Version int64 }

// Error implements error.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%v: it has version %d", ErrConflict, e.Version)
}

// Unwrap returns [ErrConflict].
func (e *ConflictError) Unwrap() error { return ErrConflict }

// Status says who sees an article.
type Status uint8

// The statuses. Their numbers are in the database.
const (
	Draft     Status = 1 // its author alone, so far
	Published Status = 2
	Withdrawn Status = 3 // its author alone, again
)

// String returns the name of a status, as the API has it.
func (s Status) String() string {
	switch s {
	case Draft:
		return "draft"
	case Published:
		return "published"
	case Withdrawn:
		return "withdrawn"
	default:
		return fmt.Sprintf("Status(%d)", uint8(s))
	}
}

// An Article is an article as its author sees it.
type Article struct {
	ID       int64
	AuthorID int64
	Title    string
	Content  string
	Status   Status
	// Version grows with every change, from 1. PublishedVersion is the one that
	// readers see, while the article is published.
	Version          int64
	PublishedVersion int64
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// Pending reports whether readers don't see the newest version of a published
// article.
func (a *Article) Pending() bool { return a.Status == Published && a.Version != a.PublishedVersion }

// A Card is what lists show of a published article.
type Card struct {
	ID          int64
	Title       string
	Abstract    string
	AuthorID    int64
	AuthorName  string // empty: the author has chosen none
	PublishedAt time.Time
	UpdatedAt   time.Time // of what readers see
}

// A Page is a published article as its readers see it.
type Page struct {
	Card
	Content string
}

// A Ranked is an article in the ranking by likes. Version tells which of two
// numbers of likes of one article is the newer.
type Ranked struct {
	Card
	Likes   int64
	Version int64
}

// A Verdict is what becomes of an article.
type Verdict uint8

// The verdicts. All but Keep give the article a new version.
const (
	Keep Verdict = iota // nothing: it stays as it is
	Save                // readers see what they saw
	Show                // readers see it as it is now, from now on
	Hide                // readers don't see it any more
)

// Repo keeps articles. Every change of one happens as a whole or not at all, one
// after the other.
type Repo interface {
	// Create stores a new article and fills in what the database knows: the id,
	// the version, the times. One that is published is visible at once.
	Create(ctx context.Context, a *Article) error
	// CreateOnce is Create for a key, which is that of one article of an author:
	// when it was used before, CreateOnce stores nothing, fills in the id of the
	// article of then, and reports false. An empty key was never used.
	CreateOnce(ctx context.Context, a *Article, key string) (made bool, err error)
	// Change lets edit change the text of an article of an author, and does with
	// it what edit says, and returns it as it is then. It returns [ErrNotFound], or
	// the error of edit, which may be called more than once.
	Change(ctx context.Context, author, id int64, edit func(a *Article) (Verdict, error)) (Article, error)
	// Own returns an article of an author, or [ErrNotFound].
	Own(ctx context.Context, author, id int64) (Article, error)
	// ListOwn returns articles of an author, the last changed first, with the
	// beginnings of their contents.
	ListOwn(ctx context.Context, author int64, offset, limit int) ([]Article, error)

	// Read returns a published article, or [ErrNotFound].
	Read(ctx context.Context, id int64) (Page, error)
	// Feed returns published articles that come after a cursor, newest first.
	Feed(ctx context.Context, after Cursor, limit int) ([]Card, error)
	Ranking
}

// Ranking is where a ranking by likes gets what it shows. Each method is one query.
type Ranking interface {
	// Top returns the n published articles that have the most likes and at least
	// one, in that order; of equals the newer first.
	Top(ctx context.Context, n int) ([]Ranked, error)
	// Cards returns those of the articles that are published, in the order of
	// ids.
	Cards(ctx context.Context, ids []int64) ([]Card, error)
}

// Interactions is what articles need to know about what readers did with them.
type Interactions interface {
	Counts(ctx context.Context, ids ...int64) (map[int64]interactive.Counts, error)
	Mine(ctx context.Context, uid, id int64) (interactive.Mine, error)
}
