package cachex

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// A message is the argument of one call of a script: a nonce that is drawn per
// call, and MACs. It counts how often the client wrote it to a connection,
// since the error that a client returns is that of its last try only.
type message struct {
	body   []byte
	writes atomic.Int32
}

// setMessage is how a Set begins: as the record has it.
func setMessage(sum mac) *message {
	return &message{body: appendNonce(append(make([]byte, 0, len(sum)+8), sum[:]...))}
}

// tryMessage is how every other call begins.
func tryMessage(macs ...mac) *message {
	body := appendNonce(make([]byte, 0, 8+len(mac{})*len(macs)))
	for _, sum := range macs {
		body = append(body, sum[:]...)
	}
	return &message{body: body}
}

// appendNonce appends 64 random bits. Nobody gains by guessing them.
func appendNonce(b []byte) []byte {
	return binary.LittleEndian.AppendUint64(b, rand.Uint64())
}

// MarshalBinary is called by the client each time it writes the command.
func (m *message) MarshalBinary() ([]byte, error) {
	m.writes.Add(1)
	return m.body, nil
}

// run calls script on key in one round trip, or two when the server hasn't
// seen the script yet. unknown reports whether the script may have run although
// there is an error.
func (c *CodeRedisCache) run(ctx context.Context, script *redis.Script, key string, m *message, args ...any) (reply any, unknown bool, err error) {
	keys, args := []string{key}, append([]any{m}, args...)
	reply, err = script.EvalSha(ctx, c.rdb, keys, args...).Result()
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		unknown = m.writes.Swap(0) > 1
		reply, err = script.Eval(ctx, c.rdb, keys, args...).Result()
	}
	if err == nil || errors.Is(err, redis.Nil) {
		return reply, false, nil
	}
	return nil, unknown || m.lost(err), withContext(ctx, err)
}

// lost reports whether a script may have run whose call failed with err: it was
// written, and the last word wasn't the server's. A script of ours that runs
// doesn't fail, so a server that answers with an error refused it. That answer is
// to the last write only: what became of the ones before it, nobody knows.
func (m *message) lost(err error) bool {
	switch m.writes.Load() {
	case 0:
		return false
	case 1:
		_, refused := errors.AsType[redis.Error](err)
		return !refused
	}
	return true
}

// withContext returns err with why ctx is done, if it is.
func withContext(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	for _, why := range []error{context.Cause(ctx), ctx.Err()} {
		if !errors.Is(err, why) {
			err = fmt.Errorf("%w: %w", why, err)
		}
	}
	return err
}
