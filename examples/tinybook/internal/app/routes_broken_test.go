package app // In the package: only here can a site be wired to parts that fail.

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
	"github.com/ycvk/tinybook/examples/tinybook/internal/user"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/smsfailover"
)

// brokenRepo fails, and quotes everything that it was asked.
type brokenRepo struct{}

func (brokenRepo) Create(_ context.Context, u user.User) (int64, error) { return 0, quote(u) }
func (brokenRepo) FindByID(_ context.Context, id int64) (user.User, error) {
	return user.User{}, quote(id)
}

func (brokenRepo) FindByEmail(_ context.Context, email string) (user.User, error) {
	return user.User{}, quote(email)
}

func (brokenRepo) FindByPhone(_ context.Context, phone string) (user.User, error) {
	return user.User{}, quote(phone)
}

func (brokenRepo) Update(_ context.Context, id int64, e user.Edit) error {
	return quote(id, *e.AboutMe)
}

func (brokenRepo) SetPasswordHash(_ context.Context, id int64, before, after string) error {
	return quote(id, before, after)
}

// emptyRepo knows nobody.
type emptyRepo struct{ brokenRepo }

func (emptyRepo) FindByEmail(context.Context, string) (user.User, error) {
	return user.User{}, user.ErrNotFound
}

// memberRepo knows user 7.
type memberRepo struct{ brokenRepo }

func (memberRepo) FindByID(context.Context, int64) (user.User, error) {
	return user.User{ID: 7, Email: secretEmail}, nil
}

// knownRepo knows one user by e-mail and by phone.
type knownRepo struct {
	brokenRepo
	user user.User
}

func (r knownRepo) FindByEmail(context.Context, string) (user.User, error) { return r.user, nil }
func (r knownRepo) FindByPhone(context.Context, string) (user.User, error) { return r.user, nil }

// knownUser breaks the sessions of users with the right password.
func knownUser(t *testing.T, p *parts) {
	hash, err := p.hasher.Hash(t.Context(), secretPassword)
	require.NoError(t, err)
	p.users = knownRepo{user: user.User{ID: 7, Email: secretEmail, PasswordHash: hash}}
	brokenSessions(t, p)
}

// goodCode breaks what is behind a good code.
func goodCode(breaks func(*testing.T, *parts)) func(*testing.T, *parts) {
	return func(t *testing.T, p *parts) {
		_, err := p.codes.Set(t.Context(), cachex.Key{Biz: "login", To: "+86" + secretPhone}, secretCode)
		require.NoError(t, err)
		breaks(t, p)
	}
}

// brokenCache fails. It quotes nothing: cachex promises that, and tests it.
type brokenCache struct{ cachex.CodeCache }

func (brokenCache) Set(context.Context, cachex.Key, string) (cachex.Ticket, error) {
	return cachex.Ticket{}, errBroken
}
func (brokenCache) Verify(context.Context, cachex.Key, string) error { return errBroken }

// brokenProvider quotes the number and the code, as providers do.
type brokenProvider struct{}

func (brokenProvider) Send(_ context.Context, _ string, args []string, numbers ...string) error {
	return fmt.Errorf("provider refuses %v to %v", args, numbers)
}

// brokenQueue is away.
type brokenQueue struct{ *smsfailover.MemStore }

func (brokenQueue) Enqueue(context.Context, ...smsfailover.Job) ([]smsfailover.Outcome, error) {
	return nil, errBroken
}

func (brokenQueue) Depth(context.Context) (smsfailover.Depth, error) {
	return smsfailover.Depth{}, errBroken
}

func (brokenQueue) Redrive(context.Context, smsfailover.Filter) (int, error) { return 0, errBroken }

// brokenLimiter gets no answer from Redis.
type brokenLimiter struct{ *ratelimit.Local }

func (brokenLimiter) AllowAll(context.Context, string, ...ratelimit.Demand) ([]ratelimit.Result, error) {
	return nil, fmt.Errorf("%w: %w", ratelimit.ErrUnavailable, errBroken)
}

// emptyStore knows no ended session, and takes everything.
type emptyStore struct{ session.Store }

func (emptyStore) Probe(context.Context) error                         { return nil }
func (emptyStore) Create(context.Context, string, session.Grant) error { return nil }
func (emptyStore) HasEnded(context.Context, string) (bool, error)      { return false, nil }

// brokenStore fails when something changes, and quotes it.
type brokenStore struct{ emptyStore }

func (brokenStore) Probe(context.Context) error { return io.ErrUnexpectedEOF }

func (brokenStore) Create(_ context.Context, sid string, g session.Grant) error {
	return quoteRedis(sid, g)
}

func (brokenStore) End(_ context.Context, sid string, _ time.Time) error { return quoteRedis(sid) }

func (brokenStore) Rotate(_ context.Context, sid, jti string, next session.Grant) (session.Rotation, error) {
	return session.Gone, quoteRedis(sid, jti, next)
}

// awayStore can't be asked either.
type awayStore struct{ brokenStore }

func (awayStore) HasEnded(_ context.Context, sid string) (bool, error) {
	return false, quoteRedis(sid)
}
