package cachex

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/load.lua
var luaLoad string

//go:embed lua/expiry.lua
var luaExpiry string

//go:embed lua/set.lua
var luaSet string

//go:embed lua/try.lua
var luaTry string

//go:embed lua/verify.lua
var luaVerify string

//go:embed lua/revoke.lua
var luaRevoke string

//go:embed lua/status.lua
var luaStatus string

// What the scripts answer: kind + replyHealed + replyUnit*value. Where it may be
// large it's text in a list: an integer is cut to 32 bits by miniredis on a
// machine of 32 bits.
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
	values := replacer(constants(p))
	return &policyScripts{
		set:    newScript(values, luaLoad+luaExpiry+luaSet),
		verify: newScript(values, luaLoad+luaTry+luaExpiry+luaVerify),
		revoke: newScript(values, luaLoad+luaExpiry+luaRevoke),
		status: newScript(values, luaLoad+luaExpiry+luaStatus),
		ttl:    time.Duration(micros(p.TTL)) * time.Microsecond,
	}
}

// replacer puts the values of constants in the place of their names. Longer
// names come before those that they begin with.
func replacer(all []constant) *strings.Replacer {
	slices.SortStableFunc(all, func(a, b constant) int { return len(b.name) - len(a.name) })
	pairs := make([]string, 0, 2*len(all))
	for _, c := range all {
		pairs = append(pairs, c.name, c.value)
	}
	return strings.NewReplacer(pairs...)
}

// newScript returns the script with its constants in place: as variables they
// would cost time on each call.
func newScript(values *strings.Replacer, body string) *redis.Script {
	return redis.NewScript(values.Replace(body))
}

// A constant is a name in the scripts and its value in Lua.
type constant struct{ name, value string }

func number(name string, n int64) constant { return constant{name, strconv.FormatInt(n, 10)} }

// constants returns what the scripts need to know of p.
func constants(p Policy) []constant {
	guesses, window := int64(unlimited), time.Duration(0)
	if !p.Guesses.off() {
		guesses, window = int64(p.Guesses.Max), p.Guesses.Window
	}
	life := recordLife(p)
	all := []constant{
		number("MISMATCH", replyMismatch),
		number("NOT_FOUND", replyNotFound),
		number("TOO_MANY", replyTooMany),
		number("LOCKED", replyLocked),
		number("TOO_SOON", replyTooSoon),
		number("HEALED", replyHealed),
		number("UNIT", replyUnit),
		number("GUESSES", guesses),
		number("WINDOW", micros(window)),
		number("RESEND", micros(p.ResendAfter)),
		number("MAX_AHEAD", micros(maxDuration)),
		number("LIFE_MS", life.Milliseconds()),
		{"LIFE_PX", luaString(strconv.FormatInt(life.Milliseconds(), 10))},
		{"LIFE", luaString(bigEndian(micros(life), 6))},
		{"CODE", luaString(bigEndian(micros(p.TTL), 6) + "\x01" + bigEndian(int64(p.MaxAttempts), 2))},
		number("SENDS", int64(len(p.Sends))),
	}
	for i := range maxBudgets {
		var s Budget
		if i < len(p.Sends) {
			s = p.Sends[i]
		}
		n := strconv.Itoa(i + 1)
		all = append(all, number("MAX"+n, int64(s.Max)), number("LENGTH"+n, micros(s.Window)))
	}
	return all
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

// bigEndian returns the last size bytes of n.
func bigEndian(n int64, size int) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(n))[8-size:])
}

// luaString returns s as a literal of Lua.
func luaString(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "\\%03d", c)
	}
	b.WriteByte('\'')
	return b.String()
}
