// Package code sends one-time login codes by SMS and checks them.
package code

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
)

// Length is the number of digits of a code.
const Length = 6

// biz names the purpose of the codes in the cache.
const biz = "login"

// revokeTimeout bounds giving a slot back after a message could not be sent.
const revokeTimeout = 2 * time.Second

// ErrNotSent means that the provider took no message. The phone may ask for
// another code at once.
var ErrNotSent = errors.New("code: message not sent")

// Service sends and verifies login codes. It is safe for concurrent use.
type Service struct {
	cache cachex.CodeCache
	sms   sms.Sender
	draw  cachex.Generator
}

// New returns a service that keeps codes in cache and sends them with sender.
func New(cache cachex.CodeCache, sender sms.Sender) *Service {
	return &Service{cache: cache, sms: sender, draw: cachex.Digits(Length)}
}

// Send sends a new code to phone, in E.164. It returns a *cachex.DeniedError
// while the phone has to wait and ErrNotSent when the provider fails.
func (s *Service) Send(ctx context.Context, phone string) error {
	digits, err := s.draw()
	if err != nil {
		return fmt.Errorf("code: draw: %w", err)
	}
	key := cachex.Key{Biz: biz, To: phone}
	ticket, err := s.cache.Set(ctx, key, digits)
	if err != nil {
		return fmt.Errorf("code: set: %w", err)
	}
	if err := s.sms.Send(ctx, sms.LoginTemplate, []string{digits}, phone); err != nil {
		// The provider's text may quote the number or the code, so only its
		// kind is passed on.
		failed := fmt.Errorf("%w: provider: %T", ErrNotSent, err)
		return errors.Join(failed, s.revoke(ctx, key, ticket.Gen))
	}
	return nil
}

// revoke gives the resend slot back. It goes on when the request has gone.
func (s *Service) revoke(ctx context.Context, key cachex.Key, gen uint64) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	defer cancel()
	if _, err := s.cache.Revoke(ctx, key, gen); err != nil {
		return fmt.Errorf("code: revoke: %w", err)
	}
	return nil
}

// Verify returns nil once for the code that was sent to phone, and otherwise
// what cachex.CodeCache.Verify returns.
func (s *Service) Verify(ctx context.Context, phone, digits string) error {
	if err := s.cache.Verify(ctx, cachex.Key{Biz: biz, To: phone}, digits); err != nil {
		return fmt.Errorf("code: verify: %w", err)
	}
	return nil
}
