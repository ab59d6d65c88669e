package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

// What a token can be refused for.
var (
	// ErrInvalid: no token, or one that is expired, forged or of another type.
	ErrInvalid = errors.New("session: invalid token")
	// ErrRevoked: the session has ended.
	ErrRevoked = errors.New("session: session has ended")
	// ErrReused: the refresh token was used before, and its session is ended.
	ErrReused = errors.New("session: refresh token reused")
	// ErrUnavailable: the store doesn't answer.
	ErrUnavailable = errors.New("session: store unavailable")
)

// An Identity is who a valid token speaks for.
type Identity struct {
	UID     int64
	Session string
	dead    time.Time // when its access token is; zero for another token
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
	bounded, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	if err := m.store.Create(bounded, sid, m.grant(jti)); err != nil {
		return Tokens{}, unavailable(ctx, "start", err)
	}
	return tokens, nil
}

// Available returns [ErrUnavailable] if no session could be started now. It is
// asked before something is spent for one, such as a login code.
func (m *Manager) Available(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := m.store.Probe(bounded); err != nil {
		return unavailable(ctx, "probe", err)
	}
	return nil
}

// Health returns an error once the store has been away for longer than
// MaxStale: from then on this node refuses everybody.
func (m *Manager) Health() error {
	if age := m.ended.age(); age > max(m.cfg.MaxStale, maxAge) {
		return fmt.Errorf("%w for %v", ErrUnavailable, age.Round(time.Second))
	}
	return nil
}

// unavailable says that the store failed, without the values that it was given.
// When the request is over, that is the reason.
func unavailable(ctx context.Context, op string, err error) error {
	err = platform.Quiet(err)
	if ctx.Err() != nil {
		return fmt.Errorf("session: %s: %w", op, err)
	}
	return fmt.Errorf("session: %s: %w: %w", op, ErrUnavailable, err)
}

// grant returns what the store is told of tokens that are made now.
func (m *Manager) grant(jti string) Grant {
	return Grant{JTI: jti, TTL: m.cfg.RefreshTTL, Dead: m.dead()}
}

// dead returns when an access token is dead that is made now. Tokens count in
// whole seconds.
func (m *Manager) dead() time.Time { return time.Now().Add(m.cfg.AccessTTL + time.Second) }

// Verify returns who an access token speaks for. It asks the store only when
// the own list of ended sessions is older than a second. With [ErrUnavailable]
// it returns who the token spoke for unless the session has ended, which can't
// be told: enough to end it, and for nothing else.
func (m *Manager) Verify(ctx context.Context, access string) (Identity, error) {
	id, says, err := m.codec.read(access, accessType)
	if err != nil {
		return Identity{}, err
	}
	id.dead = says.ExpiresAt.Time
	err = m.ended.check(ctx, id.Session)
	if err != nil && !errors.Is(err, ErrUnavailable) {
		return Identity{}, err
	}
	return id, err
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
	bounded, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	state, err := m.store.Rotate(bounded, id.Session, says.ID, m.grant(jti))
	if err != nil {
		return Identity{}, Tokens{}, unavailable(ctx, "refresh", err)
	}
	if state == Rotated {
		return id, tokens, nil
	}
	// Also for a session that is gone: the step that ends its access tokens
	// may have failed the first time, and doing it twice does no harm.
	if err := m.End(ctx, id); err != nil {
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
// this node and within a second on the others. When the store is away it
// returns [ErrUnavailable]; the session has ended on this node all the same,
// and on the others soon after the store is back.
func (m *Manager) End(ctx context.Context, id Identity) error {
	// Tokens of an earlier configuration may live longer than those of now.
	dead := m.dead()
	if id.dead.After(dead) {
		dead = id.dead
	}
	bounded, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	if err := m.ended.end(bounded, id.Session, dead); err != nil {
		return unavailable(ctx, "end", err)
	}
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
