package ratelimit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// A FailPolicy says what a Redis limiter answers when Redis doesn't. Its zero
// value is FailClosed's.
//
// A call counts as unanswered when it takes longer than [WithTimeout], when the
// client gives up, or when the server refuses, as READONLY or OOM. That the
// caller's own context ended is no such case: the call returns its cause. Peek
// follows the policy too; Refund and Reset, which decide nothing, return an
// error that wraps [ErrUnavailable] under each.
type FailPolicy struct {
	kind  failKind
	local Limiter
}

type failKind uint8

const (
	failClosed failKind = iota
	failOpen
	failLocal
)

// FailClosed refuses: Allowed is 0, Source is [Assumed], and the error wraps
// [ErrUnavailable] and its cause. It is the default.
func FailClosed() FailPolicy { return FailPolicy{} }

// FailOpen admits whatever is asked, with a nil error, Source [Assumed] and an
// empty Receipt.
func FailOpen() FailPolicy { return FailPolicy{kind: failOpen} }

// FailLocal lets l decide, with Source [InProcess]; the Receipt of such an answer
// goes to l. Since every process then decides alone, give l limits of N divided
// by the number of processes.
//
// A [*Local] is kept warm: while Redis answers, l sees what it admitted too, so
// that an outage doesn't begin with an empty l. That costs what a call of l
// costs, well under a microsecond. Any other Limiter is only asked in an
// outage. AllowAll needs an l that has AllowAll, and PeekAll one that has PeekAll,
// as *Local does: another is not asked, and the call fails as under [FailClosed].
// A [Demand] with Limits of its own is decided by those in each process, undivided.
func FailLocal(l Limiter) FailPolicy { return FailPolicy{kind: failLocal, local: l} }

// validate returns what is wrong with the policy.
func (p FailPolicy) validate() error {
	if p.kind == failLocal && isNil(p.local) {
		return fmt.Errorf("%w: WithFailPolicy(FailLocal(%T)): the limiter is nil", ErrInput, p.local)
	}
	return nil
}

// warm returns the limiter that is to see what Redis admits, or nil.
func (p FailPolicy) warm() *Local {
	l, _ := p.local.(*Local)
	return l
}

// unavailable is the error of a call that got no answer.
func unavailable(op string, cause error) error {
	if errors.Is(cause, ErrUnavailable) {
		return cause
	}
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, op, discreet(cause))
}

// A serverError is a [redis.Error] in words of ours.
type serverError string

var _ redis.Error = serverError("")

func (e serverError) Error() string { return string(e) }

// RedisError says that a server said so.
func (serverError) RedisError() {}

// discreet returns err without the arguments of the call, which a server repeats
// that doesn't know the command, as after rename-command: one is the key, and
// that may be a phone number.
func discreet(err error) error {
	if said, _, ok := strings.Cut(err.Error(), ", with args beginning with"); ok {
		return serverError(said)
	}
	return err
}
