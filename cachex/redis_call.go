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
	unknown = unknown || m.lost(err)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return nil, unknown, err
}

// lost reports whether a script may have run whose call failed with err: it was
// written, and the last word wasn't the server's. A script of ours that runs
// doesn't fail, so a server that answers with an error refused it. Clients send
// again after some refusals, such as READONLY, so that the writes before the
// last say nothing.
func (m *message) lost(err error) bool {
	if m.writes.Load() == 0 {
		return false
	}
	_, refused := errors.AsType[redis.Error](err)
	return !refused
}
