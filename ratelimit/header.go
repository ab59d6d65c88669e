package ratelimit

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// SetHeaders writes r into h, for a response of either kind. It replaces what h
// has of these fields:
//
//   - RateLimit-Limit: N of the limit that decided.
//   - RateLimit-Remaining: how many hits more would be admitted at once now.
//   - RateLimit-Reset: seconds until the key is as good as new, rounded up; beside
//     a Retry-After the same number, as the draft wants it.
//   - RateLimit-Policy: the limit as N;w=seconds, rounded up, and ;burst=Burst
//     where there is one.
//   - Retry-After, on a refusal only: seconds until it would be admitted, rounded
//     up and at least 1. After [Never] it is absent, since no time would be true.
//
// These are the fields of draft-ietf-httpapi-ratelimit-headers-06. Later drafts
// put the same numbers into one structured RateLimit field, whose syntax has
// changed with every draft; clients and gateways in use read the separate fields.
// Retry-After is the delay-seconds of RFC 9110, section 10.2.3.
//
// A Result with Source [Assumed] or without a Limit knows nothing of the key: it
// sets none of the RateLimit fields and deletes those that are there. A refusal
// that doesn't know how long, as one of [FailClosed], asks for a second.
func SetHeaders(h http.Header, r Result) {
	for _, name := range []string{headerLimit, headerRemaining, headerReset, headerPolicy, headerRetry} {
		delete(h, name)
	}
	reset := seconds(r.ResetAfter)
	if !r.OK() && r.RetryAfter != Never {
		reset = max(1, seconds(r.RetryAfter))
		set(h, headerRetry, reset)
	}
	if r.Source != Assumed && r.Limit != (Limit{}) {
		set(h, headerLimit, int64(r.Limit.N))
		set(h, headerRemaining, int64(r.Remaining))
		set(h, headerReset, reset)
		h[headerPolicy] = []string{policy(r.Limit)}
	}
}

// The names as net/http writes them.
const (
	headerLimit     = "Ratelimit-Limit"
	headerRemaining = "Ratelimit-Remaining"
	headerReset     = "Ratelimit-Reset"
	headerPolicy    = "Ratelimit-Policy"
	headerRetry     = "Retry-After"
)

func set(h http.Header, name string, n int64) { h[name] = []string{strconv.FormatInt(n, 10)} }

func policy(l Limit) string {
	s := fmt.Sprintf("%d;w=%d", l.N, max(1, seconds(l.Per)))
	if l.Burst != 0 {
		s += fmt.Sprintf(";burst=%d", l.Burst)
	}
	return s
}

// seconds returns d in seconds, rounded up.
func seconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return s
}
