package cachex

import (
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/load.lua
var luaLoad string

//go:embed lua/set.lua
var luaSet string

//go:embed lua/verify.lua
var luaVerify string

//go:embed lua/revoke.lua
var luaRevoke string

//go:embed lua/status.lua
var luaStatus string

// What the scripts answer: kind + replyHealed + replyUnit*value.
const (
	replyOK       = 0
	replyMismatch = 1 // value: tries left
	replyNotFound = 2
	replyTooMany  = 3 // value: the pause's rest, in µs like those below
	replyLocked   = 4
	replyTooSoon  = 5
	replyHealed   = 8
	replyUnit     = 16
)

// unlimited stands for a guess budget that is off. Its window is empty, so
// that nothing ever counts in it.
const unlimited = 1 << 30

// redisGrace is how long a key outlives the last thing in it that counts: the
// scripts decide by their own clock, to the microsecond, and must not lose to
// the server's expiry, which is coarser.
const redisGrace = time.Second

// policyScripts are the scripts for one policy, whose constants are part of
// their text. So they don't travel and aren't parsed on each call. A cache has
// four of them per policy, and the server keeps what it compiled.
type policyScripts struct {
	set, verify, revoke, status *redis.Script
	ttl                         time.Duration
}

func newPolicyScripts(p Policy) *policyScripts {
	head := constants(p) + luaLoad
	return &policyScripts{
		set:    redis.NewScript(head + luaSet),
		verify: redis.NewScript(head + luaVerify),
		revoke: redis.NewScript(head + luaRevoke),
		status: redis.NewScript(head + luaStatus),
		ttl:    time.Duration(micros(p.TTL)) * time.Microsecond,
	}
}

// constants returns the head of a policy's scripts.
func constants(p Policy) string {
	var b strings.Builder
	life := recordLife(p)
	guesses, window := unlimited, time.Duration(0)
	if !p.Guesses.off() {
		guesses, window = p.Guesses.Max, p.Guesses.Window
	}
	fmt.Fprintf(&b, "local MISMATCH, NOT_FOUND, TOO_MANY, LOCKED, TOO_SOON, HEALED, UNIT = %d, %d, %d, %d, %d, %d, %d\n",
		replyMismatch, replyNotFound, replyTooMany, replyLocked, replyTooSoon, replyHealed, replyUnit)
	fmt.Fprintf(&b, "local GUESSES, WINDOW, RESEND, MAX_AHEAD = %d, %d, %d, %d\n",
		guesses, micros(window), micros(p.ResendAfter), micros(maxDuration))
	fmt.Fprintf(&b, "local LIFE, LIFE_MS, LIFE_PX = '%s', %d, '%d'\n",
		luaBytes(micros(life), 6), life.Milliseconds(), life.Milliseconds())
	fmt.Fprintf(&b, "local CODE = '%s\\1%s'\n", luaBytes(micros(p.TTL), 6), luaBytes(int64(p.MaxAttempts), 2))
	fmt.Fprintf(&b, "local SENDS = %d\n", len(p.Sends))
	for i := range maxBudgets {
		var s Budget
		if i < len(p.Sends) {
			s = p.Sends[i]
		}
		fmt.Fprintf(&b, "local MAX%d, LENGTH%d = %d, %d\n", i+1, i+1, s.Max, micros(s.Window))
	}
	return b.String()
}

// recordLife returns how long after a Set the record may still matter: a wrong
// guess at the end of the code's life starts a window, so that no guess ever
// has to prolong the key.
func recordLife(p Policy) time.Duration {
	life := max(p.TTL+p.Guesses.Window, p.ResendAfter)
	for _, b := range p.Sends {
		life = max(life, b.Window)
	}
	return (life + redisGrace).Truncate(time.Millisecond) + time.Millisecond
}

// micros returns d in microseconds, rounded up.
func micros(d time.Duration) int64 {
	return int64((d + time.Microsecond - 1) / time.Microsecond)
}

// luaBytes returns n as a Lua string of size bytes, big-endian and escaped.
func luaBytes(n int64, size int) string {
	var b strings.Builder
	for i := size - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "\\%03d", byte(n>>(8*i)))
	}
	return b.String()
}
