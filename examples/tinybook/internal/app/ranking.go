package app

import (
	"context"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/bench"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/topn"
)

// openRanking makes the way of likes from their topic to the board. Every node has
// a board of its own, as if it were alone in its process; all are the same in Redis.
func (p *parts) openRanking(rdb *platform.Redis, m *meter) error {
	p.newBoard = func() (*topn.Board[int64], error) {
		return ranking.NewBoard(rdb.UniversalClient, p.articles, p.log)
	}
	board, err := p.newBoard()
	if err != nil {
		return err
	}
	open := m.reader("ranking", interactive.ChangeTopic, interactive.RankGroup)
	p.workers = append(p.workers, ranking.NewFeeder(board, open, p.log).Run)
	return nil
}

// newRanking makes the ranking of one node.
func (p *parts) newRanking() (*ranking.Ranking, error) {
	board, err := p.newBoard()
	if err != nil {
		return nil, err
	}
	r := ranking.New(board, p.articles, p.log)
	p.rankings = append(p.rankings, r)
	return r, nil
}

// openBench lets every node show the ranking from where it is and from elsewhere,
// if that is wanted.
func (p *parts) openBench(db *platform.DB, rdb *platform.Redis) {
	if p.cfg.Bench.Enabled {
		p.bench = func(r *ranking.Ranking) *bench.Handler { return bench.NewHandler(r, rdb, p.articles, db) }
	}
}

// forgetting are articles that are out of the rankings of this process when they
// are withdrawn, and don't wait for the event to come by.
type forgetting struct {
	article.Repo
	p *parts
}

// Change implements article.Repo.
func (f forgetting) Change(ctx context.Context, author, id int64, edit func(*article.Article) (article.Verdict, error)) (article.Article, error) {
	a, err := f.Repo.Change(ctx, author, id, edit)
	if err != nil || a.Status != article.Withdrawn {
		return a, err
	}
	for _, r := range f.p.rankings {
		if err := r.Refresh(ctx); err != nil {
			// The rankings try again within a second.
			f.p.log.Warn("an article was withdrawn, and its ranking can't be read", "error", err)
		}
	}
	return a, nil
}
