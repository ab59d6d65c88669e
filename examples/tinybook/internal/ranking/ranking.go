// Package ranking is the articles with the most likes, as they are now.
//
// The numbers are on a board in Redis, which the events about likes keep up to
// date, see [Feeder]. Every node has the first places in its memory, joined with
// their titles: who asks for them waits for no other machine. The database is the
// truth: the board is made from it where Redis has none, and again every few
// minutes, whatever was lost on the way.
package ranking

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/topn"
)

// MaxPlaces is how many places anybody gets to see.
const MaxPlaces = 100

// ErrUnavailable means that neither Redis nor the database has told the ranking
// yet, since this process began.
var ErrUnavailable = errors.New("ranking: not known yet")

const (
	// watchEvery is how often a node looks whether its places have changed. That
	// costs a comparison in memory.
	watchEvery = 100 * time.Millisecond
	// joinEvery is how old a title gets, also where no place has changed.
	joinEvery = time.Second
	// staleAfter is how long titles that can't be read pass for current.
	staleAfter = 5 * time.Second
	// reconcileEvery is how often each node makes the board anew, about.
	reconcileEvery = 5 * time.Minute
)

// An Item is a place in the ranking.
type Item struct {
	Rank       int    `json:"rank"`
	ID         int64  `json:"id"`
	Title      string `json:"title"`
	AuthorID   int64  `json:"authorId"`
	AuthorName string `json:"authorName"`
	LikeCount  int64  `json:"likeCount"`
}

// Places are the first of a ranking. Those who ask share Items, and change
// nothing in it.
type Places struct {
	Items []Item `json:"items"`
	// AsOf is when the database and the board were last known to say this.
	AsOf time.Time `json:"asOf"`
	// Stale is set while one of them can't be asked.
	Stale bool `json:"stale"`

	text     []byte        // Items in JSON
	sum      uint64        // of all items of the ranking
	replaced chan struct{} // closed when there is another ranking
}

// A Ranking is the ranking as one node sees it. It is safe for concurrent use.
type Ranking struct {
	board    *topn.Board[int64]
	articles article.Ranking
	log      *slog.Logger
	joining  chan struct{} // holds one token while somebody joins
	places   atomic.Pointer[joined]
	running  atomic.Bool
}

// joined are places with titles.
type joined struct {
	items    []Item
	encoded  encoded
	from     []topn.Item[int64]
	at       atomic.Int64 // when this was last read, in nanoseconds of Unix time
	sum      uint64
	replaced chan struct{}
}

// New returns a ranking that shows what is on board, which stays the caller's,
// with the titles of articles. It asks nobody: see [Ranking.Run].
func New(board *topn.Board[int64], articles article.Ranking, log *slog.Logger) *Ranking {
	return &Ranking{board: board, articles: articles, log: log, joining: make(chan struct{}, 1)}
}

