package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ycvk/tinybook/examples/tinybook/internal/code"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/user"
	"github.com/ycvk/tinybook/ratelimit"
)

// denied is how many client addresses that were refused a node remembers, so
// that a flood of requests from them costs no round trips.
const denied = 10_000

func limit(r config.Rate) ratelimit.Limit { return ratelimit.Limit{N: r.N, Per: r.Per} }

// openLimits makes the limiters of requests and of codes. While Redis is away
// each process limits by itself: the site goes on, and no flood gets through.
// That of a provider, which is somebody else's, is strict: see openSMS.
func (p *parts) openLimits(rdb *platform.Redis) error {
	secrets, err := p.derive("tinybook limits")
	if err != nil {
		return err
	}
	if !p.cfg.HTTP.AddressLimit.Off() {
		requests := []ratelimit.Limit{limit(p.cfg.HTTP.AddressLimit)}
		p.requests, err = p.newLimiter(rdb, ratelimit.GCRA, requests, ratelimit.WithDenyCache(denied))
		if err != nil {
			return err
		}
	}
	codes, err := p.newLimiter(rdb, ratelimit.SlidingLog, []ratelimit.Limit{limit(p.cfg.SMS.SiteLimit)})
	if err != nil {
		return err
	}
	p.guard = code.NewGuard(codes, code.Limits{
		Phone: limit(p.cfg.SMS.PhoneLimit), Address: limit(p.cfg.SMS.AddressLimit), Site: limit(p.cfg.SMS.SiteLimit),
	}, secrets[0])
	return nil
}

// newLimiter returns a limiter in Redis that falls back to one in the process.
func (p *parts) newLimiter(rdb *platform.Redis, a ratelimit.Algorithm, limits []ratelimit.Limit, opts ...ratelimit.Option) (*ratelimit.Redis, error) {
	own, err := ratelimit.NewLocal(a, limits)
	if err != nil {
		return nil, fmt.Errorf("app: limits: %w", err)
	}
	return p.newShared(rdb, a, limits, append(opts, ratelimit.WithFailPolicy(ratelimit.FailLocal(own)))...)
}

// newShared returns a limiter in Redis that admits nothing while Redis can't be
// asked.
func (p *parts) newShared(rdb *platform.Redis, a ratelimit.Algorithm, limits []ratelimit.Limit, opts ...ratelimit.Option) (*ratelimit.Redis, error) {
	shared, err := ratelimit.NewRedis(rdb, a, limits, append(opts, ratelimit.WithPrefix("tinybook"))...)
	if err != nil {
		return nil, fmt.Errorf("app: limits: %w", err)
	}
	return shared, nil
}

// admin returns what tells whether a user may see the operators' page: whoever
// has one of the configured e-mails, and the demo account.
func (p *parts) admin(users *user.Service) func(ctx context.Context, uid int64) (bool, error) {
	admins := slices.Clone(p.cfg.User.Admins)
	for i, email := range admins {
		admins[i] = user.NormalizeEmail(email)
	}
	if p.cfg.Demo && p.demoErr == nil {
		admins = append(admins, DemoEmail)
	}
	return func(ctx context.Context, uid int64) (bool, error) {
		if len(admins) == 0 {
			return false, nil
		}
		u, err := users.Profile(ctx, uid)
		if errors.Is(err, user.ErrNotFound) {
			return false, nil
		}
		return err == nil && slices.Contains(admins, u.Email), err
	}
}
