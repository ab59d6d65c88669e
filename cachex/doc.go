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
//	ticket, err := cache.Set(ctx, k, code)         // ErrTooSoon, ErrLocked: don't send
//	if err := send(k.To, code); err != nil {
//		_, err = cache.Revoke(ctx, k, ticket.Gen) // the message never left
//	}
//	...
//	err = cache.Verify(ctx, k, typed)              // nil: log in
//
// Which cache:
//   - [CodeRedisCache] for a service of several pods. It is one Redis key and
//     one round trip per call.
//   - [CodeLocalCache] for one process and for tests. It forgets no code before
//     its time; when it is full it refuses new ones.
//   - [CodeTheineCache] for a program that must keep its memory in theine.
//   - [Fallback] to go on with a second cache while the first is down.
//
// They answer alike, which package cachextest proves on each of them. Every
// cache is safe for concurrent use, and only CodeTheineCache starts anything:
// Close it.
package cachex
