package smsfailover

import "sync/atomic"

// Stats counts what a [Failover] has done since it was made.
type Stats struct {
	// What became of messages that were handed in; each is one of these.
	Direct     uint64 // taken by the provider during Submit
	Queued     uint64 // stored, and left to the workers
	Duplicates uint64 // not stored: their like was there
	Superseded uint64 // stored in the place of an older one, and left to the workers
	Rejected   uint64 // not accepted

	// What the workers of this process did with queued messages, whoever queued
	// them.
	Delivered uint64 // taken by the provider
	Retried   uint64 // put back after a failed attempt
	Released  uint64 // put back untried: limiter, monitor, throttling, shutdown
	Buried    uint64 // moved to the dead letters
	Dropped   uint64 // of those, because the queue was full
	Expired   uint64 // forgotten, past their NotAfter

	// Whence a message may arrive twice: at most so many did.
	Unknown    uint64 // sends that timed out: the provider may have taken them
	Reclaimed  uint64 // sends of a message over which a worker has died
	LostLeases uint64 // claims lost to another worker while this one had them
	Undone     uint64 // deliveries that couldn't be recorded

	// What went wrong around them.
	LimiterErrors uint64
	StoreErrors   uint64 // failed calls of the store, each try
	Panics        uint64 // of the provider
}

// counters are Stats in the making.
type counters struct {
	direct, queued, duplicates, superseded, rejected       atomic.Uint64
	delivered, retried, released, buried, dropped, expired atomic.Uint64
	unknown, reclaimed, lostLeases, undone                 atomic.Uint64
	limiterErrors, storeErrors, panics                     atomic.Uint64
}

func (c *counters) snapshot() Stats {
	return Stats{
		Direct:        c.direct.Load(),
		Queued:        c.queued.Load(),
		Duplicates:    c.duplicates.Load(),
		Superseded:    c.superseded.Load(),
		Rejected:      c.rejected.Load(),
		Delivered:     c.delivered.Load(),
		Retried:       c.retried.Load(),
		Released:      c.released.Load(),
		Buried:        c.buried.Load(),
		Dropped:       c.dropped.Load(),
		Expired:       c.expired.Load(),
		Unknown:       c.unknown.Load(),
		Reclaimed:     c.reclaimed.Load(),
		LostLeases:    c.lostLeases.Load(),
		Undone:        c.undone.Load(),
		LimiterErrors: c.limiterErrors.Load(),
		StoreErrors:   c.storeErrors.Load(),
		Panics:        c.panics.Load(),
	}
}
