// Package ratelimit admits at most so many hits per key and stretch of time, in
// one process or across all that share a Redis.
//
//	limiter, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{
//		ratelimit.PerMinute(1), ratelimit.PerDay(10), // both must have room
//	})
//	...
//	r, err := limiter.Allow(ctx, phone)
//	if err != nil {
//		return err // no decision: see FailPolicy
//	}
//	if !r.OK() {
//		return tooMany(r.RetryAfter) // or SetHeaders and status 429
//	}
//	if err := send(phone); err != nil {
//		_ = limiter.Refund(ctx, r.Receipt) // it led to nothing
//	}
//
// # Which limiter
//
// [Local] is for one process: it answers in 100 to 600 ns. [Redis] is for several:
// one round trip per answer, by the server's clock. Both have the same four
// algorithms and answer alike, which package ratelimittest proves on each.
//
//	algorithm       worst window  a key in process        for
//	SlidingLog      N             60 B + 8 to 16 per hit  limits that must hold: SMS, logins, money
//	SlidingCounter  2N            48 B                    large N, where about N is good enough
//	GCRA            N + Burst     36 B                    an even flow to a backend
//	FixedWindow     2N            36 B                    quotas by the calendar: 1000 a day
//
// The worst window is the most that any stretch of length Per can see, wherever
// it begins. Only the log keeps to N. The others may spend one budget right
// before an edge, or saved up in a burst, and the next one right after. The
// counter comes near 2N only when a rush follows a pause; under a steady rush it
// admits about N. GCRA admits hits one Per/N apart once its Burst is spent; the
// windows of the others fill at once.
//
// # Use
//
// Ask first, act then. Allow takes one hit, AllowN all of n or none, AllowAtMost
// what fits; Peek takes nothing and promises nothing. AllowAll takes hits under
// several keys at once, such as a phone, an address and a tenant: when one has no
// room, the others lose nothing. A refusal is a [Result] whose RetryAfter is
// true: who waits that long, and is alone, is admitted. [Wait] does so. Give back
// with Refund what led to nothing, but not what failed because it was too much.
//
// # Promises and their limits
//
// A refused call takes nothing. Amounts are whole numbers and times nanoseconds,
// or a server's microseconds: nothing is rounded in anyone's favour over time. A
// [Local] forgets all when its process ends, and knows nothing of other
// processes. A [Redis] keeps what its server keeps. Neither can tell who asks:
// whoever chooses the key chooses the budget, so that a limit per address needs
// an address that clients can't invent.
//
// Limiters are safe for concurrent use, start nothing, and log nothing.
package ratelimit
