package session

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What a token can be refused for.
var (
	// ErrInvalid: no token, or one that is expired, forged or of another type.
	ErrInvalid = errors.New("session: invalid token")
	// ErrRevoked: the session has ended.
	ErrRevoked = errors.New("session: session has ended")
	// ErrReused: the refresh token was used before, and its session is ended.
	ErrReused = errors.New("session: refresh token reused")
	// ErrUnavailable: the store can't be asked, so the token can't be trusted.
	ErrUnavailable = errors.New("session: store unavailable")
)

// An Identity is who a valid token speaks for.
type Identity struct {
	UID     int64
	Session string
}

// Tokens are handed to the client when it signs in or refreshes.
type Tokens struct {
	Access     string
	Refresh    string
	AccessTTL  time.Duration
	RefreshTTL time.Duration
}

// Config says how long tokens live and how fresh revocations are.
type Config struct {
	Keys       []Key
	AccessTTL  time.Duration
	RefreshTTL time.Duration
	// Poll is the pause between two looks at the list of ended sessions.
	Poll time.Duration
	// MaxStale is how long a node goes on with its own list of ended sessions
	// when the store doesn't answer. Then it refuses everybody.
	MaxStale time.Duration
}

// Manager opens, checks, renews and ends the sessions of one node. It is safe
// for concurrent use. Run must run for as long as it is used.
type Manager struct {
	cfg   Config
	codec *codec
	store Store
	ended *endedList
}

// New returns a manager that keeps sessions in store.
func New(store Store, cfg Config) (*Manager, error) {
	c, err := newCodec(cfg.Keys)
	if err != nil {
		return nil, err
	}
	return &Manager{cfg: cfg, codec: c, store: store, ended: newEndedList(store, cfg)}, nil
}

// Run keeps the list of ended sessions fresh until ctx is done, and then
// returns nil. The caller owns the goroutine.
func (m *Manager) Run(ctx context.Context) error { return m.ended.run(ctx) }

// Load reads the list of ended sessions once, before the first request.
func (m *Manager) Load(ctx context.Context) error { return m.ended.refresh(ctx) }

// Start opens a session for a user who has proved who they are.
func (m *Manager) Start(ctx context.Context, uid int64) (Tokens, error) {
	sid, jti := newID(), newID()
	tokens, err := m.tokens(uid, sid, jti)
	if err != nil {
		return Tokens{}, err
	}
	if err := m.store.Create(ctx, sid, jti, m.cfg.RefreshTTL); err != nil {
		return Tokens{}, fmt.Errorf("session: start: %w", err)
	}
	return tokens, nil
}

// Verify returns who an access token speaks for. It asks the store only when
// the own list of ended sessions is older than a second.
func (m *Manager) Verify(ctx context.Context, access string) (Identity, error) {
	id, _, err := m.codec.read(access, accessType)
	if err != nil {
		return Identity{}, err
	}
	if err := m.ended.check(ctx, id.Session); err != nil {
		return Identity{}, err
	}
	return id, nil
}

// Refresh exchanges a refresh token, which is spent by it, for new tokens. A
// token that was spent before ends its session for whoever holds it: one of
// the two is a thief, and nobody can tell which.
func (m *Manager) Refresh(ctx context.Context, refresh string) (Identity, Tokens, error) {
	id, says, err := m.codec.read(refresh, refreshType)
	if err != nil {
		return Identity{}, Tokens{}, err
	}
	jti := newID()
	tokens, err := m.tokens(id.UID, id.Session, jti)
	if err != nil {
		return Identity{}, Tokens{}, err
	}
	state, err := m.store.Rotate(ctx, id.Session, says.ID, jti, m.cfg.RefreshTTL)
	if err != nil {
		return Identity{}, Tokens{}, fmt.Errorf("session: refresh: %w", err)
	}
	if state == Rotated {
		return id, tokens, nil
	}
	// Also for a session that is gone: the step that ends its access tokens
	// may have failed the first time, and doing it twice does no harm.
	if err := m.end(ctx, id.Session); err != nil {
		return Identity{}, Tokens{}, err
	}
	if state == Reused {
		return Identity{}, Tokens{}, ErrReused
	}
	return Identity{}, Tokens{}, ErrRevoked
}

// Holder returns who a refresh token speaks for, without spending it.
func (m *Manager) Holder(refresh string) (Identity, error) {
	id, _, err := m.codec.read(refresh, refreshType)
	return id, err
}

// End ends a session: its refresh token at once, its access tokens at once on
// this node and within a second on the others.
func (m *Manager) End(ctx context.Context, id Identity) error { return m.end(ctx, id.Session) }

func (m *Manager) end(ctx context.Context, sid string) error {
	if err := m.store.End(ctx, sid, m.cfg.AccessTTL); err != nil {
		return fmt.Errorf("session: end: %w", err)
	}
	m.ended.add(sid)
	return nil
}

func (m *Manager) tokens(uid int64, sid, jti string) (Tokens, error) {
	access, err := m.codec.sign(accessType, sid, newID(), uid, m.cfg.AccessTTL)
	if err != nil {
		return Tokens{}, err
	}
	refresh, err := m.codec.sign(refreshType, sid, jti, uid, m.cfg.RefreshTTL)
	if err != nil {
		return Tokens{}, err
	}
	return Tokens{Access: access, Refresh: refresh, AccessTTL: m.cfg.AccessTTL, RefreshTTL: m.cfg.RefreshTTL}, nil
}
