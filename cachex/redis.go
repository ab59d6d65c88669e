package cachex

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// CodeRedisCache is a [CodeCache] in Redis, for a service of many processes. A
// Key is one Redis key, every call is one script and one round trip, or two when
// the server doesn't know the script: at first and after a SCRIPT FLUSH, a restart
// or a failover. Time is the server's, in microseconds: the clocks of the callers
// don't matter. Durations are rounded up to whole microseconds.
//
// Under [DefaultPolicy] a record is a name of 31 bytes and a value of 82, 9 per
// send budget, which take 184 bytes by MEMORY USAGE and about 245 of the server's
// used memory.
//
// Redis holds HMACs only, of the codes and of the Keys. Every key expires, about a
// second after the last that may still count since the last Set: a code's life and
// a guess window on top, the pause, the longest send window. A value that can't be
// a record counts as absent and is removed by the next call that meets it; an
// expiry that was lost or moved out is put back by the next call but a wrong try
// that isn't the code's last. Both are counted; see [CodeRedisCache.Stats].
//
// A call carries a nonce, so that a client may send it again when it lost the
// reply, as go-redis does by itself: the call is done once and answers as it
// did. Only if another try or Set of the same Key came between the two, a try
// or a Set may count twice, never less than once. A Verify that may have been
// done although there is no answer returns an error that is [ErrUnknown] and
// wraps the cause; a Set that fails may have been done. A refusal by the server,
// such as READONLY, is certain only if the call was sent once: what it refused is
// the last of several, and the reply to an earlier one may have been lost. A
// client without retries tells the two apart.
//
// How soon a call returns after ctx is done is the client's affair: go-redis
// minds a deadline while it waits for a reply only with ContextTimeoutEnabled.
//
// It remembers what the server does. A restart from a snapshot or an append-only
// file that is older than the last write brings used codes back to life and gives
// spent tries and sends back; with appendfsync always no write is newer. In a
// Redis Cluster or behind Sentinel, a failover can lose the last writes of the old
// master in the same way. Reads never go to a replica. Run the server with
// maxmemory-policy noeviction: under any other a full server drops codes, and
// budgets with them, which gives guesses back.
//
// It is safe for concurrent use, starts no goroutine and never closes the
// client. It needs Redis 5 or later, or what is compatible with it, and the
// right to EVALSHA, EVAL, GET, SET, SETRANGE, DEL, PTTL, PEXPIRE and TIME.
type CodeRedisCache struct {
	rdb      redis.Scripter
	policies map[string]*policyScripts
	names    *signer
	codes    *keyring
	prefix   string
	healed   atomic.Uint64
}

var _ CodeCache = (*CodeRedisCache)(nil)

// NewCodeRedisCache returns a cache on rdb: a client of a single node, of
// Sentinel or of a Cluster, with its retries on or off, but no pipeline, which
// answers nothing before its end. Every option has its meaning but WithCapacity,
// which is ignored. All processes must use the same options, but while a new
// pepper or policy rolls out. The server comes to hold four scripts per policy.
// The error joins all that is wrong with the arguments.
func NewCodeRedisCache(rdb redis.Scripter, opts ...Option) (*CodeRedisCache, error) {
	cfg, err := newConfig(opts)
	if err = errors.Join(checkClient(rdb), err); err != nil {
		return nil, err
	}
	cfg.shareKeys()
	c := &CodeRedisCache{
		rdb:      rdb,
		policies: make(map[string]*policyScripts, len(cfg.policies)),
		names:    newSigner(cfg.nameKey),
		codes:    newKeyring(cfg.pepper),
		prefix:   cfg.prefix,
	}
	for biz, p := range cfg.policies {
		c.policies[biz] = newPolicyScripts(p)
	}
	return c, nil
}

func checkClient(rdb redis.Scripter) error {
	if isNil(rdb) {
		return fmt.Errorf("cachex: NewCodeRedisCache: the client is nil (%T)", rdb)
	}
	if _, ok := rdb.(redis.Pipeliner); ok {
		return fmt.Errorf("cachex: NewCodeRedisCache: a %T queues calls and answers none of them, want a client", rdb)
	}
	return nil
}

// isNil reports whether v is nil or holds a pointer that is.
func isNil(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}

// Set implements [CodeCache].
func (c *CodeRedisCache) Set(ctx context.Context, k Key, code string) (Ticket, error) {
	if err := checkCall(ctx, k, code); err != nil {
		return Ticket{}, err
	}
	p := c.policy(k.Biz)
	reply, _, err := c.run(ctx, p.set, c.name(k), setMessage(c.codes.sign(k, code)))
	if err != nil {
		return Ticket{}, fmt.Errorf("cachex: set: %w", err)
	}
	if gen, healed, ok := replyGen(reply); ok {
		c.countHealed(healed)
		return Ticket{Gen: gen, ExpiresAt: time.UnixMilli(int64(gen / 1000)).Add(p.ttl)}, nil
	}
	if d, ok := c.refusal(reply); ok && d != nil {
		return Ticket{}, d
	}
	return Ticket{}, badReply("set", reply)
}

