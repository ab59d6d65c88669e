// Package cachex keeps one-time codes, such as the six digits of an SMS login.
//
// A [CodeCache] promises that a code is right at most once, that no more guesses
// are compared than its [Policy] allows however many goroutines or pods ask at
// once, and that the budgets of a recipient, for wrong guesses and for sends,
// outlive resends and expiry. It stores codes and recipients as keyed MACs, so
// that neither is in a dump, an error or a key name. It sends nothing, and it
// can't tell who asks: limit requests per address elsewhere.
//
//	cache, err := cachex.NewCodeLocalCache()
//	...
//	k := cachex.Key{Biz: "login", To: "+8613800138000"}
//	code, err := cachex.Digits(6)()
//	...
//	ticket, err := cache.Set(ctx, k, code)
//	if err != nil {
//		return err // ErrTooSoon, ErrLocked: nothing to send
//	}
//	if err := send(k.To, code); err != nil {
//		_, revokeErr := cache.Revoke(ctx, k, ticket.Gen) // the message never left
//		return errors.Join(err, revokeErr)
//	}
//	...
//	err = cache.Verify(ctx, k, typed)              // nil: log in
//
// Codes, pauses and budgets belong to a [Key], Biz and To together, byte by byte.
// Whoever may ask under three purposes gets three times the guesses, and one
// phone written in two ways is two recipients: bring To into one form first, such
// as E.164 for phones.
//
// Which cache:
//   - [CodeRedisCache] for a service of several pods. It is one Redis key per
//     recipient and one round trip per call. It forgets what its server does: set
//     the server up as its comment says.
//   - [CodeLocalCache] for one process and for tests. It forgets no code before
//     its time; when it is full it refuses new ones.
//   - [CodeTheineCache] for a program that must keep its memory in theine.
//   - [Fallback] to go on with a second cache while the first is down.
//
// A new policy may be deployed while codes are pending. In Redis, which outlives
// the old process, a code keeps the life and the tries that it was set with. The
// pause, the guess budget and the send budgets are judged by the policy of the
// process that is asked, from what was counted so far; a send budget finds its
// count by its place in Policy.Sends, so put new ones last. A pause or window that
// becomes longer than all that the record was kept for holds from the next Set on.
//
// The caches answer alike, which package cachextest proves on each. Every
// cache is safe for concurrent use, and only CodeTheineCache starts anything:
// Close it.
package cachex
