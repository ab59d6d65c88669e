// Package smsfailover keeps every accepted SMS: what a provider can't take now
// waits in a store, and goes out once it can.
//
// # The promise
//
// A message that was accepted, with a nil error, is delivered at least once, or
// ends among the dead letters, or passes its NotAfter, or is superseded by a newer
// one to the same number; through crashes, deploys and any number of pods, as far
// as the store outlives them. No send passes the limiter by, and the request that
// brought the message may be long gone.
//
// It may be delivered twice, since no provider and store agree in one step. These
// are all the ways, each counted in [Stats]:
//   - The provider's answer didn't come in time (Unknown), and it is tried again.
//   - The process died between the provider's OK and the record of it, and the
//     next worker sends it again (Reclaimed).
//   - The lease went to another worker while the send was under way (LostLeases).
//   - The provider's OK couldn't be recorded while the lease lasted (Undone).
//
// A provider that knows of idempotency drops the second one by [IdemKeyFrom].
//
// # The path of a message
//
//	                  Submit
//	                    │
//	        IdemKey, or queue in use? ──yes──▶ store, claimed
//	                    │ no                         │
//	                    ▼                            │
//	┌───────▶ limiter, monitor, provider ◀───────────┘
//	│             │           │
//	│ claim    not now      taken: done
//	│             ▼
//	└── Run ─── store ──▶ dead letters
//
// In use:
//
//	sms, err := smsfailover.New(provider, store,
//		smsfailover.WithLimiter(ratelimit.Taker(limiter), func(smsfailover.Message) string { return "sms" }),
//		smsfailover.WithMonitor(monitor))
//	...
//	g.Go(func() error { return sms.Run(ctx) }) // in as many pods as you like
//	...
//	receipts, err := sms.Submit(ctx, smsfailover.Message{
//		TplID: "login", To: phone, Args: []string{code}, NotAfter: ticket.ExpiresAt,
//	})
//	if err != nil {
//		return err // neither sent nor queued
//	}
//
// One message per template and number waits at a time: a newer one with other Args
// takes the older one's place, and one with the same Args is a duplicate. For codes
// that is what one wants. Messages of one template that must all arrive, such as
// those about two orders of a customer, don't fit.
//
// # Why an error rate
//
// The original TinyBook, like many, could have counted failures in a row. But a
// provider seldom breaks all at once: it loses one message in three, and a counter
// that every success resets never reaches its limit, while users wait. And three
// failures in a row are a disaster at one message a minute, and nothing at a
// thousand a second, where that many timeouts stand next to each other by chance.
// A rate over a window of time, with a minimum of samples, means the same at any
// traffic; see [ErrorRateMonitor]. Its price is that it takes a part of the window
// to notice, and that it says nothing while there is next to no traffic.
//
// # When it fits, and when not
//
// It fits messages that are worth something a minute later, sent by a provider
// that is limited, slow or away now and then: codes, notices, reminders. For a
// code give NotAfter, so that none arrives that has expired, and tell the user
// that it is on its way.
//
// It doesn't fit what must arrive at once or not at all (call the provider, and
// show its error), what must arrive exactly once whatever it costs (no queue can,
// without the provider's help), or campaigns of millions: those belong into a
// queue from the start, and not beside the codes. And where there is a second
// provider, ask it first: a [Chain] is a provider to a Failover, and waiting is
// what remains when all of them are away.
//
// # What it costs
//
// While all is well: one count of the queue per poll and pod, one claim per poll
// and pod, and no write at all, but for messages with an IdemKey, which take two.
//
// While the provider is away every message is written once, and that is when the
// database is asked for most. What bounds it:
//   - [WithQueue] bounds the depth and the age of the queue: beyond it the caller
//     gets [ErrQueueFull], which is when to tell users to come back.
//   - An open monitor stops claims, so that what waits costs nothing while it does.
//   - A claim takes a batch, and what the limiter holds back is put off for the
//     longer, up to 30 seconds more, the more of it there is: a large backlog costs
//     a claim and a release for each message about twice a minute.
//   - Retries are spread by the backoff, and the ramp of the monitor keeps both the
//     provider and the database from being run over when it is back.
//   - Dead letters and remembered IdemKeys are rows too: redrive the former or
//     delete them; the store forgets the latter after [IdemRetention].
//
// The store is needed to accept a message also while the provider is well, since
// without it nobody knows if an older message waits: put it where the
// application's own data is.
//
// # What Kafka improves
//
// A table that is polled pays for each message with several writes and their
// index, and its workers meet on the same rows. With messages in Kafka (see
// kafkastore) writing is an append, reading doesn't write at all, partitions
// spread the work with no claims, and days of backlog are no burden to the
// database that the rest of the application lives on. What it can't do is change
// or find a message that is in it: duplicates, superseding and IdemKeys still need
// an index in a store, and a delay needs a topic for each tier of delays. Up to
// some hundred messages a second a table is simpler, and says more when something
// is wrong.
package smsfailover
