// Package kafkastore is a durable queue of smsfailover on Kafka: a
// [smsfailover.Store] with retry tiers and dead letters, over kafka-go.
//
//	store, err := kafkastore.New(kafkastore.DefaultConfig("kafka-1:9092"), nil)
//	...
//	err = store.CreateTopics(ctx)
//	failover, err := smsfailover.New(provider, store)
//	...
//	g.Go(func() error { return store.Run(ctx) })        // owns partitions and reads them
//	g.Go(func() error { return failover.Run(workers) }) // claims from it; ends first
//
// A [Store] may be used by any number of goroutines and processes.
//
// # Alone
//
// Without an index Kafka is all there is. Every message that was stored is sent at
// least once or becomes a dead letter; there are no duplicates to it and nothing is
// superseded. A message is one record at a time. It waits in the topic of the
// longest tier that is not longer than its delay, and hops on from there, each time
// as a new copy:
//
//	  Enqueue
//	     │                ┌─────────── hop ───────────┐
//	     ▼                ▼                           │
//	┌───────────┐    ┌────────┐   ┌─────────┐   ┌─────┴──┐   ┌─────────┐
//	│ sms.ready │    │ sms.5s │◄──┤ sms.30s │◄──┤ sms.2m │◄──┤ sms.10m │◄──┐
//	│ .high .low│    └───┬────┘   └───┬─────┘   └───┬────┘   └───┬─────┘   │
//	└────┬──────┘        │            │             │            │         │
//	     └───────────────┴────────────┴──── due ────┴────────────┘         │
//	                            ▼                                          │
//	                          Claim ────────── Retry, Release ─────────────┘
//	                            │
//	             Done ◄─────────┴─────────► Bury: sms.dead ── Redrive ──► sms.ready
//
// Partitions belong to the processes of a consumer group that have [Store.Run]
// running. Each reads a window of its partitions ahead (see [WithWindow]), hands
// out what is due in any order, and commits how far it got. The metadata of a commit
// says what is finished behind the committed offset, and how often each message there
// was handed out: it is written before [Store.Claim] returns, under the generation of
// the group, so that a process that was taken for dead can't claim or finish
// anything. When a generation ends, because a process came, went or was silent for
// too long, all its claims are lost ([smsfailover.ErrLost]), and what was not
// finished comes again at once, with its Claims.
//
// All topics have the same number of partitions, and a message keeps its number, so
// that one process sees all copies of it. Copies carry a random lineage and a
// sequence number: the newest counts.
//
// # With an index
//
// Duplicates and superseded messages need to know every message by its number, its
// Args and its IdemKey, which a log can't. The index, another [smsfailover.Store] such
// as that of package sqlstore, can. It holds every message, and what waits for its
// time waits there, where a newer one finds it; so do the dead. Kafka carries what is
// due to the workers: to claim is an update by ID then, no search that all workers
// contend for. No more goes there than is read soon (see [WithWindow]): a backlog waits
// in the index too.
//
//	          ┌───────── Claim all that is due ──────► sms.ready
//	          │                                        .high .low
//	Enqueue ──► index ◄── still as it was? ── Extend ──────┤
//	   │      ▲   ▲                                        ▼
//	   │      │   └──── no longer: Release ◄──────────── Claim ──► worker
//	   │      │                                            ▲         │
//	   │      └─────────── Done, Retry, Release, Bury ─────┼─────────┘
//	   └── newer or duplicate ──► sms.changed ─────────────┘
//
// The index holds what is in Kafka under a lease and a token that the copy there
// carries: a copy whose token isn't current any more is nothing. Claim turns that into
// the worker's lease under the same token. So claims are the index's: they end with
// their leases, whatever becomes of the group or of this process, and any Store
// reports on them.
//
// Where a newer message comes, or a duplicate changes NotAfter, Enqueue writes that to
// sms.changed before it returns; Claim reads that topic to its end first, and gives
// back to the index what it finds changed. So a message that was superseded before it
// was handed out never is.
//
// # When a process dies
//
// No message is lost. Where it may come twice:
//
//	it dies                               alone                         with an index
//	in Enqueue                            it may be stored              the index has all or none
//	  before sms.changed has it           -                             the older one may go out, then the newer
//	  before Kafka has it                 -                             another process writes it there
//	when the index was asked for it,
//	  before it is in Kafka               -                             WithHold later it is written
//	after the commit of a claim           comes again, Claims + 1       when the lease ends, Claims + 1
//	after the send, before Done           SENT TWICE                    SENT TWICE
//	after Done                            never again                   the copy was finished before
//	in Retry, Release or a hop, when
//	  only the new copy is written        that counts                   the index has one of them
//	in Bury, before the old offset        DEAD AND ALIVE                the index has one of them
//	in Redrive, before the tombstone      DEAD AND ALIVE                the index has one of them
//
// A broker's answer that is lost is dealt with likewise: what may have been written is
// written again, and known by its lineage, or by its token. Alone, that holds while
// both copies lie within what the owner has read or has lately finished.
//
// # Limits
//
//   - Order and Priority hold within what a process has read. Bands of Priority have
//     topics of their own, so that urgent messages need not wait for a backlog.
//   - Alone, a process that comes or goes ends all claims of the group: what is being
//     sent just then is sent twice.
//   - Brokers delete what nobody has read for [WithRetention]. Alone, it is lost; see
//     [ErrDeleted].
//   - With an index that isn't durable nothing is. What the index has lost is not sent,
//     though Kafka has it.
//   - Records hold numbers and Args; the Kafka key is a hash. Seal the Args with a
//     [smsfailover.Sealer], and keep the topics to yourself.
//   - Times go by the brokers' clock, so those of the processes may differ; see
//     [Store.CreateTopics].
//
// The tiers are those of Uber's non-blocking retries ("Building Reliable Reprocessing
// and Dead Letter Queues with Apache Kafka", 2018).
package kafkastore
