package code

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

// tag is shared by the keys of every limit on codes, so that all of them are
// asked in one round trip, also of a Redis Cluster. The site has one tenant.
const tag = "codes"

// Limits says how many codes may be asked for.
type Limits struct {
	Phone   ratelimit.Limit // for one phone
	Address ratelimit.Limit // by one client address
	Site    ratelimit.Limit // by all together
}

// A Limiter takes from several keys at once, or from none, and gives back.
// *ratelimit.Redis and *ratelimit.Local are ones.
type Limiter interface {
	AllowAll(ctx context.Context, tag string, d ...ratelimit.Demand) ([]ratelimit.Result, error)
	PeekAll(ctx context.Context, tag string, d ...ratelimit.Demand) ([]ratelimit.Result, error)
	Refund(ctx context.Context, r ratelimit.Receipt) error
}

// A LimitedError is returned when too many codes were asked for.
type LimitedError struct {
	Scope      string // "phone", "address" or "site"
	RetryAfter time.Duration
}

func (e *LimitedError) Error() string {
	return fmt.Sprintf("code: too many for this %s, retry after %v", e.Scope, e.RetryAfter)
}

// Guard asks the limits on codes. It is safe for concurrent use.
type Guard struct {
	limiter Limiter
	limits  Limits
	secret  []byte // of the names of keys
}

// NewGuard returns a guard. Phones are kept under names that only who has the
// secret can make.
func NewGuard(l Limiter, limits Limits, secret []byte) *Guard {
	return &Guard{limiter: l, limits: limits, secret: secret}
}

var scopes = [...]string{"phone", "address", "site"}

func (g *Guard) demands(phone, address string) []ratelimit.Demand {
	return []ratelimit.Demand{
		{Key: scopes[0] + ":" + g.name(phone), N: 1, Limits: []ratelimit.Limit{g.limits.Phone}},
		{Key: scopes[1] + ":" + g.name(address), N: 1, Limits: []ratelimit.Limit{g.limits.Address}},
		{Key: scopes[2], N: 1, Limits: []ratelimit.Limit{g.limits.Site}},
	}
}

// take takes one code from every limit, or none and returns a [LimitedError].
func (g *Guard) take(ctx context.Context, phone, address string) ([]ratelimit.Result, error) {
	results, err := g.limiter.AllowAll(ctx, tag, g.demands(phone, address)...)
	if err != nil {
		return nil, fmt.Errorf("code: limits: %w", err)
	}
	if results[0].OK() { // all or none
		return results, nil
	}
	blamed := slices.IndexFunc(results, func(r ratelimit.Result) bool { return r.Remaining < 1 })
	blamed = max(blamed, 0)
	return nil, &LimitedError{Scope: scopes[blamed], RetryAfter: results[blamed].RetryAfter}
}

// refund gives back what take took, after nothing was sent for it.
func (g *Guard) refund(ctx context.Context, taken []ratelimit.Result) error {
	var errs []error
	for _, r := range taken {
		if err := g.limiter.Refund(ctx, r.Receipt); err != nil {
			errs = append(errs, fmt.Errorf("code: refund: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Site tells how full the limit of the whole site is.
func (g *Guard) Site(ctx context.Context) (ratelimit.Result, error) {
	results, err := g.limiter.PeekAll(ctx, tag, ratelimit.Demand{Key: scopes[2], N: 1, Limits: []ratelimit.Limit{g.limits.Site}})
	if err != nil {
		return ratelimit.Result{}, fmt.Errorf("code: limits: %w", err)
	}
	return results[0], nil
}

func (g *Guard) name(value string) string {
	mac := hmac.New(sha256.New, g.secret)
	_, _ = mac.Write([]byte(value)) // A hash takes everything.
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
