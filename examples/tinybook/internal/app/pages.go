package app

import (
	"context"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ui"
	"github.com/ycvk/tinybook/examples/tinybook/internal/user"
)

// newPages makes the pages of one node. dev says that they may show the codes that
// the node sends.
func (p *parts) newPages(users *user.Service, sessions *session.Web, articles *article.Service, rank *ranking.Ranking, dev bool) (*ui.UI, error) {
	cfg := ui.Config{
		Dev:  dev,
		User: sessions.CookieUser,
		Profile: func(ctx context.Context, uid int64) (ui.Profile, error) {
			v, err := users.View(ctx, uid)
			return ui.Profile(v), err
		},
		Admin:    p.admin(users),
		Break:    p.desk.CanBreak,
		Articles: articles,
		Rank:     rank.Top,
	}
	if p.cfg.Demo && p.demoErr == nil {
		cfg.DemoEmail, cfg.DemoPassword = DemoEmail, DemoPassword
	}
	return ui.New(cfg)
}
