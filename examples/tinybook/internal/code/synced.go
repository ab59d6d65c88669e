package code

import (
	"context"
	"errors"
	"fmt"

	"github.com/ycvk/tinybook/cachex"
)

// Synced is a cache that makes what it holds durable before it answers: a
// message that was queued before a crash brings a code that must still be good,
// and a code that was used must stay used.
type Synced struct {
	cachex.CodeCache
	sync func(ctx context.Context) error
}

// NewSynced returns a cache that calls sync after changes of cache.
func NewSynced(cache cachex.CodeCache, sync func(ctx context.Context) error) *Synced {
	return &Synced{CodeCache: cache, sync: sync}
}

// Set implements [cachex.CodeCache]. A code that can't be kept is revoked: the
// phone may ask for another at once.
func (s *Synced) Set(ctx context.Context, k cachex.Key, code string) (cachex.Ticket, error) {
	ticket, err := s.CodeCache.Set(ctx, k, code)
	if err != nil {
		return ticket, err
	}
	if err := s.sync(ctx); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
		defer cancel()
		_, undone := s.Revoke(ctx, k, ticket.Gen)
		return cachex.Ticket{}, errors.Join(fmt.Errorf("code: keep: %w", err), undone)
	}
	return ticket, nil
}

// Verify implements [cachex.CodeCache].
func (s *Synced) Verify(ctx context.Context, k cachex.Key, code string) error {
	verr := s.CodeCache.Verify(ctx, k, code)
	if err := s.sync(ctx); err != nil && verr == nil {
		return fmt.Errorf("%w: code: keep: %w", cachex.ErrUnknown, err)
	}
	return verr
}
