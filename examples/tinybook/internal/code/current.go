package code

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/smsfailover"
)

// ErrStale means that a message has a code that nobody can use any more.
var ErrStale = errors.New("code: used, revoked or replaced since")

// Current is a provider that sends no login code that isn't good any more. A
// message can come late, as when an operator tries a dead letter again: its code
// was revoked when it was refused, and the phone may have another by now, which
// the older one would seem to replace.
type Current struct {
	*smsfailover.Chain
	cache cachex.CodeCache
}

// NewCurrent returns a provider that asks cache, and sends with chain.
func NewCurrent(chain *smsfailover.Chain, cache cachex.CodeCache) *Current {
	return &Current{Chain: chain, cache: cache}
}

// Send implements smsfailover.Service. Its error is [ErrStale], for good, for a
// code that isn't good any more; while nobody can tell, the message waits.
func (c *Current) Send(ctx context.Context, tplID string, args []string, numbers ...string) error {
	if gen, ok := genOf(ctx); ok && tplID == sms.LoginTemplate {
		for _, number := range numbers {
			now, err := c.cache.Status(ctx, cachex.Key{Biz: biz, To: number})
			if err != nil {
				return fmt.Errorf("%w: %w: status: %w", smsfailover.ErrThrottled, ErrUnavailable, err)
			}
			if now.Gen != gen {
				return fmt.Errorf("%w: %w", smsfailover.ErrPermanent, ErrStale)
			}
		}
	}
	return c.Chain.Send(ctx, tplID, args, numbers...)
}

// idemKey returns a key for the message of a code. It names the code, so that a
// message tells whether its code is still the one of its phone.
func idemKey(gen uint64) string { return rand.Text() + "." + strconv.FormatUint(gen, 36) }

// genOf returns which code the message is about that is being sent.
func genOf(ctx context.Context) (uint64, bool) {
	key, _ := smsfailover.IdemKeyFrom(ctx)
	_, text, _ := strings.Cut(key, ".")
	gen, err := strconv.ParseUint(text, 36, 64)
	return gen, err == nil
}
