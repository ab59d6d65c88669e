package session

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const issuer = "tinybook"

// The types of tokens. One never passes for the other.
const (
	accessType  = "access"
	refreshType = "refresh"
)

// claims are what a token says. ID is the jti; a refresh token with an older
// one than its session's is a stolen or a copied one.
type claims struct {
	Type    string `json:"typ"`
	Session string `json:"sid"`
	jwt.RegisteredClaims
}

// codec signs and reads tokens.
type codec struct {
	signing Key
	secrets map[string][]byte
	parser  *jwt.Parser
}

func newCodec(keys []Key) (*codec, error) {
	if len(keys) == 0 {
		return nil, errors.New("session: no key")
	}
	c := &codec{signing: keys[0], secrets: make(map[string][]byte, len(keys))}
	for _, key := range keys {
		if len(key.Secret) < MinSecret {
			return nil, fmt.Errorf("session: key %q has %d bytes, want %d or more", key.ID, len(key.Secret), MinSecret)
		}
		c.secrets[key.ID] = key.Secret
	}
	c.parser = jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer),
		jwt.WithExpirationRequired(),
	)
	return c, nil
}

func (c *codec) sign(typ, sid, jti string, uid int64, ttl time.Duration) (string, error) {
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		Type:    typ,
		Session: sid,
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Subject:   strconv.FormatInt(uid, 10),
			ID:        jti,
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
		},
	})
	token.Header["kid"] = c.signing.ID
	signed, err := token.SignedString(c.signing.Secret)
	if err != nil {
		return "", fmt.Errorf("session: sign: %w", err)
	}
	return signed, nil
}

// read returns what a valid token of that type says, and [ErrInvalid] for any
// other. The parser's own error may quote the token, so it is dropped.
func (c *codec) read(token, typ string) (Identity, claims, error) {
	var says claims
	_, err := c.parser.ParseWithClaims(token, &says, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		secret, ok := c.secrets[kid]
		if !ok {
			return nil, ErrInvalid
		}
		return secret, nil
	})
	if err != nil || says.Type != typ || says.Session == "" {
		return Identity{}, claims{}, ErrInvalid
	}
	uid, err := strconv.ParseInt(says.Subject, 10, 64)
	if err != nil || uid <= 0 {
		return Identity{}, claims{}, ErrInvalid
	}
	return Identity{UID: uid, Session: says.Session}, says, nil
}

// newID returns a random name that can't be guessed.
func newID() string { return rand.Text() }