// Top returns the first n places, or fewer where there are fewer; n is from 0 to
// [MaxPlaces]. It asks nobody, unless nobody was asked before: then it returns
// [ErrUnavailable] if nobody answers, or the cause of ctx.
func (r *Ranking) Top(ctx context.Context, n int) (Places, error) {
	now := r.places.Load()
	if now == nil {
		if err := r.Refresh(ctx); err != nil {
			return Places{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		now = r.places.Load()
	}
	return r.show(now, n), nil
}

func (r *Ranking) show(now *joined, n int) Places {
	board := r.board.Snapshot()
	read := time.Unix(0, now.at.Load())
	n = min(max(n, 0), len(now.items), MaxPlaces)
	return Places{
		Items:    now.items[:n:n],
		text:     now.encoded.first(n),
		AsOf:     earlier(board.At, read).UTC(),
		Stale:    board.Stale || time.Since(read) > staleAfter,
		sum:      now.sum,
		replaced: now.replaced,
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Refresh reads the titles of the places, and the places where this process knows
// none, and shows them from then on. After a change of an article that is in the
// database before the call nobody gets to see the article as it was before, on
// this node.
func (r *Ranking) Refresh(ctx context.Context) error {
	select {
	case r.joining <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("ranking: refresh: %w", context.Cause(ctx))
	}
	defer func() { <-r.joining }()
	began := time.Now()
	board, err := r.board.Load(ctx, kept)
	if err != nil {
		return fmt.Errorf("ranking: refresh: %w", err)
	}
	items, err := r.join(ctx, board.Items)
	if err != nil {
		return fmt.Errorf("ranking: refresh: %w", err)
	}
	if err := r.replace(items, board.Items, began); err != nil {
		return fmt.Errorf("ranking: refresh: %w", err)
	}
	return nil
}

// join finds the titles of all places in one query. An article that isn't
// published has none, and no place.
func (r *Ranking) join(ctx context.Context, places []topn.Item[int64]) ([]Item, error) {
	ids := make([]int64, len(places))
	likes := make(map[int64]int64, len(places))
	for i, p := range places {
		ids[i], likes[p.Member] = p.Member, int64(p.Score)
	}
	cards, err := r.articles.Cards(ctx, ids)
	if err != nil {
		return nil, err
	}
	items := make([]Item, 0, len(cards))
	for _, card := range cards {
		items = append(items, Item{
			Rank: len(items) + 1, ID: card.ID, Title: card.Title,
			AuthorID: card.AuthorID, AuthorName: card.AuthorName, LikeCount: likes[card.ID],
		})
	}
	return items, nil
}

// replace shows items, which were read after the time at. Where they are what is
// shown already nobody is told. It needs the token.
func (r *Ranking) replace(items []Item, from []topn.Item[int64], at time.Time) error {
	before := r.places.Load()
	if before != nil && slices.Equal(before.items, items) && slices.Equal(before.from, from) {
		before.at.Store(at.UnixNano())
		return nil
	}
	encoded, err := encode(items)
	if err != nil {
		return err
	}
	now := &joined{items: items, encoded: encoded, from: from, sum: sum(items), replaced: make(chan struct{})}
	now.at.Store(at.UnixNano())
	r.places.Store(now)
	if before != nil {
		close(before.replaced)
	}
	return nil
}

// Run keeps the places up to date until ctx is done, and then returns nil: it
// watches the board, reads titles, and makes the board anew now and then. While
// Redis or the database is away it goes on with what it has. It may run once at a
// time.
func (r *Ranking) Run(ctx context.Context) error {
	if !r.running.CompareAndSwap(false, true) {
		return errors.New("ranking: Run is running already")
	}
	defer r.running.Store(false)
	watching := make(chan error, 1)
	go func() { watching <- r.watch(ctx) }()
	reconciling := make(chan error, 1)
	go func() { reconciling <- r.reconcile(ctx) }()
	return errors.Join(r.board.Run(ctx), <-watching, <-reconciling)
}

// watch joins whenever the board has changed, and from time to time.
func (r *Ranking) watch(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	failing := false
	var next time.Time
	for {
		if now := r.places.Load(); now == nil || !time.Now().Before(next) || !slices.Equal(now.from, r.board.Snapshot().Items) {
			err := r.Refresh(ctx)
			if err != nil && !failing && ctx.Err() == nil {
				r.log.Warn("the ranking can't be read; the last one is shown", "error", err)
			}
			failing = err != nil
			next = time.Now().Add(joinEvery)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// reconcile makes the board anew from the database, now and every few minutes: a
// Redis that came back with old data, or a Kafka that lost events, leaves nothing
// wrong for longer. Where another process is at it this one has nothing to do.
func (r *Ranking) reconcile(ctx context.Context) error {
	for {
		err := r.board.Rebuild(ctx)
		if err != nil && !errors.Is(err, topn.ErrRebuilding) && ctx.Err() == nil {
			r.log.Warn("the ranking can't be made anew from the database", "error", err)
		}
		pause := time.NewTimer(jittered(reconcileEvery))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil
		}
	}
}

// jittered returns d, up to a fifth shorter or longer.
func jittered(d time.Duration) time.Duration {
	return d + time.Duration((rand.Float64()-0.5)*0.4*float64(d))
}
