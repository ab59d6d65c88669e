// Package code sends one-time login codes by SMS and checks them.
package code

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/smsfailover"
)

// Length is the number of digits of a code.
const Length = 6

// biz names the purpose of the codes in the cache.
const biz = "login"

// undoTimeout bounds giving back what was taken for a message that won't go.
const undoTimeout = 2 * time.Second

// ErrNotSent means that the message was neither sent nor queued. The phone may
// ask for another code at once.
var ErrNotSent = errors.New("code: message not sent")

// ErrUnavailable means that codes can't be kept now: nothing was sent.
var ErrUnavailable = errors.New("code: store unavailable")

// A Sender takes messages to send now or as soon as it can. A
// *smsfailover.Failover is one.
type Sender interface {
	Submit(ctx context.Context, m ...smsfailover.Message) ([]smsfailover.Receipt, error)
}

// Service sends and verifies login codes. It is safe for concurrent use.
type Service struct {
	guard *Guard
	cache cachex.CodeCache
	sms   Sender
	draw  cachex.Generator
}

// New returns a service that asks guard, keeps codes in cache and sends them
// with sender.
func New(guard *Guard, cache cachex.CodeCache, sender Sender) *Service {
	return &Service{guard: guard, cache: cache, sms: sender, draw: cachex.Digits(Length)}
}

// Send sends a new code to phone, in E.164, for a client at address. When it
// returns nil the message has gone or is safely queued, and then goes for as
// long as the code is good. It returns a *[LimitedError] or a
// *cachex.DeniedError while the phone or the client has to wait, [ErrNotSent]
// when no message can be taken, and [ErrUnavailable] when no code can be kept;
// nothing is used up by either, but for the pause of the phone where nobody
// knows whether its code was kept.
func (s *Service) Send(ctx context.Context, phone, address string) error {
	digits, err := s.draw()
	if err != nil {
		return fmt.Errorf("code: draw: %w", err)
	}
	taken, err := s.guard.take(ctx, phone, address)
	if err != nil {
		return err
	}
	key := cachex.Key{Biz: biz, To: phone}
	ticket, err := s.cache.Set(ctx, key, digits)
	if err != nil {
		return errors.Join(setError(err), s.undo(ctx, taken, nil))
	}
	_, err = s.sms.Submit(ctx, smsfailover.Message{
		TplID: sms.LoginTemplate, To: phone, Args: []string{digits},
		IdemKey: idemKey(ticket.Gen), NotAfter: ticket.ExpiresAt,
	})
	if err != nil {
		failed := fmt.Errorf("%w: %w", ErrNotSent, err)
		return errors.Join(failed, s.undo(ctx, taken, func(ctx context.Context) error {
			_, err := s.cache.Revoke(ctx, key, ticket.Gen)
			return err
		}))
	}
	return nil
}

// setError tells a store that said no from one that couldn't say anything.
func setError(err error) error {
	denied, ok := errors.AsType[*cachex.DeniedError](err)
	switch {
	case ok:
		return fmt.Errorf("code: set: %w", denied)
	case errors.Is(err, cachex.ErrInput):
		return fmt.Errorf("code: set: %w", err)
	default:
		return fmt.Errorf("%w: set: %w", ErrUnavailable, err)
	}
}

// undo gives back what was taken for nothing, and the slot of the code with
// revoke, if any. It goes on when the request has gone.
func (s *Service) undo(ctx context.Context, taken []ratelimit.Result, revoke func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	var err error
	if revoke != nil {
		if err = revoke(ctx); err != nil {
			err = fmt.Errorf("code: revoke: %w", err)
		}
	}
	return errors.Join(err, s.guard.refund(ctx, taken))
}

// Verify returns nil once for the code that was sent to phone, and otherwise
// what cachex.CodeCache.Verify returns.
func (s *Service) Verify(ctx context.Context, phone, digits string) error {
	if err := s.cache.Verify(ctx, cachex.Key{Biz: biz, To: phone}, digits); err != nil {
		return fmt.Errorf("code: verify: %w", err)
	}
	return nil
}
