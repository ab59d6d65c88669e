package app

import (
	"context"

	"github.com/ycvk/tinybook/examples/tinybook/internal/user"
)

// The demo account. It exists in embedded mode only, and its password is no
// secret.
const (
	DemoEmail    = "demo@tinybook.dev"
	DemoPassword = "tinybook2024"
	DemoPhone    = "+8613800138000"
)

// addDemo makes the demo account unless a kept directory has it.
func (p *parts) addDemo(ctx context.Context) error {
	return user.NewService(p.users, p.hasher).Ensure(ctx, user.User{
		Email:    DemoEmail,
		Phone:    DemoPhone,
		Nickname: "小书虫",
		Birthday: "1992-01-15",
		AboutMe:  "喜欢读书，也喜欢写书。\nReading a little every day.",
	}, DemoPassword)
}