// Verify implements [CodeCache].
func (c *CodeRedisCache) Verify(ctx context.Context, k Key, code string) error {
	if err := checkCall(ctx, k, code); err != nil {
		return err
	}
	var buf [4]mac
	m := tryMessage(c.codes.tries(buf[:0], k, code)...)
	reply, unknown, err := c.run(ctx, c.policy(k.Biz).verify, c.name(k), m)
	switch {
	case unknown:
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	case err != nil:
		return fmt.Errorf("cachex: verify: %w", err)
	}
	d, ok := c.refusal(reply)
	switch {
	case !ok:
		return fmt.Errorf("%w: verify: unexpected reply of type %T", ErrUnknown, reply)
	case d != nil:
		return d
	}
	return nil
}

// Revoke implements [CodeCache].
func (c *CodeRedisCache) Revoke(ctx context.Context, k Key, gen uint64) (bool, error) {
	if err := checkCall(ctx, k, noCode); err != nil {
		return false, err
	}
	if gen == 0 || gen > 1<<52 {
		return false, nil
	}
	reply, _, err := c.run(ctx, c.policy(k.Biz).revoke, c.name(k), tryMessage(), gen)
	if err != nil {
		return false, fmt.Errorf("cachex: revoke: %w", err)
	}
	n, ok := reply.(int64)
	if !ok || n&^(1|replyHealed) != 0 {
		return false, badReply("revoke", reply)
	}
	c.countHealed(n&replyHealed != 0)
	return n&1 != 0, nil
}

// Status implements [CodeCache]. It changes nothing but what it heals.
func (c *CodeRedisCache) Status(ctx context.Context, k Key) (Status, error) {
	if err := checkCall(ctx, k, noCode); err != nil {
		return Status{}, err
	}
	reply, _, err := c.run(ctx, c.policy(k.Biz).status, c.name(k), tryMessage())
	if err != nil {
		return Status{}, fmt.Errorf("cachex: status: %w", err)
	}
	n, ok := replyNumbers(reply, 6)
	if !ok {
		return Status{}, badReply("status", reply)
	}
	c.countHealed(n[0] != 0)
	s := Status{
		Left:        int(min(n[3], maxCount)),
		ResendAfter: microseconds(n[4]),
		LockedFor:   microseconds(n[5]),
	}
	if n[1] != 0 {
		s.Live, s.Gen, s.ExpiresAt = true, uint64(n[1]), time.UnixMicro(n[2])
	}
	return s, nil
}

// RedisStats is a snapshot of a [CodeRedisCache].
type RedisStats struct {
	Healed uint64 // values that were no record, or had no expiry or a wrong one, met and put right so far
}

// Stats returns a snapshot of what this cache, and no other process, has met.
func (c *CodeRedisCache) Stats() RedisStats {
	return RedisStats{Healed: c.healed.Load()}
}

// outcomes are what the kinds of answers of a script mean.
var outcomes = [replyHealed]error{
	replyMismatch: ErrMismatch,
	replyNotFound: ErrNotFound,
	replyTooMany:  ErrTooMany,
	replyLocked:   ErrLocked,
	replyTooSoon:  ErrTooSoon,
}

// refusal turns the answer of a script into its refusal, which is nil for
// success. It reports false for an answer that no script gives.
func (c *CodeRedisCache) refusal(reply any) (d *DeniedError, ok bool) {
	n, short := reply.(int64)
	if list, ok := replyNumbers(reply, 1); ok {
		n = list[0]
	} else if !short {
		return nil, false
	}
	kind, value := n%replyHealed, n/replyUnit
	switch {
	case n < 0, short != (kind < replyTooMany):
		return nil, false
	case (kind == replyOK || kind == replyNotFound) && value != 0:
		return nil, false
	}
	c.countHealed(n&replyHealed != 0)
	if kind == replyOK {
		return nil, true
	}
	d = &DeniedError{Reason: outcomes[kind]}
	if kind == replyMismatch {
		d.Left = int(min(value, maxCount))
	} else {
		d.RetryAfter = microseconds(value)
	}
	return d, d.Reason != nil
}

func (c *CodeRedisCache) countHealed(yes bool) {
	if yes {
		c.healed.Add(1)
	}
}

// name returns the Redis key of k. Its hash tag is all of it but the prefix.
func (c *CodeRedisCache) name(k Key) string {
	sum := c.names.sum(k.Biz, k.To, "")
	b := make([]byte, 0, len(c.prefix)+24)
	b = append(append(b, c.prefix...), '{')
	b = base64.RawURLEncoding.AppendEncode(b, sum[:])
	return string(append(b, '}'))
}

func (c *CodeRedisCache) policy(biz string) *policyScripts {
	if p, ok := c.policies[biz]; ok {
		return p
	}
	return c.policies[""]
}
