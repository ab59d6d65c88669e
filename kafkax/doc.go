// Package kafkax shows what kafka-go clients do, as Prometheus metrics that are
// true: what became of every message, how long it took, and how far behind
// consumers are.
//
//	metrics, err := kafkax.New()
//	...
//	prometheus.MustRegister(metrics)
//	writer, err := metrics.Writer("likes", &kafka.Writer{Addr: brokers, Topic: "likes", RequiredAcks: kafka.RequireAll})
//	reader, err := metrics.Reader("counter", kafka.NewReader(config))
//	...
//	err = writer.WriteMessages(ctx, kafka.Message{Value: like})
//	err = reader.Process(ctx, count) // fetch, handle, record, commit
//
// # Which one
//
//   - [WriterCollector] and [ReaderCollector] for a client that nobody may touch:
//     register one and you have what the client counts by itself.
//   - [Metrics] for many clients, which may come and go. [Metrics.Writer] and
//     [Metrics.Reader] wrap a client and see each message: outcome, latency, size,
//     offsets, processing. [Metrics.ObserveWriter] and [Metrics.ObserveReader] wrap
//     nothing and see what the client counts.
//   - [Reader.Process] for one message after the other, all partitions in one row: a
//     slow one holds up the others. For work on many at once, run several readers in
//     the group, or fetch, do and commit in a loop of your own.
//   - [LagCollector] for the lag of consumer groups, whoever runs them, in messages
//     and in seconds.
//   - [WriteAlertRules], [WriteDashboard] and [WriteGrafanaAlerts] for what to do
//     with the metrics; METRICS.md and [Catalog] list them.
//
// # Shutdown
//
// A client that goes is ended in this order: cancel the context of
// [Reader.Process], wait for it to return, [Reader.Close] or [Writer.Close], and
// Remove if the process goes on. Closed first, a reader can't commit the message in
// hand, and it comes again; removed first, a client counts its last messages into
// nothing.
//
// Handlers get the context of Process, which they may give up at. One that shall
// finish what it has begun works under context.WithoutCancel of it, with a timeout of
// its own: Process waits for it, and commits its message.
//
// # What Stats can't tell
//
// A client's Stats method takes away what it returns, so that two callers share
// its counts between them. This package asks each client in one place of the
// process and adds up, so that any number of collectors, registries and scrapers
// show the same, exact totals. The program must leave Stats alone: [Writer.Stats]
// and [Reader.Stats] are for it, and rob nobody.
//
// What it counts are attempts, not messages: a message that is sent three times
// counts three times, and one that is refused before it is sent counts nowhere.
// Errors that the program gets are not among its errors, and the lag of a group
// is that of whichever partition was fetched last. Such figures come from the
// wrapped clients and from the lag collector only.
//
// # Series
//
// Units are seconds and bytes. There are no averages: divide a sum by a count.
// Series with a fixed set of results exist at 0 before anything happens, so that
// the first failure is an increase; those of topics that a client's settings don't
// name, as of a writer whose messages do, exist from the first message on, and those
// by reason, code or source from the first of their kind. The number of topics with
// series of their own is limited, see [WithTopicLimit]. Clients with equal labels
// show one series. A scrape never talks to a broker and never fails.
//
// # Settings of kafka-go to know
//
// A kafka.Writer made as a literal has RequiredAcks: none, and nobody knows what
// became of its messages; set kafka.RequireAll. Its BatchTimeout is one second,
// which a lone message waits for. A topic is made on first use only if both the
// broker and AllowAutoTopicCreation allow it.
//
// Everything here is safe for concurrent use. Only [LagCollector.Run] and
// [Reader.Process] go on, until their context ends; nothing else starts anything.
package kafkax
