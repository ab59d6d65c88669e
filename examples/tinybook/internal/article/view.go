package article

import (
	"time"

	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
)

// Saved is the answer to what changes an article.
type Saved struct {
	ID      int64  `json:"id"`
	Version int64  `json:"version"`
	Status  string `json:"status"`
	// Pending says that readers don't see the newest version yet.
	Pending   bool      `json:"pending"`
	UpdatedAt time.Time `json:"updatedAt"`
}

func saved(a Article) Saved {
	return Saved{ID: a.ID, Version: a.Version, Status: a.Status.String(), Pending: a.Pending(), UpdatedAt: a.UpdatedAt}
}

// OwnView is an article as its author sees it.
type OwnView struct {
	Saved
	Title     string    `json:"title"`
	Content   string    `json:"content"`
	CreatedAt time.Time `json:"createdAt"`
}

// OwnItem is an article in the list of its author.
type OwnItem struct {
	Saved
	Title     string    `json:"title"`
	Abstract  string    `json:"abstract"`
	CreatedAt time.Time `json:"createdAt"`
}

// CountsView is what readers did with a published article.
type CountsView struct {
	ReadCount    int64 `json:"readCount"`
	LikeCount    int64 `json:"likeCount"`
	CollectCount int64 `json:"collectCount"`
}

func countsView(c interactive.Counts) CountsView {
	return CountsView{ReadCount: c.Reads, LikeCount: c.Likes, CollectCount: c.Collects}
}

// CardView is an article in a list for readers.
type CardView struct {
	ID          int64     `json:"id"`
	Title       string    `json:"title"`
	Abstract    string    `json:"abstract"`
	AuthorID    int64     `json:"authorId"`
	AuthorName  string    `json:"authorName"`
	PublishedAt time.Time `json:"publishedAt"`
	UpdatedAt   time.Time `json:"updatedAt"`
	CountsView
}

func cardView(s Shown[Card]) CardView {
	return CardView{
		ID: s.What.ID, Title: s.What.Title, Abstract: s.What.Abstract,
		AuthorID: s.What.AuthorID, AuthorName: s.What.AuthorName,
		PublishedAt: s.What.PublishedAt, UpdatedAt: s.What.UpdatedAt,
		CountsView: countsView(s.Counts),
	}
}

// PageView is an article as a reader sees it. Liked and Collected are the
// reader's own, and false for one who isn't signed in.
type PageView struct {
	CardView
	Content   string `json:"content"`
	Liked     bool   `json:"liked"`
	Collected bool   `json:"collected"`
}

func pageView(s Shown[Page]) PageView {
	return PageView{
		CardView: cardView(Shown[Card]{What: s.What.Card, Counts: s.Counts}),
		Content:  s.What.Content, Liked: s.Liked, Collected: s.Collected,
	}
}

// FeedView is a part of the feed. Next is the cursor of the part after it, and
// empty at the end.
type FeedView struct {
	Items []CardView `json:"items"`
	Next  string     `json:"next"`
}
