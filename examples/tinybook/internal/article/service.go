package article

import (
	"context"

	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
)

// Service is what can be done with articles.
type Service struct {
	repo  Repo
	intr  Interactions
	visit func(id int64)
}

// NewService returns a service. visit hears of every reader of an article and must
// not block.
func NewService(repo Repo, intr Interactions, visit func(id int64)) *Service {
	return &Service{repo: repo, intr: intr, visit: visit}
}

// Save stores the author's text, of a new article too, and changes nothing for
// readers. It returns every fault of e and those that its caller found before in
// one error of type [fields.Errors], [ErrNotFound], or a [*ConflictError] if the
// article has another version than e says. A text that is saved already is no
// change and no conflict, so that a save may be repeated; that of a new article
// needs a key for it.
func (s *Service) Save(ctx context.Context, author int64, e Edit, before fields.Errors) (Article, error) {
	return s.store(ctx, author, e, before, false)
}

// Publish stores the author's text as [Service.Save] does and shows it to readers.
func (s *Service) Publish(ctx context.Context, author int64, e Edit, before fields.Errors) (Article, error) {
	return s.store(ctx, author, e, before, true)
}

func (s *Service) store(ctx context.Context, author int64, e Edit, before fields.Errors, publish bool) (Article, error) {
	e.normalize()
	faults := before
	e.check(&faults)
	if e.ID == 0 && publish {
		var a Article
		e.apply(&a)
		checkComplete(&faults, &a)
	}
	faults.Sort(fieldAuthor, fieldID, fieldKey, fieldVersion, fieldTitle, fieldContent)
	if err := faults.Err(); err != nil {
		return Article{}, err
	}
	if e.ID == 0 {
		a, made, err := s.create(ctx, author, e, publish)
		if err != nil || made {
			return a, err
		}
		e.ID = a.ID
	}
	return s.repo.Change(ctx, author, e.ID, func(a *Article) (Verdict, error) {
		return e.change(a, publish)
	})
}

// create makes an article, and reports false if the key of e made it before.
func (s *Service) create(ctx context.Context, author int64, e Edit, publish bool) (a Article, made bool, err error) {
	a = Article{AuthorID: author, Status: Draft}
	e.apply(&a)
	if publish {
		a.Status = Published
	}
	made, err = s.repo.CreateOnce(ctx, &a, e.Key)
	return a, made, err
}

// change does what e says to a.
func (e *Edit) change(a *Article, publish bool) (Verdict, error) {
	verdict := Keep
	if e.apply(a) {
		verdict = Save
	}
	if publish {
		var faults fields.Errors
		checkComplete(&faults, a)
		if err := faults.Err(); err != nil {
			return Keep, err
		}
		if verdict == Save || a.Status != Published || a.Pending() {
			verdict = Show
		}
	}
	if verdict != Keep && e.Version != nil && *e.Version != a.Version {
		return Keep, &ConflictError{Version: a.Version}
	}
	return verdict, nil
}

// Withdraw takes an article away from readers; its author keeps it. It returns
// [ErrNotPublished] for one that never was published, [ErrNotFound], or a
// [*ConflictError] if it has another version than the author has seen; version nil
// is any. One that is withdrawn already is no fault.
func (s *Service) Withdraw(ctx context.Context, author, id int64, version *int64) (Article, error) {
	return s.repo.Change(ctx, author, id, func(a *Article) (Verdict, error) {
		switch {
		case a.Status == Draft:
			return Keep, ErrNotPublished
		case a.Status == Withdrawn:
			return Keep, nil
		case version != nil && *version != a.Version:
			return Keep, &ConflictError{Version: a.Version}
		default:
			return Hide, nil
		}
	})
}

// Own returns an article to its author, or [ErrNotFound].
func (s *Service) Own(ctx context.Context, author, id int64) (Article, error) {
	return s.repo.Own(ctx, author, id)
}

// ListOwn returns articles of an author, the last changed first.
func (s *Service) ListOwn(ctx context.Context, author int64, offset, limit int) ([]Article, error) {
	return s.repo.ListOwn(ctx, author, offset, limit)
}

// A Shown is something of an article with what readers did with it.
type Shown[T any] struct {
	What T
	interactive.Counts
	interactive.Mine
}

// Read returns a published article to a reader, 0 for one who isn't known, and
// counts that. It returns [ErrNotFound] for what isn't published.
func (s *Service) Read(ctx context.Context, reader, id int64) (Shown[Page], error) {
	shown, err := s.Look(ctx, reader, id)
	if err == nil {
		s.visit(id)
	}
	return shown, err
}

// Look is [Service.Read] that counts nothing.
func (s *Service) Look(ctx context.Context, reader, id int64) (Shown[Page], error) {
	page, err := s.repo.Read(ctx, id)
	if err != nil {
		return Shown[Page]{}, err
	}
	shown := Shown[Page]{What: page}
	counts, err := s.intr.Counts(ctx, id)
	if err == nil && reader != 0 {
		shown.Mine, err = s.intr.Mine(ctx, reader, id)
	}
	shown.Counts = counts[id]
	return shown, err
}

// Feed returns up to limit published articles that come after a cursor, newest
// first, and the cursor for the next, which is zero when there are no more.
func (s *Service) Feed(ctx context.Context, after Cursor, limit int) ([]Shown[Card], Cursor, error) {
	cards, err := s.repo.Feed(ctx, after, limit+1) // one more, to see whether there is one
	if err != nil {
		return nil, Cursor{}, err
	}
	var next Cursor
	if len(cards) > limit {
		cards = cards[:limit]
		last := cards[limit-1]
		next = Cursor{At: last.PublishedAt.UnixMilli(), ID: last.ID}
	}
	shown, err := s.withCounts(ctx, cards)
	return shown, next, err
}

func (s *Service) withCounts(ctx context.Context, cards []Card) ([]Shown[Card], error) {
	ids := make([]int64, len(cards))
	for i, card := range cards {
		ids[i] = card.ID
	}
	counts, err := s.intr.Counts(ctx, ids...)
	if err != nil {
		return nil, err
	}
	shown := make([]Shown[Card], len(cards))
	for i, card := range cards {
		shown[i] = Shown[Card]{What: card, Counts: counts[card.ID]}
	}
	return shown, nil
}
