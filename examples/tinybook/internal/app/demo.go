package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/ycvk/tinybook/examples/tinybook/internal/user"
)

// The demo account. It exists in embedded mode only, and its password is no
// secret.
const (
	DemoEmail    = "demo@tinybook.dev"
	DemoPassword = "tinybook2024"
	DemoPhone    = "+8613800138000"
)

// addDemo makes what the configuration wants of the demo, unless a kept directory
// has it.
func (p *parts) addDemo(ctx context.Context) error {
	if !p.cfg.Demo {
		return nil
	}
	if err := p.addDemoAccount(ctx); err != nil {
		return fmt.Errorf("app: demo account: %w", err)
	}
	if !p.cfg.DemoArticles {
		return nil
	}
	if err := p.addDemoArticles(ctx); err != nil {
		return fmt.Errorf("app: demo articles: %w", err)
	}
	return nil
}

// addDemoAccount makes the account. When somebody else has its e-mail or phone the
// site does without, and the banner says so.
func (p *parts) addDemoAccount(ctx context.Context) error {
	err := user.NewService(p.users, p.hasher).Ensure(ctx, user.User{
		Email:    DemoEmail,
		Phone:    DemoPhone,
		Nickname: "小书虫",
		Birthday: "1992-01-15",
		AboutMe:  "喜欢读书，也喜欢写书。\nReading a little every day.",
	}, DemoPassword)
	if errors.Is(err, user.ErrDuplicate) {
		p.demoErr = err
		p.log.Warn("no demo account", "error", err)
		return nil
	}
	return err
}
